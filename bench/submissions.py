"""Dossiers handed in over HTTP: what is sent, and many at once from a process of its own."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from time import perf_counter

from bench.contestant import Result, contest
from bench.requests import Connection, request
from deploy.local.stack import Stack

UNITS = tuple(f"H10.{unit:02}" for unit in range(1, 41))
"""Forty, for an agency has 9,999 codes a day."""

PROCEDURES = tuple(f"1.{number:06}" for number in range(1, 21))
CONNECTIONS = 64


def submission(agency: str, number: int) -> bytes:
    """A complete dossier, handed in at the counter with two documents."""
    return json.dumps(
        {
            "agency": agency,
            "procedure": PROCEDURES[number % len(PROCEDURES)],
            "channel": "counter",
            "is_complete": True,
            "applicant": {"name": f"Applicant {number}", "phone": f"{number:010}"},
            "documents": [
                {"name": "Tờ khai", "copies": 1},
                {"name": "Giấy chứng nhận", "copies": 2},
            ],
        },
        ensure_ascii=False,
    ).encode()


def tokens(stack: Stack) -> dict[str, str]:
    """An officer's token per unit."""
    return {unit: stack.token("officer", unit) for unit in UNITS}


async def register(stack: Stack) -> None:
    """Put the units and procedures into intake; no limit is so short that an alarm would ring."""
    token = stack.token("operator")
    connection = await Connection.open(stack.intake_url)
    for unit in UNITS:
        agency = {"name": unit, "valid_from": "2020-01-01"}
        await _put(connection, f"/agencies/{unit}", token, agency)
    for number, procedure in enumerate(PROCEDURES):
        limit = {"valid_from": "2020-01-01", "kind": "working_days", "amount": 5 + number}
        await _put(
            connection,
            f"/procedures/{procedure}",
            token,
            {"name": procedure, "limits": [limit]},
        )
    connection.close()


async def _put(connection: Connection, path: str, token: str, body: Mapping[str, object]) -> None:
    status, answer = await connection.ask(request("PUT", path, token, json.dumps(body).encode()))
    if status >= 300:
        raise RuntimeError(f"PUT {path} was answered {status}: {answer.decode()}")


@dataclass(frozen=True, slots=True)
class Errand:
    """How many dossiers to hand in, where, and the file with an officer's token per unit."""

    intake_url: str
    tokens_file: str
    count: int


def prepare(errand: Errand) -> list[bytes]:
    """Every request, whole, before the clock runs."""
    officers = json.loads(Path(errand.tokens_file).read_text())
    return [
        request("POST", "/dossiers", officers[unit], submission(unit, number))
        for number, unit in zip(range(errand.count), cycle(UNITS), strict=False)
    ]


async def hand_in(errand: Errand) -> Result:
    """Hand dossiers in over 64 connections at once."""
    prepared = prepare(errand)
    connections = [await Connection.open(errand.intake_url) for _ in range(CONNECTIONS)]
    began = perf_counter()
    await asyncio.gather(
        *(
            _one_by_one(connection, prepared[number::CONNECTIONS])
            for number, connection in enumerate(connections)
        )
    )
    return Result(errand.count, perf_counter() - began)


async def _one_by_one(connection: Connection, requests: Sequence[bytes]) -> None:
    for each in requests:
        status, answer = await connection.ask(each)
        if status != 201:
            raise RuntimeError(f"a dossier was answered {status}: {answer.decode()}")


if __name__ == "__main__":
    contest(Errand, hand_in)
