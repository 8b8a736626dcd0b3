"""What is counted per unit: breaches that were called, and those that turned out to be none."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.deadline.domain.clocks import AnyClock, BreachTakenBack, ClockKind, Outcome
from services.deadline.domain.ladder import Rung
from services.deadline.domain.rungs import Rang


class LatenessOutcome(StrEnum):
    CALLED = "called"
    """The legal due passed, and nothing was heard."""
    OUT_OF_SYNC = "out_of_sync"
    """Lệch đồng bộ: it had been kept, the message came late (rule 29)."""
    RECOMPUTED = "recomputed"
    """By dates that were counted anew it was not overdue."""


class Late(NamedTuple):
    """What one count is of; the day is the unit's own, on which it was due."""

    agency: str
    kind: ClockKind
    due_on: date
    outcome: LatenessOutcome


Tally = Counter[Late]


@dataclass(frozen=True, slots=True)
class Lateness:
    """One unit's counts over some days, for one kind of clock."""

    agency: str
    kind: ClockKind
    called: int
    out_of_sync: int
    recomputed: int

    @property
    def overdue(self) -> int:
        """Those that were late indeed, or still are."""
        return self.called - self.out_of_sync - self.recomputed


def late(clock: AnyClock, due: datetime, zone: ZoneInfo, outcome: LatenessOutcome) -> Late:
    """What a breach of a clock, due at an instant, counts as."""
    return Late(clock.agency, clock.kind, due.astimezone(zone).date(), outcome)


def late_of(clock: AnyClock, outcome: Outcome, zone: ZoneInfo) -> Late | None:
    """What an outcome counts as; None where nobody was called for a breach, nor a call undone."""
    match outcome:
        case Rang(Rung.BREACH, at):
            return late(clock, at, zone, LatenessOutcome.CALLED)
        case BreachTakenBack(_, legal_due):
            return late(clock, legal_due, zone, LatenessOutcome.OUT_OF_SYNC)
        case _:
            return None
