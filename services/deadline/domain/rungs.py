"""The rungs of one clock: the instants at which each alarm is to ring, each once, in working time."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from operator import attrgetter
from typing import NamedTuple

from services.deadline.domain.ladder import (
    Rung,
    Share,
    WorkingDaysBefore,
    WorkingHoursBefore,
)
from services.deadline.domain.reckoning import Terms
from services.deadline.domain.working_time import NO_TIME, Timetable

LADDER = tuple(Rung)


class NextRung(NamedTuple):
    """The rung that waits, and its instant."""

    rung: Rung
    at: datetime


class Rungs(NamedTuple):
    """When each rung is to ring; None once it has rung, and where the clock has none.

    The fields bear the names of `Rung`, in its order.
    """

    at_risk: datetime | None = None
    apology: datetime | None = None
    pledge_missed: datetime | None = None
    breach: datetime | None = None
    reappointment_missed: datetime | None = None

    def next(self) -> NextRung | None:
        """The rung that rings next: the earliest, of one instant the first in the ladder."""
        waiting = [at for at in self if at is not None]
        if not waiting:
            return None
        earliest = min(waiting)
        return NextRung(LADDER[self.index(earliest)], earliest)

    def passed(self, instant: datetime) -> tuple[list["Rang"], "Rungs"]:
        """The rungs whose instants have passed, in the order in which they ring (of one instant, that
        of the ladder), and what waits on: exactly at a rung's instant is still in time."""
        rang = [
            Rang(rung, at) for rung, at in zip(LADDER, self, strict=True) if at and at < instant
        ]
        rang.sort(key=attrgetter("at"))
        if not rang:
            return rang, self
        return rang, Rungs(*(at if at is None or at >= instant else None for at in self))

    def without(self, *rungs: Rung) -> "Rungs":
        """The others."""
        return self._replace(**dict.fromkeys(rungs))


NO_RUNGS = Rungs()

HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Rang:
    """A rung that has rung: `at` is when it was to."""

    rung: Rung
    at: datetime


@dataclass(frozen=True, slots=True)
class AtRisk:
    """When to warn that a date may be missed, where that hangs on the moment of completion."""

    timetable: Timetable
    due: datetime
    due_worked: timedelta
    share: Fraction
    hours_before: datetime | None = None
    """Where the ladder says so many hours; for what was complete before."""

    def at(self, complete_at: datetime) -> datetime:
        """Local like its argument, and never outside working hours."""
        if self.hours_before is not None and complete_at < self.hours_before:
            return self.hours_before
        worked = self.timetable.worked_until(complete_at)
        span = self.due_worked - worked
        if span <= NO_TIME:
            return self.due
        share = self.share
        return self.timetable.moment_worked(worked + span * share.numerator // share.denominator)


def at_risk_of(
    terms: Terms, due: datetime, received_on: date, *, counts_days: bool
) -> datetime | AtRisk:
    """The rung `at_risk` of a date, as the unit's ladder says: days or hours before it, or after a
    share of its working time; of a limit too short for so many days or hours, after half.

    Where days are counted the day of receipt is not (Civil Code art. 147.2), so that all that are due
    then are at risk at one instant; a date on that very day hangs on the moment.
    """
    table = terms.timetable
    due_worked = table.worked_until(due)
    begun = datetime.combine(received_on, time.max)
    share, hours_before = HALF, None
    match terms.ladder.when(Rung.AT_RISK):
        case Share(own):
            share = own
        case WorkingDaysBefore(days):
            opening = _opening_before(table, due, days)
            if opening > begun:
                return opening
        case WorkingHoursBefore(hours):
            hours_before = table.moment_worked(due_worked - timedelta(hours=hours))
            if hours_before > begun:
                return hours_before
    warning = AtRisk(table, due, due_worked, share, hours_before)
    if counts_days and due_worked > table.worked_until(begun):
        return warning.at(begun)
    return warning


def apology_at(terms: Terms, received_on: date, legal_due: datetime) -> datetime | None:
    """When Mẫu 04 is demanded: working days before the due day, at opening, so that it can still
    leave one working day before expiry (NĐ 61/2018 art. 19.9; rule 23). None where the limit leaves
    no such day: of a same-day dossier the first day is the last."""
    match terms.ladder.when(Rung.APOLOGY):
        case WorkingDaysBefore(days):
            opening = _opening_before(terms.timetable, legal_due, days)
            return opening if opening.date() > received_on else None
        case _:
            return None


def _opening_before(timetable: Timetable, due: datetime, days: int) -> datetime:
    return timetable.opens(timetable.working_day_before(timetable.day_of(due), days))


def dated_rungs(legal_due: datetime | None, pledge_due: datetime | None) -> Rungs:
    """The rungs that ring once a date has passed. A pledge due with the law, or after it, has no
    rung of its own: the breach says it."""
    is_pledge_first = pledge_due is not None and (legal_due is None or pledge_due < legal_due)
    return Rungs(pledge_missed=pledge_due if is_pledge_first else None, breach=legal_due)
