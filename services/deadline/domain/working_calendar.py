"""Which days are worked: weekends, holidays, and the days a decree has swapped."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
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

    def working_days(self) -> list[date]:
        """Every working day the calendar knows, in order."""
        days = (self.last_on - self.first_on).days + 1
        every_day = (self.first_on + offset * ONE_DAY for offset in range(days))
        return [on for on in every_day if self.is_working_day(on)]
