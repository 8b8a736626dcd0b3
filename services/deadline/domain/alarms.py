"""An alarm that has rung: who is called, about what, and whether it came late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.deadline.domain.clocks import AnyClock, ClockKind
from services.deadline.domain.ladder import Call, Rung
from services.deadline.domain.rungs import Rang


@dataclass(frozen=True, slots=True)
class Alarm:
    """Rung once per clock, generation and rung."""

    kind: ClockKind
    code: str
    generation: int
    rung: Rung
    agency: str
    due_at: datetime
    """When it was to ring."""
    rang_at: datetime
    is_late: bool
    calls: Call | None
    """None for alarms of before it was kept."""


UncomputableCause = Literal["no_rule", "calendar_ends", "office_hours"]


@dataclass(frozen=True, slots=True)
class Uncomputable:
    """Something waits, and no clock could be set for it: somebody must look."""

    kind: ClockKind
    code: str
    generation: int
    agency: str
    cause: UncomputableCause
    why: str
    found_at: datetime


@dataclass(frozen=True, slots=True)
class Bell:
    """When an alarm that is found due now is said to have rung.

    In life that is now, and it is late when its instant lies further back than `late_after`. In a
    replay (`is_punctual`) every rung rings at its own instant: the same log gives the same alarms,
    at any speed.
    """

    now: datetime
    late_after: timedelta
    is_punctual: bool = False

    def ring(self, clock: AnyClock, rang: Rang, calls: Call) -> Alarm:
        """The alarm of a rung; it calls somebody of the agency that is responsible now."""
        rang_at = rang.at if self.is_punctual else max(self.now, rang.at)
        return Alarm(
            kind=clock.kind,
            code=clock.code,
            generation=clock.generation,
            rung=rang.rung,
            agency=clock.agency,
            due_at=rang.at,
            rang_at=rang_at,
            is_late=rang_at - rang.at > self.late_after,
            calls=calls,
        )
