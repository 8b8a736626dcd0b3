"""The ladder of alarms: at risk, pledge missed, breach; each rings once, in working time."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from services.deadline.domain.reckoning import Terms


class Rung(StrEnum):
    """Who hears it: the officer, the head of the unit, the town."""

    AT_RISK = "at_risk"
    PLEDGE_MISSED = "pledge_missed"
    BREACH = "breach"


class NextRung(NamedTuple):
    """The rung that waits, and its instant."""

    rung: Rung
    at: datetime


@dataclass(frozen=True, slots=True)
class Rang:
    """A rung that has rung: `at` is when it was to."""

    rung: Rung
    at: datetime


def at_risk_at(terms: Terms, complete_at: datetime, due: datetime) -> datetime:
    """When to warn the officer, local like its arguments; never outside working hours.

    Some working days before the due day, at opening; a limit too short for that warns after a share
    of its working time. Both are figures of the rule book.
    """
    return at_risk_opening(terms, complete_at.date(), due) or _at_risk_share(
        terms, complete_at, due
    )


def at_risk_opening(terms: Terms, complete_on: date, due: datetime) -> datetime | None:
    """The opening of a working day so early that Mẫu 04 can still leave one working day before
    expiry (NĐ 61/2018 art. 19.9). None where that day is not after the dossier's."""
    before = terms.timetable.working_day_before(due.date(), terms.figures.at_risk_working_days)
    return terms.timetable.opens(before) if before > complete_on else None


def _at_risk_share(terms: Terms, complete_at: datetime, due: datetime) -> datetime:
    timetable, share = terms.timetable, terms.figures.at_risk_share
    worked = timetable.worked_until(complete_at)
    span = timetable.worked_until(due) - worked
    if not span:
        return due
    return timetable.moment_worked(worked + span * share.numerator // share.denominator)


def first_rung(
    at_risk: datetime | None, legal_due: datetime | None, pledge_due: datetime | None
) -> NextRung | None:
    """Where a clock's ladder begins; None where nothing is due."""
    if at_risk is None:
        return rung_after(None, legal_due, pledge_due)
    return NextRung(Rung.AT_RISK, at_risk)


def rung_after(
    rung: Rung | None, legal_due: datetime | None, pledge_due: datetime | None
) -> NextRung | None:
    """The rung that follows. A pledge due with the law, or after it, has no rung of its own: the
    breach says it."""
    is_pledge_first = pledge_due is not None and (legal_due is None or pledge_due < legal_due)
    if rung in (None, Rung.AT_RISK) and is_pledge_first and pledge_due is not None:
        return NextRung(Rung.PLEDGE_MISSED, pledge_due)
    if rung is not Rung.BREACH and legal_due is not None:
        return NextRung(Rung.BREACH, legal_due)
    return None
