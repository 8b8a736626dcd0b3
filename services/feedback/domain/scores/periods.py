"""Days, weeks, months and quarters: a period is a range of days, its figures the sum of theirs."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    """Monday to Sunday."""
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day to the last, both included."""

    period: Period
    first_on: date
    last_on: date


def span_of(period: Period, on: date) -> Span:
    """The period that holds a day."""
    match period:
        case Period.DAY:
            return Span(period, on, on)
        case Period.WEEK:
            monday = on - timedelta(days=on.isoweekday() - 1)
            return Span(period, monday, monday + timedelta(days=6))
        case Period.MONTH:
            return _months(period, on.year, on.month, on.month)
        case Period.QUARTER:
            first = on.month - (on.month - 1) % 3
            return _months(period, on.year, first, first + 2)


def _months(period: Period, year: int, first: int, last: int) -> Span:
    return Span(period, date(year, first, 1), date(year, last, monthrange(year, last)[1]))
