"""The rungs of one clock: the instants at which each alarm is to ring, each once, in working time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from services.deadline.domain.ladder import (
    Rung,
    Share,
    When,
    WorkingDaysBefore,
    WorkingHoursBefore,
)
from services.deadline.domain.reckoning import Terms
from services.deadline.domain.working_time import NO_TIME, Timetable


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
        earliest: NextRung | None = None
        for rung, at in zip(Rung, self, strict=True):
            if at is not None and (earliest is None or at < earliest.at):
                earliest = NextRung(rung, at)
        return earliest

    def without(self, *rungs: Rung) -> "Rungs":
        """The others."""
        return self._replace(**dict.fromkeys(rungs))


NO_RUNGS = Rungs()

HALF = Share(Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class Rang:
    """A rung that has rung: `at` is when it was to."""

    rung: Rung
    at: datetime


def at_risk_at(terms: Terms, complete_at: datetime, due: datetime) -> datetime:
    """When to warn that a date may be missed, local like its arguments; never outside working hours.

    As the unit's ladder says. Where the limit is too short for so many days or hours before due,
    after half of its working time.
    """
    when = terms.ladder.when(Rung.AT_RISK)
    found = when and _before(terms.timetable, when, complete_at, due)
    return found or _after_share(terms.timetable, HALF, complete_at, due)


def apology_at(terms: Terms, complete_at: datetime, legal_due: datetime) -> datetime | None:
    """When Mẫu 04 is demanded: working days before the due day, at opening, so that it can still
    leave one working day before expiry (NĐ 61/2018 art. 19.9; rule 23). None where the limit leaves
    no such day: of a same-day dossier the first day is the last."""
    when = terms.ladder.when(Rung.APOLOGY)
    return None if when is None else _before(terms.timetable, when, complete_at, legal_due)


def _before(
    timetable: Timetable, when: When, complete_at: datetime, due: datetime
) -> datetime | None:
    match when:
        case Share():
            return _after_share(timetable, when, complete_at, due)
        case WorkingDaysBefore(days):
            day = timetable.working_day_before(due.date(), days)
            return timetable.opens(day) if day > complete_at.date() else None
        case WorkingHoursBefore(hours):
            worked = timetable.worked_until(due) - timedelta(hours=hours)
            is_too_short = worked <= timetable.worked_until(complete_at)
            return None if is_too_short else timetable.moment_worked(worked)


def _after_share(
    timetable: Timetable, share: Share, complete_at: datetime, due: datetime
) -> datetime:
    worked = timetable.worked_until(complete_at)
    span = timetable.worked_until(due) - worked
    if span <= NO_TIME:
        return due
    return timetable.moment_worked(worked + span * share.of.numerator // share.of.denominator)


def dated_rungs(legal_due: datetime | None, pledge_due: datetime | None) -> Rungs:
    """The rungs that ring once a date has passed. A pledge due with the law, or after it, has no
    rung of its own: the breach says it."""
    is_pledge_first = pledge_due is not None and (legal_due is None or pledge_due < legal_due)
    return Rungs(pledge_missed=pledge_due if is_pledge_first else None, breach=legal_due)
