"""Working time: one calendar with one office's hours, and the arithmetic on it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from services.deadline.domain.office_hours import MIDNIGHT, OfficeHours, OfficeHoursError, Shift
from services.deadline.domain.working_calendar import (
    ONE_DAY,
    CalendarEndsError,
    WorkingCalendar,
    working_days,
)

NO_TIME = timedelta(0)

_Span = tuple[timedelta, timedelta]
"""A shift as time since midnight."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Timetable:
    """Every working day of an office, with the working time that lies before it.

    A day is worked when the calendar works it and the office has hours on it: a Saturday shift
    takes dossiers in, but is working time only on a swapped Saturday (rule 11).
    """

    calendar: WorkingCalendar
    days: tuple[date, ...]
    spans: tuple[tuple[_Span, ...], ...]
    """The shifts of each day."""
    worked_before: tuple[timedelta, ...]
    """Working time from the calendar's start to each day's opening."""
    closings: Mapping[date, datetime]
    """When the office closes, on each day that is worked; a day that is not, is not here."""

    def is_working_day(self, on: date) -> bool:
        place = self._place(on)
        return self.days[place] == on

    def working_day_from(self, on: date) -> date:
        """`on` when it is worked, else the next working day (Civil Code art. 148.5)."""
        return self.days[self._place(on)]

    def working_day_after(self, on: date, count: int = 1) -> date:
        """The `count`-th working day after `on`, which itself is not counted."""
        place = bisect_right(self.days, on) + count - 1
        if place >= len(self.days) or on < self.calendar.first_on:
            raise CalendarEndsError(self.calendar, f"{count} working days after {on}")
        return self.days[place]

    def working_day_before(self, on: date, count: int) -> date:
        """The `count`-th working day before `on`."""
        place = bisect_left(self.days, on) - count
        if place < 0 or on > self.calendar.last_on:
            raise CalendarEndsError(self.calendar, f"{count} working days before {on}")
        return self.days[place]

    def opens(self, on: date) -> datetime:
        """When the office opens on a working day."""
        return _midnight(on) + self.spans[self._place(on)][0][0]

    def closes(self, on: date) -> datetime:
        """When the office closes on a working day."""
        return self.closings[self.days[self._place(on)]]

    def day_of(self, due: datetime) -> date:
        """The day on which a date is due: at midnight, the day whose office closes then."""
        ending = due.date() - ONE_DAY
        return ending if self.closings.get(ending) == due else due.date()

    def moment_on(self, on: date, at: time) -> datetime:
        """A time of day on a working day; when the office is shut then, its next opening of that
        day, or else its close."""
        moment = datetime.combine(on, at)
        for start, end in self.spans[self._place(on)]:
            if moment <= _midnight(on) + end:
                return max(moment, _midnight(on) + start)
        return self.closes(on)

    def is_working_time(self, at: datetime) -> bool:
        """Whether the office works at `at`; opening and closing instants belong to it."""
        return any(
            _midnight(on) + start <= at <= _midnight(on) + end
            for on in (at.date(), at.date() - ONE_DAY)
            if self.is_working_day(on)
            for start, end in self.spans[self._place(on)]
        )

    def next_working_moment(self, at: datetime) -> datetime:
        """`at` when the office works then, else the next opening."""
        if self.is_working_time(at):
            return at
        return next(start for start, end in self._shifts_from(at.date()) if start > at)

    def worked_until(self, at: datetime) -> timedelta:
        """Working time from the calendar's start to `at`."""
        on = at.date()
        place = self._place(on)
        worked = self.worked_before[place]
        if self.days[place] == on:
            since_midnight = at - _midnight(on)
            for start, end in self.spans[place]:
                if since_midnight > start:
                    worked += min(since_midnight, end) - start
        return worked

    def moment_worked(self, worked: timedelta) -> datetime:
        """The first moment by which that much was worked: a closing, not the next opening."""
        place = max(bisect_left(self.worked_before, worked) - 1, 0)
        left = worked - self.worked_before[place]
        for start, end in self.spans[place]:
            if left <= end - start:
                return _midnight(self.days[place]) + start + left
            left -= end - start
        raise CalendarEndsError(self.calendar, f"{worked} of working time")

    def add_working_time(self, at: datetime, amount: timedelta) -> datetime:
        """When `amount` of working time has passed since `at`; no other time counts."""
        if amount == NO_TIME:
            return self.next_working_moment(at)
        return self.moment_worked(self.worked_until(at) + amount)

    def _place(self, on: date) -> int:
        place = bisect_left(self.days, on)
        if place == len(self.days) or on < self.calendar.first_on:
            raise CalendarEndsError(self.calendar, on)
        return place

    def _shifts_from(self, on: date) -> Iterator[tuple[datetime, datetime]]:
        for place in range(self._place(on), len(self.days)):
            midnight = _midnight(self.days[place])
            for start, end in self.spans[place]:
                yield midnight + start, midnight + end
        raise CalendarEndsError(self.calendar, f"an opening after {on}")


@lru_cache(maxsize=256)
def timetable(calendar: WorkingCalendar, hours: OfficeHours) -> Timetable:
    """The timetable of an office. Kept: agencies with the same hours share one.

    Raises `OfficeHoursError` for hours on weekends alone: they are working time on no day.
    """
    spans_of_weekday = [tuple(map(_span, shifts)) for shifts in hours.of_weekday]
    worked = [
        (on, spans)
        for on in working_days(calendar)
        if (spans := spans_of_weekday[calendar.weekday_of_hours(on) - 1])
    ]
    if not worked:
        raise OfficeHoursError(f"no hours lie on a working day of calendar {calendar.name!r}")
    length = {spans: sum((end - start for start, end in spans), NO_TIME) for _, spans in worked}
    worked_before, total = [], NO_TIME
    for _, spans in worked:
        worked_before.append(total)
        total += length[spans]
    return Timetable(
        calendar,
        tuple(on for on, _ in worked),
        tuple(spans for _, spans in worked),
        tuple(worked_before),
        {on: _midnight(on) + spans[-1][1] for on, spans in worked},
    )


def _span(shift: Shift) -> _Span:
    end = _since_midnight(shift.closes)
    return _since_midnight(shift.opens), end or ONE_DAY


def _since_midnight(at: time) -> timedelta:
    return timedelta(
        hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond
    )


def _midnight(on: date) -> datetime:
    return datetime.combine(on, MIDNIGHT)
