"""The calendar bugs that other systems are known for, a test each, named by project and issue."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.deadline.domain.office_hours import WEEKDAYS
from services.deadline.domain.reckoning import reckon
from services.deadline.domain.working_time import timetable
from services.deadline.tests.conftest import (
    AGENCY,
    SAME_DAY,
    THREE_DAYS,
    Deadline,
    accepted,
    agency,
    at,
    procedure,
    supplement_requested,
    supplemented,
)
from services.deadline.tests.entrypoints.conftest import Ask, token
from services.deadline.tests.offices import hours, local, terms, vietnam
from services.deadline.tests.usecases.test_recompute import REASON, WEDNESDAY, count_anew, decree
from shared.events.agencies import LadderRung
from shared.events.deadlines import AlarmRung

HEAD = token("head_of_unit", AGENCY)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


async def alarms(deadline: Deadline, code: str) -> list[AlarmRung]:
    return [event for event in await deadline.said(code) if isinstance(event, AlarmRung)]


@pytest.mark.parametrize(
    "received",
    [
        "2026-11-12 15:01",
        "2026-11-13 20:00",  # Friday evening
        "2026-11-14 09:00",  # Saturday
        "2026-11-15 00:00",  # Sunday, at midnight
        "2026-02-13 16:59:59",  # the last moment before Tết
        "2026-08-21 23:59:59",  # before a swapped Saturday
    ],
)
async def test_zammad_4432_no_alarm_rings_at_midnight_or_on_a_weekend(
    deadline: Deadline, received: str
) -> None:
    kinds = {"1.1": ("days", 1), "1.2": ("days", 5), "1.3": ("hours", 8), "1.4": ("hours", 20)}
    await deadline.hear(*(procedure(code, *limit) for code, limit in kinds.items()))
    for code in (SAME_DAY, THREE_DAYS, *kinds):
        await deadline.hear(accepted(f"D-{code}", received, code))
    await deadline.pass_to("2027-01-01 00:00")
    rang = [alarm for code in (SAME_DAY, THREE_DAYS, *kinds) for alarm in await alarms(deadline, f"D-{code}")]  # fmt: skip
    assert {alarm.rung for alarm in rang} >= {"at_risk", "apology", "breach"}
    office = terms("none").timetable
    for alarm in rang:
        rang_at = alarm.due_at.astimezone(ZONE).replace(tzinfo=None)
        assert office.is_working_time(rang_at), (alarm.code, alarm.rung, rang_at)


def test_zammad_3180_a_calendar_of_24_hours_and_7_days_is_not_closed_for_a_minute_at_midnight() -> (
    None
):
    every_day = replace(vietnam(), weekend=frozenset(), days_off=frozenset(), stands_in_for={})
    table = timetable(every_day, hours(**dict.fromkeys(WEEKDAYS, ("00:00-00:00",))))
    begin = local("2026-11-13 23:30")
    for minutes in range(1, 3 * 24 * 60):
        after = begin + timedelta(minutes=minutes)
        assert table.is_working_time(after)
        assert table.add_working_time(begin, timedelta(minutes=minutes)) == after
    assert table.worked_until(after) - table.worked_until(begin) == after - begin


def test_zammad_390_the_time_that_remains_leaves_holidays_out() -> None:
    office = terms("none").timetable
    due = local("2026-02-23 08:00")  # after Tết
    for now, remaining in (
        ("2026-02-13 16:00", timedelta(hours=2)),
        ("2026-02-13 17:00", timedelta(hours=1)),
        ("2026-02-18 10:00", timedelta(hours=1)),  # a day of Tết
        ("2026-02-23 07:30", timedelta(minutes=30)),
    ):
        assert office.worked_until(due) - office.worked_until(local(now)) == remaining
        assert office.add_working_time(local(now), remaining) == due


@pytest.mark.parametrize("weekday", WEEKDAYS[:5])
def test_osticket_6739_an_office_that_works_on_one_weekday_only_keeps_its_deadlines(
    weekday: str,
) -> None:
    office = hours(**{weekday: ("08:00-10:00",)})
    for received in range(9, 16):  # of any day of a week
        moment = local(f"2026-11-{received:02} 10:30")
        for kind, amount in (("working_days", 1), ("days", 3), ("hours", 3), ("same_day", 0)):
            due = reckon(terms(kind, amount, office=office), moment).legal_due
            assert due is not None and due > moment
            assert WEEKDAYS[due.weekday()] == weekday
            assert due - moment < timedelta(days=15)


def test_jmix_790_a_day_is_a_day_and_not_24_business_hours() -> None:
    received = local("2026-11-09 09:00")
    assert reckon(terms("days", 1), received).legal_due == local("2026-11-10 17:00")
    assert reckon(terms("working_days", 1), received).legal_due == local("2026-11-10 17:00")
    assert reckon(terms("hours", 24), received).legal_due == local("2026-11-12 09:00")


async def test_openregister_3935_after_a_calendar_edit_what_is_open_can_be_counted_anew(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await decree(deadline, WEDNESDAY)
    assert (await count_anew(deadline)).changed == 1
    clock = await deadline.clock_of("D-1")
    assert clock.dues.legal_due == at("2026-11-13 17:00")
    await deadline.pass_to("2026-11-13 17:00")
    assert "breach" not in {alarm.rung for alarm in await alarms(deadline, "D-1")}


async def supplement(deadline: Deadline, ask: Ask) -> None:
    await deadline.hear(
        supplement_requested("D-1", "2026-11-10 09:00"), supplemented("D-1", "2026-11-11 09:00")
    )


async def new_calendar(deadline: Deadline, ask: Ask) -> None:
    await decree(deadline, WEDNESDAY)
    await count_anew(deadline)


@pytest.mark.parametrize("regime", ["nd61", "qd766"])
@pytest.mark.parametrize("move", [supplement, new_calendar])
async def test_openregister_3939_a_date_that_moved_is_explained_and_the_one_before_is_kept(
    deadline: Deadline, ask: Ask, regime: str, move: Any
) -> None:
    await deadline.hear(procedure("1.5", "working_days", 3, regime))
    await deadline.hear(accepted("D-1", "2026-11-09 09:00", "1.5"))
    before = await shown(ask)
    await move(deadline, ask)
    after = await shown(ask)
    assert after["legal_due"] != before["legal_due"]
    due = as_local(after["legal_due"])
    assert due in [step["ends"] for step in after["explanation"]]
    assert all(step["vi"] and step["en"] and step["source"] for step in after["explanation"])
    assert after["original_legal_due"] == before["legal_due"]
    if move is supplement:
        assert [past["legal_due"] for past in after["past_generations"]] == [before["legal_due"]]
    else:
        (change,) = after["recomputations"]
        assert (change["reason"], change["legal_due_before"]) == (REASON, before["legal_due"])


async def test_openregister_3939_a_date_that_mau_04_moved_says_why_and_from_where(
    deadline: Deadline, ask: Ask
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    before = await shown(ask)
    says = {
        "original_appointment_at": "2026-11-12T17:00:00+07:00",
        "appointment_at": "2026-11-16T15:00:00+07:00",
        "reason": "Chờ kết quả đo đạc",
        "signer": "Trưởng bộ phận một cửa",
    }
    answer = await ask("POST", "/deadlines/D-1/reappointment", HEAD, says)
    assert answer.status_code == 200
    issued = (await shown(ask))["reappointment"]
    assert (issued["reason"], issued["original_appointment_at"]) == (
        says["reason"],
        before["appointment_at"],
    )


async def test_open_mercato_2293_every_rung_that_a_unit_registered_rings_and_calls_whom_it_says(
    deadline: Deadline,
) -> None:
    own = (
        LadderRung(rung="at_risk", calls="town", working_hours_before=1),
        LadderRung(rung="apology", calls="town", working_days_before=2),
        LadderRung(rung="pledge_missed", calls="officer"),
        LadderRung(rung="breach", calls="officer"),
    )
    await deadline.hear(agency("H10.02", same_day=(THREE_DAYS,), ladder=own))
    await deadline.hear(accepted("D-1", "2026-11-09 09:00", agency="H10.02"))
    await deadline.pass_to("2026-11-13 09:00")
    rang = {alarm.rung: (alarm.due_at, alarm.calls) for alarm in await alarms(deadline, "D-1")}
    assert rang == {
        "at_risk": (at("2026-11-09 16:00"), "town"),
        "pledge_missed": (at("2026-11-09 17:00"), "officer"),
        "apology": (at("2026-11-10 07:00"), "town"),
        "breach": (at("2026-11-12 17:00"), "officer"),
    }


async def shown(ask: Ask) -> dict[str, Any]:
    """The dossier's clock as the head of unit sees it."""
    (clock,) = [
        clock
        for clock in (await ask("GET", "/deadlines/D-1", HEAD)).json()["clocks"]
        if clock["kind"] == "dossier"
    ]
    return dict(clock)


def as_local(text: str) -> str:
    """An instant of an answer as the local time that explanations are written in."""
    return datetime.fromisoformat(text).astimezone(ZONE).replace(tzinfo=None).isoformat()
