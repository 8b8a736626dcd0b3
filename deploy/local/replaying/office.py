"""Working days as a mapping gives them: to count what a log promised, apart from deadline's book."""

from datetime import date, datetime, time, timedelta
from functools import cache

import holidays

from deploy.local.replaying.mapping import LogMapping

ONE_DAY = timedelta(days=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Office:
    """When people work."""

    def __init__(self, mapping: LogMapping) -> None:
        wanted = mapping.limits.holidays
        self._off = holidays.country_holidays(wanted.country, subdiv=wanted.subdivision)
        self._hours = {
            WEEKDAYS.index(weekday): shifts for weekday, shifts in mapping.agencies.hours.items()
        }
        self.is_working_day = cache(self._is_working_day)
        self.working_days_between = cache(self._working_days_between)

    def _is_working_day(self, on: date) -> bool:
        return bool(self._hours.get(on.weekday())) and on not in self._off

    def closes(self, on: date) -> time:
        """When a working day ends."""
        return self._hours[on.weekday()][-1][1]

    def closes_at(self, at: datetime) -> bool:
        """Whether a working day ends at a local time."""
        return self.is_working_day(at.date()) and at.time() == self.closes(at.date())

    def is_open(self, at: datetime) -> bool:
        """Whether somebody works at a local time."""
        on = at.date()
        return self.is_working_day(on) and any(
            opens <= at.time() <= closes for opens, closes in self._hours[on.weekday()]
        )

    def first_day(self, at: datetime) -> date:
        """The first day on which what came at a local time could be worked on."""
        on = at.date()
        if self.is_working_day(on) and at.time() <= self.closes(on):
            return on
        on += ONE_DAY
        while not self.is_working_day(on):
            on += ONE_DAY
        return on

    def _working_days_between(self, first: date, last: date) -> int:
        """How many working days after `first` `last` is; negative when it is before."""
        if last < first:
            return -self._working_days_between(last, first)
        days = (last - first).days
        return sum(self.is_working_day(first + n * ONE_DAY) for n in range(1, days + 1))
