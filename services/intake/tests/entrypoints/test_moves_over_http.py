"""A dossier's life over HTTP, against real PostgreSQL: every move, and who sees it."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from services.intake.tests.town import DAY, NEIGHBOUR, UNIT, Town, events
from shared.clock import VirtualClock


async def test_a_dossiers_whole_life_over_http(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock
) -> None:
    code = await town.code(channel="online")
    steps: list[tuple[str, dict[str, Any], dict[str, str], int]] = [
        ("supplement-requests", {"reason": "Thiếu bản chính"}, town.officer, 5),
        ("supplements", {}, town.officer, 1),
        ("acceptance", {}, town.officer, 2),
        ("transfers", {"to_agency": NEIGHBOUR}, town.officer, 4),
        ("transfers", {"to_agency": UNIT}, town.neighbour, 4),
        ("resolution", {}, town.officer, 9),
        ("return", {}, town.officer, 10),
    ]
    for path, body, headers, status in steps:
        await clock.set(clock.now() + timedelta(minutes=1))
        answer = await town.move(code, path, body, headers)
        assert (answer.status_code, answer.json()["status"]) == (200, status), answer.text
    said = await events(pool, code)
    assert [(sequence, name) for sequence, name, _ in said] == [
        (1, "DossierSubmitted"),
        (2, "SupplementRequested"),
        (3, "DossierSupplemented"),
        (4, "DossierAccepted"),
        (5, "DossierTransferred"),
        (6, "DossierTransferred"),
        (7, "DossierResolved"),
        (8, "DossierReturned"),
    ]
    assert said[3][2]["complete_at"] == "2026-11-13T02:02:00Z"
    assert (said[4][2]["from_agency"], said[4][2]["agency"], said[4][2]["leg"]) == (
        UNIT,
        NEIGHBOUR,
        1,
    )
    shown = (await town.http.get(f"/dossiers/{code}", headers=town.officer)).json()
    assert (shown["receiving_agency"], shown["resolving_agency"]) == (UNIT, UNIT)
    assert [(move["verb"], move["actor_agency"]) for move in shown["moves"]][3:5] == [
        ("accept", UNIT),
        ("transfer", UNIT),
    ]
    assert shown["moves"][1]["reason"] == "Thiếu bản chính"
    assert shown["applicant"]["name"] == "Người nộp thứ nhất"


async def test_rule_27_an_illegal_move_answers_from_to_and_why(town: Town) -> None:
    code = await town.code()
    answer = await town.move(code, "return")
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["type"], problem["from"], problem["to"]) == (
        "illegal-move",
        "accepted",
        "return",
    )
    assert "resolve" in problem["why"]


async def test_rules_18_and_19_over_http(town: Town) -> None:
    code = await town.code(channel="online")
    assert (await town.move(code, "refusal", {"reason": " "})).status_code == 409
    assert (await town.move(code, "refusal")).status_code == 409
    assert (await town.move(code, "supplement-requests", {"reason": "Thiếu"})).status_code == 200
    assert (await town.move(code, "supplements")).status_code == 200
    again = {"reason": "Vẫn thiếu", "legal_basis": "Điều 19"}
    assert (await town.move(code, "supplement-requests", again)).status_code == 409
    assert (await town.move(code, "supplement-requests", again, town.head)).status_code == 200


async def test_the_same_move_at_once_happens_once(town: Town, pool: asyncpg.Pool) -> None:
    code = await town.code()
    answers = await asyncio.gather(*(town.move(code, "resolution") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    resolved = [name for _, name, _ in await events(pool, code) if name == "DossierResolved"]
    assert len(resolved) == 1


async def test_a_move_with_a_key_is_answered_again(town: Town) -> None:
    code = await town.code()
    headers = {**town.officer, "Idempotency-Key": "move-1"}
    first = await town.move(code, "resolution", headers=headers)
    again = await town.move(code, "resolution", headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await town.move(code, "return", headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "key-reused")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (f"{UNIT}-{DAY}-9999", 404),
        ("nonsense", 422),
        (f"{UNIT}-{DAY}-1", 422),
        (f"{UNIT}-261332-0001", 422),
    ],
)
async def test_a_wrong_code_is_named(town: Town, code: str, status: int) -> None:
    for answer in (
        await town.move(code, "acceptance"),
        await town.http.get(f"/dossiers/{code}", headers=town.officer),
        await town.http.get(f"/dossiers/{code}/progress"),
        await town.http.get(f"/dossiers/{code}/mau-01", headers=town.officer),
    ):
        assert answer.status_code == status
        assert code in answer.json()["detail"]


async def test_a_transfer_goes_to_an_agency_that_exists(town: Town) -> None:
    code = await town.code()
    answer = await town.move(code, "transfers", {"to_agency": "H19.99"})
    assert (answer.status_code, answer.json()["field"]) == (422, "to_agency")
    answer = await town.move(code, "transfers", {"to_agency": UNIT})
    assert answer.status_code == 409


async def test_rule_39_anonymous_look_up_returns_code_and_progress_only(town: Town) -> None:
    code = await town.code()
    answer = await town.http.get(f"/dossiers/{code}/progress")
    assert answer.json() == {"code": code, "status": 2}


async def test_inspectors_and_operators_see_the_case_without_the_person(town: Town) -> None:
    code = await town.code()
    shown = (await town.http.get(f"/dossiers/{code}", headers=town.operator)).json()
    assert shown["applicant"] is None
    assert shown["code"] == code
    assert "Người nộp" not in str(shown)


async def test_rules_15_and_16_after_a_merger_the_successor_carries_on(
    town: Town, pool: asyncpg.Pool
) -> None:
    code = await town.code()
    merged = {
        "name": "Phường Chơn Thành",
        "valid_from": "2025-07-01",
        "valid_to": "2026-11-12",
        "successor": NEIGHBOUR,
    }
    await town.http.put(f"/agencies/{UNIT}", json=merged, headers=town.operator)
    refused = await town.submit()
    assert (refused.status_code, refused.json()["field"]) == (422, "agency")
    assert NEIGHBOUR in refused.json()["rule"]
    resolved = await town.move(code, "resolution", headers=town.neighbour)
    assert (resolved.status_code, resolved.json()["agency"]) == (200, NEIGHBOUR)
    shown = (await town.http.get(f"/dossiers/{code}", headers=town.officer)).json()
    assert (shown["code"], shown["receiving_agency"]) == (code, UNIT)
    assert (shown["resolving_agency"], shown["successor"]) == (NEIGHBOUR, NEIGHBOUR)
