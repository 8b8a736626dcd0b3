"""Ratings handed in over HTTP by many at once, from a process of its own."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.contestant import Result, contest
from bench.requests import Connection

CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Errand:
    """The service's address, and a file with the tokens to rate by."""

    url: str
    tokens_file: str


def rating(token: str) -> bytes:
    """A whole request: four stars for each of the 4 luôn."""
    body = b'{"smile":4,"gentle":4,"listen":4,"help":4}'
    head = f"POST /rate/{token} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def tokens_of(file: str) -> list[str]:
    found: list[str] = json.loads(Path(file).read_text())
    return found


async def rate_all(errand: Errand) -> Result:
    prepared = [rating(token) for token in tokens_of(errand.tokens_file)]
    connections = [await Connection.open(errand.url) for _ in range(CONNECTIONS)]
    began = perf_counter()
    await asyncio.gather(
        *(
            _one_by_one(connection, prepared[number::CONNECTIONS])
            for number, connection in enumerate(connections)
        )
    )
    return Result(len(prepared), perf_counter() - began)


async def _one_by_one(connection: Connection, prepared: list[bytes]) -> None:
    for each in prepared:
        status, answer = await connection.ask(each)
        if status != 201:
            raise RuntimeError(f"a rating was answered {status}: {answer.decode()}")


if __name__ == "__main__":
    contest(Errand, rate_all)
