"""When a dossier is due by law and by pledge, and why. Rules 1-11; all times are the agency's."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.deadline.domain.explanation import Step
from services.deadline.domain.promises import Limit, LimitKind
from services.deadline.domain.rules import Figures
from services.deadline.domain.working_calendar import ONE_DAY
from services.deadline.domain.working_time import Timetable

FRIDAY = 5


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What binds one dossier, all of it chosen by the day of receipt (rule 13)."""

    timetable: Timetable
    figures: Figures
    limit: Limit
    is_pledged_same_day: bool
    keeps_friday: bool


class PartOfDay(StrEnum):
    """Where in its day a dossier became complete."""

    BY_CUT_OFF = "by_cut_off"
    AFTER_CUT_OFF = "after_cut_off"
    AFTER_CLOSE = "after_close"
    """Or on a day that is not worked: nobody is there to begin."""


class Arrival(NamedTuple):
    """All that a limit in days needs to know of the moment; equal arrivals are due alike."""

    on: date
    part_of_day: PartOfDay


class Due(NamedTuple):
    """When something is due, and the steps that led there."""

    at: datetime | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The two due instants, kept apart: missing the pledge never makes a dossier overdue (rule 3)."""

    legal_due: datetime | None
    pledge_due: datetime | None
    steps: tuple[Step, ...]

    @property
    def appointment_at(self) -> datetime | None:
        """What the slip (Mẫu 01) promises: the earlier of the two."""
        return earlier(self.legal_due, self.pledge_due)


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier instant, where None is never."""
    if one is None or other is None:
        return one or other
    return min(one, other)


def reckon(terms: Terms, complete_at: datetime) -> Reckoning:
    """When a dossier that became complete at a local time is due. Raises `CalendarEndsError`."""
    arrival = arrive(terms.timetable, terms.figures.cut_off, complete_at)
    if terms.limit.kind is LimitKind.HOURS:
        return reckon_hours(terms, arrival, complete_at)
    return reckon_days(terms, arrival)


def arrive(timetable: Timetable, cut_off: time, complete_at: datetime) -> Arrival:
    """Place a moment in its day. The cut-off is strict: 15:00:00 is in time (NĐ 61/2018 art. 18)."""
    on = complete_at.date()
    closes = timetable.closings.get(on)
    if closes is None or complete_at > closes:
        return Arrival(on, PartOfDay.AFTER_CLOSE)
    if complete_at.time() > cut_off:
        return Arrival(on, PartOfDay.AFTER_CUT_OFF)
    return Arrival(on, PartOfDay.BY_CUT_OFF)


def reckon_days(terms: Terms, arrival: Arrival) -> Reckoning:
    """A limit in days, or none. The same for every dossier of the same arrival."""
    return _both(_legal_days(terms, arrival), _pledged(terms, arrival))


def reckon_hours(terms: Terms, arrival: Arrival, complete_at: datetime) -> Reckoning:
    """Hour limits run from the moment and count working time only (rule 9)."""
    amount = terms.limit.amount
    due = terms.timetable.add_working_time(complete_at, timedelta(hours=amount))
    steps = (Step("hours", complete_at, due, amount),)
    return _both(Due(due, steps), _pledged(terms, arrival))


def _both(legal: Due, pledged: Due) -> Reckoning:
    return Reckoning(legal.at, pledged.at, legal.steps + pledged.steps)


def _legal_days(terms: Terms, arrival: Arrival) -> Due:
    if terms.limit.kind is LimitKind.NONE:
        return Due(None, (Step("no_limit", arrival.on, arrival.on),))
    if terms.limit.kind is LimitKind.SAME_DAY or terms.limit.amount == 0:
        return _same_day(terms, arrival)
    if terms.limit.kind is LimitKind.WORKING_DAYS:
        return _working_days(terms, arrival.on)
    return _plain_days(terms, arrival.on)


def _same_day(terms: Terms, arrival: Arrival) -> Due:
    """A dossier received by the cut-off is due at that day's close, a later one at the next
    working day's (NĐ 61/2018 art. 18; Luật Hộ tịch; NĐ 23/2015 art. 7)."""
    timetable, on = terms.timetable, arrival.on
    if arrival.part_of_day is PartOfDay.BY_CUT_OFF:
        due = timetable.closes(on)
        return Due(due, (Step("same_day", on, due),))
    next_day = timetable.working_day_after(on)
    due = timetable.closes(next_day)
    why = _why_next_day(timetable, arrival)
    return Due(due, (Step(why, on, next_day), Step("close", next_day, due)))


def _why_next_day(timetable: Timetable, arrival: Arrival) -> str:
    if arrival.part_of_day is PartOfDay.AFTER_CUT_OFF:
        return "after_cut_off"
    return "after_close" if timetable.is_working_day(arrival.on) else "not_worked"


def _working_days(terms: Terms, on: date) -> Due:
    """The day of receipt is not counted (Civil Code art. 147.2); holidays and weekends neither. The
    country's working days count, so that an office's own days off stretch no legal limit."""
    counted_to = terms.timetable.calendar.working_day_after(on, terms.limit.amount)
    return _last_day(terms, Step("working_days", on, counted_to, terms.limit.amount), counted_to)


def _plain_days(terms: Terms, on: date) -> Due:
    """Every day counts, the day of receipt not (Civil Code art. 147.2)."""
    counted_to = on + terms.limit.amount * ONE_DAY
    return _last_day(terms, Step("days", on, counted_to, terms.limit.amount), counted_to)


def _last_day(terms: Terms, counted: Step, counted_to: date) -> Due:
    """A last day that is not worked gives way to the next working day (Civil Code art. 148.5); it
    ends when the office closes."""
    last = terms.timetable.working_day_from(counted_to)
    due = terms.timetable.closes(last)
    steps = [counted]
    if last != counted_to:
        steps.append(Step("last_day_not_worked", counted_to, last))
    return Due(due, (*steps, Step("close", last, due)))


def _pledged(terms: Terms, arrival: Arrival) -> Due:
    """The unit's own same-day list. On a Friday it holds to that day's close even after the
    cut-off: no Friday dossier is put off past the weekend ("không để ngày thứ 6 hẹn qua tuần").
    """
    if not terms.is_pledged_same_day:
        return Due(None, ())
    is_friday_after_cut_off = (
        arrival.on.isoweekday() == FRIDAY and arrival.part_of_day is PartOfDay.AFTER_CUT_OFF
    )
    if terms.keeps_friday and is_friday_after_cut_off:
        due = terms.timetable.closes(arrival.on)
        return Due(due, (Step("pledge_friday", arrival.on, due),))
    if arrival.part_of_day is PartOfDay.BY_CUT_OFF:
        due = terms.timetable.closes(arrival.on)
        return Due(due, (Step("pledge_same_day", arrival.on, due),))
    due = terms.timetable.closes(terms.timetable.working_day_after(arrival.on))
    return Due(due, (Step("pledge_next_day", arrival.on, due),))
