"""Which days are worked: weekends, holidays, and the days a decree has swapped."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

ONE_DAY = timedelta(days=1)


class CalendarEndsError(ValueError):
    """A day outside the years that the calendar knows."""

    def __init__(self, calendar: "WorkingCalendar", asked: object) -> None:
        super().__init__(
            f"calendar {calendar.name!r} reaches from {calendar.first_on} to "
            f"{calendar.last_on}; {asked} lies outside"
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class WorkingCalendar:
    """One country's or state's working days, from `first_on` to `last_on`.

    `version` is derived from the content, so that a deadline can say which days it was reckoned
    with (rule 12: a changed calendar is another version; it moves no date by itself).
    """

    name: str
    version: str
    first_on: date
    last_on: date
    weekend: frozenset[int]
    """ISO weekdays: 6 is Saturday."""
    days_off: frozenset[date]
    """Holidays, and working days swapped off (ngày hoán đổi). Unconfirmed days are not here."""
    stands_in_for: Mapping[date, date]
    """Worked weekend day -> the day off it was swapped for, whose hours it keeps."""

    def is_working_day(self, on: date) -> bool:
        """A swapped weekend day is a full working day; otherwise neither weekend nor holiday."""
        if on in self.stands_in_for:
            return True
        return on.isoweekday() not in self.weekend and on not in self.days_off

    def weekday_of_hours(self, on: date) -> int:
        """The ISO weekday whose office hours `on` keeps: its own, or of the day it stands in for."""
        return self.stands_in_for.get(on, on).isoweekday()

    def working_day_after(self, on: date, count: int) -> date:
        """The `count`-th working day after `on`, which itself is not counted."""
        days = working_days(self)
        place = bisect_right(days, on) + count - 1
        if place >= len(days) or on < self.first_on:
            raise CalendarEndsError(self, f"{count} working days after {on}")
        return days[place]


@lru_cache(maxsize=64)
def working_days(calendar: WorkingCalendar) -> tuple[date, ...]:
    """Every working day a calendar knows, in order."""
    days = (calendar.last_on - calendar.first_on).days + 1
    every_day = (calendar.first_on + offset * ONE_DAY for offset in range(days))
    return tuple(on for on in every_day if calendar.is_working_day(on))
