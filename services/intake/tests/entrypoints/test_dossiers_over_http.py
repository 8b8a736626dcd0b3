"""Dossiers over HTTP, against real PostgreSQL: the whole life, and every refusal."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from services.intake.domain.handlers import code_of
from services.intake.tests.town import DAY, FRIDAY, NEIGHBOUR, PROCEDURE, UNIT, Town
from shared.clock import VirtualClock
from shared.identity import Role


async def events(pool: asyncpg.Pool, subject: str) -> list[tuple[int, str, dict[str, Any]]]:
    rows = await pool.fetch(
        "select sequence, type, body from outbox where subject = $1 order by id", subject
    )
    return [(row["sequence"], row["type"].split(".")[2], orjson.loads(row["body"])) for row in rows]


async def test_rule_17_a_complete_counter_dossier_is_submitted_and_accepted_at_once(
    town: Town, pool: asyncpg.Pool
) -> None:
    answer = await town.submit()
    assert answer.status_code == 201
    assert answer.json() == {
        "code": f"{UNIT}-{DAY}-0001",
        "state": "accepted",
        "status": 2,
        "received_at": "2026-11-13T02:00:00+00:00",
        "appointment_at": None,
        "legal_due": None,
        "pledge_due": None,
    }
    said = await events(pool, f"{UNIT}-{DAY}-0001")
    assert [(sequence, name) for sequence, name, _ in said] == [
        (1, "DossierSubmitted"),
        (2, "DossierAccepted"),
    ]
    assert said[1][2] == {
        "dossier": f"{UNIT}-{DAY}-0001",
        "agency": UNIT,
        "status": 2,
        "handler": "subject-of-officer",
        "procedure": PROCEDURE,
        "channel": "counter",
        "received_at": "2026-11-13T02:00:00Z",
        "complete_at": "2026-11-13T02:00:00Z",
        "accepted_at": "2026-11-13T02:00:00Z",
    }


async def test_every_move_says_the_code_of_the_officer_who_made_it_and_of_nobody_else(
    town: Town, pool: asyncpg.Pool
) -> None:
    """Rule 31 names the handler; a system handles nobody's dossier."""
    code = await town.code(headers=town.system, is_complete=False)
    moves: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = (
        ("supplement-requests", {"reason": "Thiếu giấy"}, town.officer),
        ("supplements", {}, town.officer),
        ("acceptance", {}, town.officer),
        ("forwarding", {}, town.officer),
        ("transfers", {"to_agency": NEIGHBOUR}, town.head),
        ("resolution", {}, town.neighbour),
        ("return", {}, town.system),
    )
    for path, body, headers in moves:
        answer = await town.move(code, path, body, headers)
        assert answer.is_success, (path, answer.text)
    said = [(name, body["handler"]) for _, name, body in await events(pool, code)]
    assert said == [
        ("DossierSubmitted", None),
        ("SupplementRequested", "subject-of-officer"),
        ("DossierSupplemented", "subject-of-officer"),
        ("DossierAccepted", "subject-of-officer"),
        ("DossierForwarded", "subject-of-officer"),
        ("DossierTransferred", "subject-of-head_of_unit"),
        ("DossierResolved", "subject-of-officer"),
        ("DossierReturned", None),
    ]


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("5f0c1d9e-8d1c-4a5e-9f5e-0d7c0e2b1a33", "5f0c1d9e-8d1c-4a5e-9f5e-0d7c0e2b1a33"),
        ("auth|0142", "auth|0142"),
        ("can.bo@town.example", None),
        ("Cán bộ Mẫu", None),
        ("can bo", None),
        ("x" * 65, None),
    ],
)
def test_a_subject_that_could_be_a_name_or_an_address_is_not_said(
    subject: str, code: str | None
) -> None:
    assert code_of(subject, Role.OFFICER) == code
    assert code_of(subject, Role.INTEGRATOR) is None


async def test_no_event_carries_the_applicant_or_a_reason(town: Town, pool: asyncpg.Pool) -> None:
    code = await town.code()
    await town.move(code, "stop", {"reason": "Lý do riêng"})
    bodies = await pool.fetch("select body from outbox")
    assert len(bodies) > 3
    for row in bodies:
        text = row["body"].decode()
        assert "Người nộp" not in text and "0000" not in text and "Lý do" not in text


@pytest.mark.parametrize("change", [{"channel": "online"}, {"is_complete": False}])
async def test_an_online_or_incomplete_dossier_is_submitted_until_it_is_accepted(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock, change: dict[str, Any]
) -> None:
    code = await town.code(**change)
    assert [name for _, name, _ in await events(pool, code)] == ["DossierSubmitted"]
    await clock.set(FRIDAY + timedelta(hours=1))
    accepted = await town.move(code, "acceptance")
    assert (accepted.status_code, accepted.json()["status"]) == (200, 2)
    (_, (sequence, name, body)) = await events(pool, code)
    assert (sequence, name) == (2, "DossierAccepted")
    assert (body["received_at"], body["accepted_at"]) == (
        "2026-11-13T02:00:00Z",
        "2026-11-13T03:00:00Z",
    )


async def test_rule_14_fifty_at_once_get_fifty_consecutive_codes(
    town: Town, pool: asyncpg.Pool
) -> None:
    answers = await asyncio.gather(*(town.submit() for _ in range(50)))
    codes = sorted(answer.json()["code"] for answer in answers)
    assert codes == [f"{UNIT}-{DAY}-{order:04d}" for order in range(1, 51)]
    assert await pool.fetchval("select count(*) from applicants") == 50
    assert await pool.fetchval("select count(*) from moves") == 100


async def test_rule_14_the_sequence_restarts_daily_by_the_agencys_own_day(
    town: Town, clock: VirtualClock
) -> None:
    assert await town.code() == f"{UNIT}-{DAY}-0001"
    # 17:10 UTC is ten past midnight in Việt Nam.
    await clock.set(FRIDAY.replace(hour=17, minute=10))
    assert await town.code() == f"{UNIT}-261114-0001"
    assert await town.code() == f"{UNIT}-261114-0002"
    late = await town.submit(headers=town.system, received_at="2026-11-13T23:59:59+07:00")
    assert late.json()["code"] == f"{UNIT}-{DAY}-0002"


async def test_rule_14_the_10_000th_of_a_day_fails_loudly(town: Town, pool: asyncpg.Pool) -> None:
    await pool.execute(
        "insert into code_days (prefix, last_order) values ($1, 9998)", f"{UNIT}-{DAY}"
    )
    answers = await asyncio.gather(town.submit(), town.submit(), town.submit())
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refused["type"] == "day-full"
    assert f"{UNIT}-{DAY}" in refused["detail"]


async def test_rule_14_a_code_is_never_given_again_whatever_became_of_its_dossier(
    town: Town,
) -> None:
    withdrawn, refused = await town.code(channel="online"), await town.code(channel="online")
    assert (await town.move(withdrawn, "withdrawal")).status_code == 200
    assert (await town.move(refused, "refusal", {"reason": "Sai nơi"})).status_code == 200
    assert await town.code() == f"{UNIT}-{DAY}-0003"
    assert (await town.submit(procedure="9.999999")).status_code == 422
    assert await town.code() == f"{UNIT}-{DAY}-0004", "a refused request takes no number"


async def test_a_bad_one_among_many_harms_no_other(town: Town) -> None:
    answers = await asyncio.gather(
        town.submit(),
        town.submit(procedure="9.999999"),
        town.submit(),
        town.submit(applicant={"name": "a\0b"}),
        town.submit(),
    )
    assert [answer.status_code for answer in answers] == [201, 422, 201, 422, 201]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"procedure": "9.999999"}, "procedure"),
        ({"procedure": None}, "procedure"),
        ({"channel": "fax"}, "channel"),
        ({"surprise": 1}, "surprise"),
        ({"applicant": {"name": " "}}, "applicant.name"),
        ({"applicant": {"name": "a", "id_card": "1"}}, "applicant.id_card"),
        ({"documents": [{"name": "x", "copies": -1}]}, "documents.0.copies"),
        ({"language": "fr"}, "language"),
        ({"received_at": "2026-11-13T08:00:00"}, "received_at"),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, "received_at"),
        ({"received_at": "2026-11-13T02:00:01Z"}, "received_at"),
        ({"received_at": "2025-06-30T16:59:59Z"}, "agency"),
    ],
)
async def test_bad_input_names_field_value_and_rule(
    town: Town, pool: asyncpg.Pool, change: dict[str, Any], field: str
) -> None:
    answer = await town.submit(headers=town.system, **change)
    problem = answer.json()
    assert answer.status_code == 422, problem
    fault = problem["errors"][0] if "errors" in problem else problem
    assert fault["field"] == field
    assert fault["rule"]
    assert await pool.fetchval("select count(*) from dossiers") == 0
    assert await pool.fetchval("select count(*) from code_days") == 0


async def test_malformed_json_is_refused_with_its_place(town: Town) -> None:
    answer = await town.http.post(
        "/dossiers",
        content=b'{"agency": "H19.01",',
        headers={**town.officer, "Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert answer.json()["type"] == "malformed-json"


async def test_a_body_too_long_is_refused_before_it_is_read(town: Town) -> None:
    answer = await town.submit(documents=[{"name": "x" * 500}] * 2_000)
    assert answer.status_code == 413


async def test_only_a_system_may_say_when_it_received_a_dossier(town: Town) -> None:
    earlier = "2026-11-13T08:15:00+07:00"
    refused = await town.submit(received_at=earlier)
    assert (refused.status_code, refused.json()["field"]) == (422, "received_at")
    taken = await town.submit(headers=town.system, received_at=earlier)
    assert taken.json()["received_at"] == "2026-11-13T01:15:00+00:00"


async def test_the_same_key_gives_the_same_answer_and_another_body_a_problem(
    town: Town, pool: asyncpg.Pool
) -> None:
    key = {"Idempotency-Key": "slip-1"}
    first = await town.submit(asking=key)
    again = await town.submit(asking=key)
    assert (again.status_code, again.json()) == (201, first.json())
    other = await town.submit(asking=key, language="en")
    assert other.status_code == 422
    assert (other.json()["type"], other.json()["value"]) == ("key-reused", "slip-1")
    assert await pool.fetchval("select count(*) from dossiers") == 1
    foreign = await town.submit(headers=town.head, asking=key)
    assert foreign.json()["code"] != first.json()["code"], "keys belong to their caller"


async def test_the_same_key_at_the_same_moment_takes_one_dossier(
    town: Town, pool: asyncpg.Pool
) -> None:
    key = {"Idempotency-Key": "slip-1"}
    answers = await asyncio.gather(
        *(town.submit(asking=key) for _ in range(5)), town.submit(asking=key, language="en")
    )
    assert [answer.status_code for answer in answers] == [201] * 5 + [422]
    assert len({answer.json()["code"] for answer in answers[:5]}) == 1
    assert await pool.fetchval("select count(*) from dossiers") == 1


async def test_a_refused_request_does_not_use_up_its_key(town: Town) -> None:
    key = {"Idempotency-Key": "slip-1"}
    assert (await town.submit(asking=key, procedure="9.999999")).status_code == 422
    assert (await town.submit(asking=key)).status_code == 201


async def test_a_reference_sent_again_gives_the_same_code(town: Town, pool: asyncpg.Pool) -> None:
    answers = await asyncio.gather(*(town.submit(reference="A-1") for _ in range(3)))
    again = await town.submit(reference="A-1")
    assert {answer.json()["code"] for answer in (*answers, again)} == {f"{UNIT}-{DAY}-0001"}
    other = await town.submit(reference="A-1", channel="post")
    assert (other.status_code, other.json()["field"]) == (422, "reference")
    assert await pool.fetchval("select count(*) from dossiers") == 1


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
