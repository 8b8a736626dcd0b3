"""A whole log over HTTP: a verdict per line, in order; a bad line harms no other."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from services.intake.entrypoints import bulk
from services.intake.tests.town import DAY, NEIGHBOUR, PROCEDURE, UNIT, Town


def submit(reference: str, **changes: Any) -> dict[str, Any]:
    return {
        "do": "submit",
        "at": "2026-11-13T08:00:00+07:00",
        "reference": reference,
        "procedure": PROCEDURE,
        "channel": "counter",
        "is_complete": True,
        "applicant": {"name": "Không nêu tên"},
        **changes,
    }


def move(do: str, reference: str, minutes: int, **changes: Any) -> dict[str, Any]:
    at = f"2026-11-13T08:{minutes:02d}:00+07:00"
    return {"do": do, "reference": reference, "at": at, **changes}


async def send(
    town: Town, *lines: dict[str, Any] | bytes, headers: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    content = b"\n".join(x if isinstance(x, bytes) else orjson.dumps(x) for x in lines)
    answer = await town.http.post("/bulk", content=content, headers=headers or town.system)
    return verdicts(answer)


def verdicts(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [orjson.loads(line) for line in answer.content.splitlines()]


async def test_a_log_is_taken_line_by_line(town: Town, pool: asyncpg.Pool) -> None:
    found = await send(
        town,
        submit("A-1"),
        submit("A-2", channel="online"),
        move("resolve", "A-1", 30),
        move("accept", "A-2", 5),
        move("transfer", "A-2", 6, to_agency=NEIGHBOUR),
        move("return", "A-1", 40),
    )
    first, second = f"{UNIT}-{DAY}-0001", f"{UNIT}-{DAY}-0002"
    assert [(one["line"], one["ok"], one["code"], one["status"]) for one in found] == [
        (1, True, first, 2),
        (2, True, second, 1),
        (3, True, first, 9),
        (4, True, second, 2),
        (5, True, second, 4),
        (6, True, first, 10),
    ]
    rows = await pool.fetch(
        "select sequence, type, time from outbox where subject = $1 order by id", first
    )
    assert [(row["sequence"], row["type"].split(".")[2]) for row in rows] == [
        (1, "DossierSubmitted"),
        (2, "DossierAccepted"),
        (3, "DossierResolved"),
        (4, "DossierReturned"),
    ]
    assert rows[2]["time"].isoformat() == "2026-11-13T01:30:00+00:00"


async def test_a_bad_line_harms_no_other_and_says_what_and_where(
    town: Town, pool: asyncpg.Pool
) -> None:
    found = await send(
        town,
        submit("A-1"),
        b"{not json",
        submit("A-2", procedure="9.999999"),
        submit("A-3", surprise=1),
        {"do": "dance"},
        submit("A-4", at="2026-11-13T09:00:01+07:00"),
        move("resolve", "A-9", 1),
        move("return", "A-1", 1),
        {"do": "resolve", "code": "nonsense"},
        {"do": "resolve"},
        submit("A-5", agency=NEIGHBOUR),
        b'"' + b"x" * 70_000 + b'"',
        submit("A-6", applicant={"name": "a\0b"}),
        submit("A-7"),
    )
    assert [one["ok"] for one in found] == [True, *[False] * 12, True]
    assert [one["line"] for one in found] == list(range(1, 15))
    problems = [one["problem"] for one in found[1:13]]
    assert [problem["status"] for problem in problems] == [
        *(422, 422, 422, 422, 422, 404, 409, 422, 422, 403, 422, 422),
    ]
    assert problems[1]["field"] == "procedure"
    assert problems[6]["from"] == "accepted"
    assert found[13]["code"] == f"{UNIT}-{DAY}-0002"
    assert await pool.fetchval("select count(*) from dossiers") == 2


async def test_the_same_log_sent_again_changes_nothing(town: Town, pool: asyncpg.Pool) -> None:
    log = [submit("A-1"), move("resolve", "A-1", 30)]
    first = await send(town, *log)
    before = await pool.fetchval("select count(*) from outbox")
    again = await send(town, *log)
    assert again[0]["code"] == first[0]["code"]
    assert (again[0]["is_new"], again[0]["status"]) == (False, 9)
    assert again[1]["problem"]["from"] == "resolved"
    assert await pool.fetchval("select count(*) from outbox") == before


async def test_a_move_told_before_its_submission_is_refused(town: Town) -> None:
    found = await send(town, move("resolve", "A-1", 30), submit("A-1"))
    assert [one["ok"] for one in found] == [False, True]
    assert found[0]["problem"]["field"] == "reference"


async def test_a_move_told_before_what_it_follows_is_refused(town: Town) -> None:
    found = await send(
        town, submit("A-1", at="2026-11-13T08:10:00+07:00"), move("resolve", "A-1", 9)
    )
    assert found[1]["problem"]["type"] == "illegal-move"


async def test_chunks_and_parts_of_lines_make_no_difference(
    town: Town, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK_LINES", 7)
    log = b"\n\n".join(orjson.dumps(submit(f"A-{n}")) for n in range(30)) + b"\n"

    async def in_parts() -> AsyncIterator[bytes]:
        for start in range(0, len(log), 97):
            yield log[start : start + 97]

    answer = await town.http.post("/bulk", content=in_parts(), headers=town.system)
    found = verdicts(answer)
    assert [one["code"] for one in found] == [f"{UNIT}-{DAY}-{n:04d}" for n in range(1, 31)]
    assert await pool.fetchval("select count(*) from dossiers") == 30


async def test_more_lines_than_a_request_may_have_are_refused_one_by_one(
    town: Town, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK_LINES", 2)
    monkeypatch.setattr(bulk, "MOST_LINES", 3)
    found = await send(town, *(submit(f"A-{n}") for n in range(7)))
    assert [one["ok"] for one in found] == [True, True, True, False, False, False, False]
    assert await pool.fetchval("select count(*) from dossiers") == 3


async def test_an_operator_brings_a_log_of_many_agencies(town: Town) -> None:
    found = await send(
        town,
        submit("A-1", agency=UNIT),
        submit("A-1", agency=NEIGHBOUR),
        move("resolve", "A-1", 5, agency=NEIGHBOUR),
        submit("A-2"),
        headers=town.operator,
    )
    assert [one["ok"] for one in found] == [True, True, True, False]
    assert found[2]["code"] == f"{NEIGHBOUR}-{DAY}-0001"
    assert found[3]["problem"]["field"] == "agency"


async def test_the_same_log_sent_twice_at_the_same_moment_takes_each_dossier_once(
    town: Town, pool: asyncpg.Pool
) -> None:
    log = [submit(f"A-{n}") for n in range(50)]
    one, other = await asyncio.gather(send(town, *log), send(town, *reversed(log)))
    assert [x["code"] for x in one] == [x["code"] for x in reversed(other)]
    assert await pool.fetchval("select count(*) from dossiers") == 50


async def test_an_empty_log_has_no_verdicts(town: Town) -> None:
    assert await send(town, b"\n \n") == []
