"""What a log tells line by line is what the same moves tell one request at a time."""

from datetime import datetime
from typing import Any

import asyncpg
import orjson
import pytest

from services.intake.tests.entrypoints.test_bulk import send
from services.intake.tests.town import NEIGHBOUR, PROCEDURE, Town
from shared.clock import VirtualClock

AT = "2026-11-13T09:00:00+07:00"
# The line's verb, the route, and what both say besides.
LIVES: list[list[tuple[str, str, dict[str, Any]]]] = [
    [("accept", "acceptance", {}), ("resolve", "resolution", {}), ("return", "return", {})],
    [("refuse", "refusal", {"reason": "Không thuộc thẩm quyền"})],
    [
        ("request_supplement", "supplement-requests", {"reason": "Thiếu bản chính"}),
        ("supplement", "supplements", {}),
        ("accept", "acceptance", {}),
        ("transfer", "transfers", {"to_agency": NEIGHBOUR}),
    ],
    [("accept", "acceptance", {}), ("withdraw", "withdrawal", {})],
    [("accept", "acceptance", {}), ("stop", "stop", {"reason": "Lý do"})],
]


async def told(pool: asyncpg.Pool, code: str) -> list[tuple[Any, ...]]:
    """All that was said of a dossier, but its code; and where it is."""
    rows = await pool.fetch(
        "select sequence, type, time, body from outbox where subject = $1 order by id", code
    )
    bodies = [{**orjson.loads(row["body"]), "dossier": None} for row in rows]
    state = await pool.fetchrow(
        """select state, agency, receiving_agency, received_at, complete_at, leg
           from dossiers where code = $1""",
        code,
    )
    assert state is not None
    said = [(row["sequence"], row["type"], row["time"]) for row in rows]
    return [*zip(said, bodies, strict=True), tuple(state)]


@pytest.mark.parametrize("life", LIVES)
async def test_the_bulk_and_the_single_path_agree(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock, life: list[tuple[str, str, dict[str, Any]]]
) -> None:
    submission = {
        "procedure": PROCEDURE,
        "channel": "online",
        "applicant": {"name": "Không nêu tên"},
    }
    instants = [f"2026-11-13T09:{minute:02}:00+07:00" for minute in range(1, len(life) + 1)]
    # One caller for both: who acts is told as well.
    single = await town.code(headers=town.system, **submission)
    for (_, path, says), at in zip(life, instants, strict=True):
        await clock.set(datetime.fromisoformat(at))
        answer = await town.move(single, path, says, town.system)
        assert answer.status_code == 200, answer.text
    log = [
        {"do": "submit", "at": AT, "is_complete": True, **submission},
        *({"do": do, "at": at, **says} for (do, _, says), at in zip(life, instants, strict=True)),
    ]
    found = await send(town, *({**line, "reference": "A-1"} for line in log))
    assert all(verdict["ok"] for verdict in found), found
    assert found[0]["code"] != single
    assert await told(pool, found[0]["code"]) == await told(pool, single)
