"""Submissions over HTTP, against real PostgreSQL: what is taken, once, and every refusal."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from services.intake.domain.handlers import code_of
from services.intake.tests.town import DAY, FRIDAY, NEIGHBOUR, PROCEDURE, UNIT, Town, events
from shared.clock import VirtualClock
from shared.identity import Role


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
