"""When a dossier is due by law and by pledge, and why. Rules 1-11; all times are the agency's."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.deadline.domain.explanation import Step
from services.deadline.domain.ladder import Ladder
from services.deadline.domain.promises import Limit
from services.deadline.domain.rules import DayEnd, Figures, LimitKind, OutsideHours
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
    ladder: Ladder


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
    begins = counts_from(terms, complete_at)
    arrival = arrive(terms.timetable, terms.figures.cut_off, begins)
    if hangs_on_the_moment(terms):
        return reckon_moment(terms, arrival, complete_at)
    return reckon_days(terms, arrival)


def counts_from(terms: Terms, complete_at: datetime) -> datetime:
    """The moment a limit counts from: the receipt itself, or the opening that follows one outside
    office hours, as the regime says."""
    if terms.figures.outside_hours is OutsideHours.NEXT_OPENING:
        return terms.timetable.next_working_moment(complete_at)
    return complete_at


def hangs_on_the_moment(terms: Terms) -> bool:
    """Whether dossiers of one arrival may be due at different moments: limits in hours, and limits
    in days of a regime that keeps the time of day."""
    if terms.limit.kind in (LimitKind.WORKING_DAYS, LimitKind.DAYS):
        return terms.figures.day_end is DayEnd.TIME_OF_DAY and terms.limit.amount > 0
    return terms.limit.kind is LimitKind.HOURS


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


def reckon_moment(terms: Terms, arrival: Arrival, complete_at: datetime) -> Reckoning:
    """A limit that hangs on the moment of completion."""
    if terms.limit.kind is LimitKind.HOURS:
        return _both(_hours(terms, complete_at), _pledged(terms, arrival))
    return _both(_days_at_their_time(terms, complete_at), _pledged(terms, arrival))


def reckon_forwarding(terms: Terms, arrival: Arrival) -> Reckoning:
    """The counter forwards a dossier the same day; one received after the cut-off at the start of the
    next working day (NĐ 61/2018 art. 18; rule 22). The same for every dossier of the same arrival."""
    timetable, on = terms.timetable, arrival.on
    if arrival.part_of_day is PartOfDay.BY_CUT_OFF:
        due = timetable.closes(on)
        return Reckoning(due, None, (Step("forward_same_day", on, due),))
    next_day = timetable.working_day_after(on)
    due = timetable.opens(next_day)
    why = Step(_why_next_day(timetable, arrival), on, next_day)
    return Reckoning(due, None, (why, Step("forward_at_opening", next_day, due)))


def _hours(terms: Terms, complete_at: datetime) -> Due:
    """Hour limits run from the moment and count working time only (rule 9)."""
    amount = terms.limit.amount
    due = terms.timetable.add_working_time(complete_at, timedelta(hours=amount))
    return Due(due, (Step("hours", complete_at, due, amount),))


def _days_at_their_time(terms: Terms, complete_at: datetime) -> Due:
    """The time of day is kept: so many days after counting began, at the same time; where the office
    does not work then, when it next does, or when it closes."""
    begins = counts_from(terms, complete_at)
    steps = [Step("next_opening", complete_at, begins)] if begins != complete_at else []
    counted, counted_to = _counted(terms, begins.date())
    last, moved = _last_day(terms, counted_to)
    due = terms.timetable.moment_on(last, begins.time())
    return Due(due, (*steps, counted, *moved, Step("time_of_day", last, due)))


def _both(legal: Due, pledged: Due) -> Reckoning:
    """A pledge adds to the law and never loosens it: where the law asks for more, it is the law's."""
    if legal.at is not None and pledged.at is not None and pledged.at > legal.at:
        pledged = Due(legal.at, (Step("pledge_after_law", pledged.at, legal.at),))
    return Reckoning(legal.at, pledged.at, legal.steps + pledged.steps)


def _legal_days(terms: Terms, arrival: Arrival) -> Due:
    if terms.limit.kind is LimitKind.NONE:
        return Due(None, (Step("no_limit", arrival.on, arrival.on),))
    if terms.limit.kind is LimitKind.SAME_DAY or terms.limit.amount == 0:
        return _same_day(terms, arrival)
    counted, counted_to = _counted(terms, arrival.on)
    last, moved = _last_day(terms, counted_to)
    due = terms.timetable.closes(last)
    return Due(due, (counted, *moved, Step("close", last, due)))


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


def _counted(terms: Terms, on: date) -> tuple[Step, date]:
    """The day of receipt is not counted (Civil Code art. 147.2). Working days are the country's, so
    that an office's own days off stretch no legal limit; of plain days every one counts."""
    amount = terms.limit.amount
    if terms.limit.kind is LimitKind.WORKING_DAYS:
        counted_to = terms.timetable.calendar.working_day_after(on, amount)
        return Step("working_days", on, counted_to, amount), counted_to
    counted_to = on + amount * ONE_DAY
    return Step("days", on, counted_to, amount), counted_to


def _last_day(terms: Terms, counted_to: date) -> tuple[date, list[Step]]:
    """A last day that is not worked gives way to the next working day (Civil Code art. 148.5)."""
    last = terms.timetable.working_day_from(counted_to)
    if last == counted_to:
        return last, []
    return last, [Step("last_day_not_worked", counted_to, last)]


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


def resume(
    terms: Terms,
    before: Reckoning,
    stopped_at: datetime,
    resumed_at: datetime,
) -> Reckoning:
    """Once a supplement has come, where its time is subtracted: the working time it was waited for
    is added to what was due (QĐ 766/QĐ-TTg: supplement time is not counted)."""
    timetable = terms.timetable
    waited = timetable.worked_until(resumed_at) - timetable.worked_until(stopped_at)

    def later(due: datetime | None) -> datetime | None:
        return due and timetable.add_working_time(due, waited)

    legal_due, pledge_due = later(before.legal_due), later(before.pledge_due)
    steps = [
        Step("supplement_subtracted", was, due)
        for was, due in ((before.legal_due, legal_due), (before.pledge_due, pledge_due))
        if was is not None and due is not None
    ]
    return Reckoning(legal_due, pledge_due, (*before.steps, *steps))
