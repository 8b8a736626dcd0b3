"""Offices and terms for the tests: the shipped rule book, usual hours, one procedure."""

from dataclasses import replace
from datetime import date, datetime
from functools import cache

from services.deadline.adapters.rule_book import read_rule_book
from services.deadline.domain.office_hours import OfficeHours, Shift, office_hours
from services.deadline.domain.promises import Limit
from services.deadline.domain.reckoning import Terms
from services.deadline.domain.rules import LimitKind, RuleBook
from services.deadline.domain.working_calendar import WorkingCalendar
from services.deadline.domain.working_time import timetable

TUESDAY = date(2026, 11, 24)


@cache
def rule_book() -> RuleBook:
    return read_rule_book()


def local(text: str) -> datetime:
    """A local date and time: `2026-11-13 15:01`."""
    return datetime.fromisoformat(text)


def hours(**shifts: tuple[str, ...]) -> OfficeHours:
    """`hours(monday=("07:00-11:30",))`."""
    return office_hours(
        {
            name: tuple(
                Shift(
                    *(datetime.fromisoformat(f"2000-01-01T{end}").time() for end in text.split("-"))
                )
                for text in texts
            )
            for name, texts in shifts.items()
        }
    )


def vietnam(*, confirmed: bool = False) -> WorkingCalendar:
    """The calendar of Việt Nam, with 24/11/2026 confirmed off or not."""
    calendar = rule_book().calendar("vn")
    if confirmed:
        return replace(calendar, days_off=calendar.days_off | {TUESDAY})
    return calendar


def terms(
    kind: str,
    amount: int = 0,
    *,
    pledged: bool = False,
    keeps_friday: bool = True,
    office: OfficeHours | None = None,
    calendar: WorkingCalendar | None = None,
    regime: str = "nd61",
) -> Terms:
    """Terms by today's rule book."""
    figures = rule_book().regime(regime).on(date(2026, 1, 1))
    return Terms(
        timetable=timetable(calendar or vietnam(), office or figures.default_hours),
        figures=figures,
        limit=Limit(date(2020, 1, 1), None, LimitKind(kind), amount, regime),
        is_pledged_same_day=pledged,
        keeps_friday=keeps_friday,
        ladder=figures.ladder,
    )
