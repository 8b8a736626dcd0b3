"""Working time: what is counted in it, which hours nobody can keep, what lies beyond the calendar."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from services.deadline.domain.office_hours import OfficeHoursError
from services.deadline.domain.reckoning import hangs_on_the_moment, reckon
from services.deadline.domain.rungs import AtRisk, at_risk_of
from services.deadline.domain.working_calendar import CalendarEndsError
from services.deadline.domain.working_time import Timetable, timetable
from services.deadline.tests.offices import hours, local, rule_book, terms


def test_an_office_that_works_on_one_weekday_only_keeps_its_deadlines() -> None:
    only_tuesday = hours(tuesday=("08:00-10:00",))
    received = local("2026-11-11 09:00")  # a Wednesday
    for days, due in ((2, "2026-11-17 10:00"), (4, "2026-11-17 10:00"), (5, "2026-11-24 10:00")):
        bound = terms("working_days", days, office=only_tuesday)
        assert reckon(bound, received).legal_due == local(due)
    assert reckon(terms("hours", 3, office=only_tuesday), received).legal_due == local(
        "2026-11-24 09:00"
    )


def test_working_time_stands_still_over_tet() -> None:
    due = terms("none").timetable.add_working_time(local("2026-02-13 16:00"), timedelta(hours=2))
    assert due == local("2026-02-23 08:00")


@pytest.mark.parametrize(
    ("kind", "amount", "received", "warning"),
    [
        ("working_days", 3, "2026-11-09 09:00", "2026-11-11 11:00"),  # 12 of 24 hours
        (
            "working_days",
            1,
            "2026-11-13 09:00",
            "2026-11-16 11:00",
        ),  # the day of receipt is not counted
        ("same_day", 0, "2026-11-10 07:00", "2026-11-10 11:00"),
        ("same_day", 0, "2026-11-13 20:00", "2026-11-16 11:00"),  # not on Saturday at midnight
        ("hours", 8, "2026-11-09 16:00", "2026-11-10 10:00"),
    ],
)
def test_a_date_is_at_risk_after_half_of_its_working_time(
    kind: str, amount: int, received: str, warning: str
) -> None:
    bound = terms(kind, amount)
    due = reckon(bound, local(received)).legal_due
    assert due is not None
    at = local(received)
    found = at_risk_of(bound, due, at.date(), counts_days=not hangs_on_the_moment(bound))
    assert (found.at(at) if isinstance(found, AtRisk) else found) == local(warning)


BEYOND: list[Callable[[Timetable], object]] = [
    lambda table: table.working_day_after(date(2040, 12, 30), 5),
    lambda table: table.working_day_after(date(2017, 12, 1)),
    lambda table: table.working_day_before(date(2018, 1, 2), 5),
    lambda table: table.working_day_from(date(2041, 1, 1)),
    lambda table: table.add_working_time(local("2040-12-30 09:00"), timedelta(hours=80)),
]


@pytest.mark.parametrize("ask", BEYOND)
def test_beyond_the_calendar_there_is_no_answer(ask: Callable[[Timetable], object]) -> None:
    with pytest.raises(CalendarEndsError, match="'vn' reaches from 2018-01-01 to 2040-12-31"):
        ask(terms("none").timetable)


def test_hours_on_weekends_alone_are_working_time_on_no_day() -> None:
    with pytest.raises(OfficeHoursError, match="no hours lie on a working day of calendar 'us-ma'"):
        timetable(rule_book().calendar("us-ma"), hours(saturday=("07:00-11:30",)))


@pytest.mark.parametrize(
    ("week", "mistake"),
    [
        ({"monday": ("11:30-07:00",)}, "monday: 11:30:00 to 07:00:00 ends before it starts"),
        ({"monday": ("07:00-12:00", "11:00-17:00")}, "monday: 11:00:00 lies before 12:00:00"),
        ({"monday": ("07:00-00:00", "08:00-09:00")}, "monday: .* ends before it starts"),
        ({"monday": ()}, "no weekday has hours"),
        ({"thứ_hai": ("07:00-11:30",)}, "'thứ_hai' is not a weekday"),
    ],
)
def test_hours_that_nobody_can_keep_are_refused(
    week: dict[str, tuple[str, ...]], mistake: str
) -> None:
    with pytest.raises(OfficeHoursError, match=mistake):
        hours(**week)


@pytest.mark.parametrize(
    ("opened", "days", "target_day"),
    [
        ("2015-01-01", 10, "2015-01-16"),  # New Year, a weekend: it starts on 2/1
        ("2015-03-13", 10, "2015-03-27"),  # Evacuation Day is worked
        ("2015-04-17", 1, "2015-04-21"),  # Patriots' Day is not
        ("2015-05-22", 1, "2015-05-26"),  # Memorial Day
        ("2015-06-16", 2, "2015-06-18"),  # Bunker Hill Day is worked
    ],
)
def test_massachusetts_keeps_the_days_the_city_of_boston_kept(
    opened: str, days: int, target_day: str
) -> None:
    office = hours(**dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), ("08:30-17:00",)))  # fmt: skip
    table = timetable(rule_book().calendar("us-ma"), office)
    first = table.working_day_from(date.fromisoformat(opened))
    assert table.working_day_after(first, days) == date.fromisoformat(target_day)
