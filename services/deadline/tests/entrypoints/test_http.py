"""Deadline over HTTP: who may ask, what is shown, which appointments are refused."""

from datetime import date
from typing import Any

import pytest

from services.deadline.tests.conftest import (
    AGENCY,
    SAME_DAY,
    THREE_DAYS,
    Deadline,
    accepted,
    at,
    procedure,
    resolved,
    supplement_requested,
    supplemented,
)
from services.deadline.tests.entrypoints.conftest import Ask, token
from shared.events.deadlines import (
    AlarmRung,
    AppointmentSet,
    DeadlineMissed,
    DeadlineUncomputable,
    Reappointed,
)

HEAD = token("head_of_unit", AGENCY)

MAU_04 = {
    "original_appointment_at": "2026-11-12T17:00:00+07:00",
    "appointment_at": "2026-11-16T15:00:00+07:00",
    "reason": "Chờ kết quả đo đạc",
    "signer": "Trưởng bộ phận một cửa",
}

ROUTES = [
    ("GET", "/deadlines/D-1", None),
    ("POST", "/deadlines/D-1/appointment", {"appointment_at": "2026-11-12T16:00:00+07:00"}),
    ("GET", f"/alarms?agency={AGENCY}", None),
    ("POST", "/deadlines/D-1/reappointment", MAU_04),
    ("GET", f"/lateness?agency={AGENCY}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_each_route_refuses_a_missing_expired_foreign_and_wrong_token(
    deadline: Deadline, ask: Ask, method: str, path: str, body: Any
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    expired = token("head_of_unit", AGENCY, expires="2026-11-09 07:59")
    foreign = token("head_of_unit", "H10.02")
    assert (await ask(method, path, None, body)).status_code == 401
    assert (await ask(method, path, expired, body)).status_code == 401
    refused = await ask(method, path, foreign, body)
    assert (refused.status_code, refused.json()["type"]) == (403, "foreign-agency")
    assert (await ask(method, path, HEAD, body)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "role"),
    [
        (*ROUTES[1], "officer"),
        (*ROUTES[1], "operator"),
        (*ROUTES[2], "officer"),
        (*ROUTES[3], "officer"),
        (*ROUTES[3], "inspector"),
        (*ROUTES[4], "officer"),
    ],
)
async def test_a_wrong_role_is_refused(
    deadline: Deadline, ask: Ask, method: str, path: str, body: Any, role: str
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    agency = AGENCY if role == "officer" else None
    refused = await ask(method, path, token(role, agency), body)
    assert (refused.status_code, refused.json()["type"]) == (403, "wrong-role")


async def test_a_deadline_is_shown_with_its_explanation_its_past_and_its_alarms(
    deadline: Deadline, ask: Ask
) -> None:
    await deadline.hear(
        accepted("D-1", "2026-11-09 09:00"),
        supplement_requested("D-1", "2026-11-10 09:00"),
        supplemented("D-1", "2026-11-16 09:00"),
    )
    await deadline.pass_to("2026-11-20 09:00")
    answer = await ask("GET", "/deadlines/D-1", token("officer", AGENCY))
    assert answer.status_code == 200
    clock, supplement = answer.json()["clocks"]
    assert (supplement["kind"], supplement["state"]) == ("appraisal_supplement", "met")
    assert (clock["state"], clock["generation"]) == ("breached", 2)
    assert clock["legal_due"] == "2026-11-19T10:00:00Z"
    assert clock["original_legal_due"] == "2026-11-12T10:00:00Z"
    assert [step["rule"] for step in clock["explanation"]] == ["working_days", "close"]
    assert "3 ngày làm việc" in clock["explanation"][0]["vi"]
    assert [past["legal_due"] for past in clock["past_generations"]] == ["2026-11-12T10:00:00Z"]
    assert [alarm["rung"] for alarm in clock["alarms"]] == ["apology", "at_risk", "breach"]


async def test_an_unknown_code_is_not_found(ask: Ask) -> None:
    for method, path, body in (ROUTES[0], ROUTES[1], ROUTES[3]):
        missing = await ask(method, path, HEAD, body)
        assert (missing.status_code, missing.json()["code"]) == (404, "D-1")


async def test_a_lawful_appointment_is_set_and_said(deadline: Deadline, ask: Ask) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    answer = await ask(*ROUTES[1][:2], HEAD, {"appointment_at": "2026-11-11T15:30:00+07:00"})
    assert answer.status_code == 200
    said = await deadline.the(AppointmentSet, "D-1")
    assert said.appointment_at == at("2026-11-11 15:30")
    clock = await deadline.clock_of("D-1")
    assert clock.appointment_at == at("2026-11-11 15:30")
    assert clock.dues.legal_due == at("2026-11-12 17:00")  # rule 25: what is due stays


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ("2026-11-12T17:00:01+07:00", "later than law or pledge allow"),
        ("2026-11-11T12:00:00+07:00", "the office is closed then"),
        ("2026-11-09T07:59:00+07:00", "before the next office hours"),
    ],
)
async def test_an_unlawful_appointment_is_refused_with_the_earliest_and_latest_lawful(
    deadline: Deadline, ask: Ask, asked: str, rule: str
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 07:30"))
    refused = await ask(*ROUTES[1][:2], HEAD, {"appointment_at": asked})
    problem = refused.json()
    assert refused.status_code == 422 and rule in problem["rule"]
    assert problem["earliest_lawful"] == "2026-11-09T08:00:00+07:00"
    assert problem["latest_lawful"] == "2026-11-12T17:00:00+07:00"
    assert (await deadline.clock_of("D-1")).appointment_at == at("2026-11-12 17:00")


async def test_an_appointment_lawful_but_later_than_pledged_is_refused(
    deadline: Deadline, ask: Ask
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-13 15:01", SAME_DAY))
    refused = await ask(*ROUTES[1][:2], HEAD, {"appointment_at": "2026-11-16T08:00:00+07:00"})
    assert refused.json()["latest_lawful"] == "2026-11-13T17:00:00+07:00"


async def test_a_clock_that_has_ended_takes_no_appointment(deadline: Deadline, ask: Ask) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 07:30"), resolved("D-1", "2026-11-09 07:45"))
    refused = await ask(*ROUTES[1][:2], HEAD, ROUTES[1][2])
    assert (refused.status_code, refused.json()["type"]) == (409, "illegal-move")


async def test_an_appointment_without_an_offset_names_field_and_rule(
    deadline: Deadline, ask: Ask
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 07:30"))
    refused = await ask(*ROUTES[1][:2], HEAD, {"appointment_at": "2026-11-11T15:30:00"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "appointment_at"


async def test_alarms_are_listed_from_an_instant_on_for_the_own_agency(
    deadline: Deadline, ask: Ask
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pass_to("2026-11-13 09:00")
    every = (await ask("GET", "/alarms", HEAD)).json()["alarms"]
    assert [alarm["rung"] for alarm in every] == ["apology", "at_risk", "breach"]
    since = "/alarms?since=2026-11-12T00:00:00%2B07:00"
    later = (await ask("GET", since, token("inspector"))).json()["alarms"]
    assert [alarm["rung"] for alarm in later] == ["breach"]
    elsewhere = await ask("GET", "/alarms?agency=H10.02", token("operator"))
    assert elsewhere.json() == {"alarms": [], "uncomputable": []}


REAPPOINT = "/deadlines/D-1/reappointment"


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"reason": "  "}, "reason", "bears the reason"),
        ({"signer": ""}, "signer", "who signs it"),
        (
            {"original_appointment_at": "2026-11-12T16:59:00+07:00"},
            "original_appointment_at",
            "the date given was 2026-11-12T10:00:00",
        ),
        ({"appointment_at": "2026-11-12T17:00:00+07:00"}, "appointment_at", "later than the orig"),
        ({"appointment_at": "2026-11-14T15:00:00+07:00"}, "appointment_at", "closed then"),
    ],
)
async def test_rule_24_mau_04_lacking_reason_date_or_signer_is_refused(
    deadline: Deadline, ask: Ask, change: dict[str, str], field: str, rule: str
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 07:30"))
    refused = await ask("POST", REAPPOINT, HEAD, {**MAU_04, **change})
    problem = refused.json()
    assert (refused.status_code, problem["field"]) == (422, field)
    assert rule in problem["rule"] and problem["value"] is not None
    assert (await deadline.clock_of("D-1")).reappointed_at is None
    assert await deadline.pool.fetchval("select count(*) from reappointments") == 0


@pytest.mark.parametrize("missing", MAU_04)
async def test_rule_24_mau_04_without_a_field_is_refused_naming_it(
    deadline: Deadline, ask: Ask, missing: str
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 07:30"))
    body = {name: value for name, value in MAU_04.items() if name != missing}
    refused = await ask("POST", REAPPOINT, HEAD, body)
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == missing


async def test_rule_24_a_second_reappointment_is_refused(deadline: Deadline, ask: Ask) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 07:30"))
    assert (await ask("POST", REAPPOINT, HEAD, MAU_04)).status_code == 200
    again = {
        **MAU_04,
        "original_appointment_at": MAU_04["appointment_at"],
        "appointment_at": "2026-11-20T15:00:00+07:00",
    }
    refused = await ask("POST", REAPPOINT, HEAD, again)
    assert (refused.status_code, refused.json()["type"]) == (409, "illegal-move")
    assert "moved once already" in refused.json()["detail"]
    chosen = await ask(*ROUTES[1][:2], HEAD, ROUTES[1][2])
    assert chosen.status_code == 409 and "Mẫu 04" in chosen.json()["detail"]


async def test_rule_25_a_reappointment_moves_the_date_shown_and_the_original_due_still_judges(
    deadline: Deadline, ask: Ask
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    answer = await ask("POST", REAPPOINT, HEAD, MAU_04)
    assert (answer.status_code, answer.json()["legal_due"]) == (200, "2026-11-12T10:00:00Z")
    said = await deadline.the(Reappointed, "D-1")
    assert (said.original_appointment_at, said.appointment_at) == (
        at("2026-11-12 17:00"),
        at("2026-11-16 15:00"),
    )
    shown = (await ask("GET", "/deadlines/D-1", HEAD)).json()["clocks"][0]
    assert shown["appointment_at"] == "2026-11-16T08:00:00Z"
    assert shown["legal_due"] == "2026-11-12T10:00:00Z"
    assert shown["reappointment"]["reason"] == MAU_04["reason"]
    await deadline.hear(resolved("D-1", "2026-11-16 10:00"))  # by the new date, and late
    assert (await deadline.the(DeadlineMissed, "D-1")).legal_due == at("2026-11-12 17:00")


async def test_once_reappointed_no_apology_is_demanded_and_the_new_date_has_its_alarm(
    deadline: Deadline, ask: Ask
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await ask("POST", REAPPOINT, HEAD, MAU_04)
    await deadline.pass_to("2026-11-17 09:00")
    rang = [event for event in await deadline.said("D-1") if isinstance(event, AlarmRung)]
    assert [(alarm.rung, alarm.due_at) for alarm in rang] == [
        ("at_risk", at("2026-11-11 11:00")),
        ("breach", at("2026-11-12 17:00")),
        ("reappointment_missed", at("2026-11-16 15:00")),
    ]


async def test_an_overdue_dossier_may_still_be_given_its_new_date(
    deadline: Deadline, ask: Ask
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pass_to("2026-11-13 09:00")
    assert (await ask("POST", REAPPOINT, HEAD, MAU_04)).status_code == 200
    await deadline.pass_to("2026-11-16 10:00")
    late = {**MAU_04, "appointment_at": "2026-11-16T09:00:00+07:00"}
    await deadline.hear(accepted("D-2", "2026-11-09 09:00"))
    refused = await ask("POST", "/deadlines/D-2/reappointment", HEAD, late)
    assert refused.status_code == 422 and refused.json()["rule"] == "the new date lies ahead"


async def test_a_reason_never_leaves_deadline(deadline: Deadline, ask: Ask) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await ask("POST", REAPPOINT, HEAD, MAU_04)
    bodies = await deadline.pool.fetch("select body::text as body from outbox")
    assert all("đo đạc" not in row["body"] for row in bodies)


async def test_what_cannot_be_computed_is_set_aside_and_somebody_is_called_once(
    deadline: Deadline, ask: Ask
) -> None:
    early = accepted("D-1", "2015-11-10 09:00")
    for _ in range(2):
        (refusal,) = await deadline.hear(early)
        assert "has no limit in force on 2015-11-10" in refusal.reason
    said = await deadline.the(DeadlineUncomputable, "D-1")
    assert (said.cause, said.agency, said.generation) == ("no_rule", AGENCY, 1)
    (shown,) = (await ask("GET", "/alarms", HEAD)).json()["uncomputable"]
    assert (shown["code"], shown["kind"]) == ("D-1", "dossier")
    assert shown["why"] == refusal.reason
    earlier = procedure(THREE_DAYS, "working_days", 3)
    limits = tuple(
        limit.model_copy(update={"valid_from": date(2010, 1, 1)}) for limit in earlier.limits
    )
    await deadline.hear(earlier.model_copy(update={"limits": limits}))
    (still,) = await deadline.hear(early)
    assert "calendar 'vn' reaches" in still.reason  # mended, and another thing stands in the way


async def test_a_supplement_that_cannot_be_computed_leaves_the_clock_stopped_and_is_shown(
    deadline: Deadline, ask: Ask
) -> None:
    await deadline.hear(
        accepted("D-1", "2026-11-09 09:00"), supplement_requested("D-1", "2026-11-10 09:00")
    )
    (refusal,) = await deadline.hear(supplemented("D-1", "2041-01-10 09:00"))
    assert "calendar 'vn' reaches" in refusal.reason
    said = await deadline.the(DeadlineUncomputable, "D-1")
    assert (said.cause, said.generation) == ("calendar_ends", 2)
    assert await deadline.hear(supplemented("D-1", "2026-11-16 09:00")) == []
    assert (await ask("GET", "/alarms", HEAD)).json()["uncomputable"] == []


async def test_overdue_and_out_of_sync_are_counted_per_unit_by_the_day_they_were_due(
    deadline: Deadline, ask: Ask
) -> None:
    await deadline.hear(*(accepted(f"D-{n}", "2026-11-09 09:00") for n in range(4)))
    await deadline.hear(accepted("D-9", "2026-11-10 09:00"))
    await deadline.pass_to("2026-11-14 09:00")
    await deadline.hear(
        resolved("D-0", "2026-11-12 16:00"),  # in time, heard of too late
        resolved("D-1", "2026-11-13 16:00"),  # late indeed
        resolved("D-9", "2026-11-13 16:00"),
    )
    await deadline.hear(resolved("D-2", "2026-11-13 09:00"))
    counts = {"agency": AGENCY, "kind": "dossier", "recomputed": 0}
    every = await ask("GET", "/lateness", HEAD)
    assert every.json() == [{**counts, "called": 5, "out_of_sync": 2, "overdue": 3}]
    thursday = await ask("GET", "/lateness?first_on=2026-11-12&last_on=2026-11-12", HEAD)
    assert thursday.json() == [{**counts, "called": 4, "out_of_sync": 1, "overdue": 3}]
    later = await ask("GET", "/lateness?first_on=2026-11-14", token("operator"))
    assert later.json() == []
