"""What the board shows: one snapshot for all who watch."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

SILENT_SECONDS = 10.0
"""A replica that has not told of itself for so long is shown as silent."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit's counts."""

    agency: str
    falls_due: int
    """Clocks whose appointment lies in the next hours."""
    next_due_at: datetime | None
    past_appointment: int
    """The appointment has passed, the legal due has not: a pledge missed."""
    at_risk: int
    breached: int
    out_of_sync: int
    """Lệch đồng bộ, of what was due today."""
    friday: int
    """Dossiers of the last Friday, promised before the weekend was over, and not resolved."""


@dataclass(frozen=True, slots=True)
class Closing:
    """An instant at which something falls due, and how much."""

    due_at: datetime
    clocks: int


@dataclass(frozen=True, slots=True)
class Replica:
    """What a replica last told of itself."""

    replica: str
    silent_seconds: float
    missing: str
    heard_per_s: float
    said_per_s: float
    is_relaying: bool

    @property
    def is_silent(self) -> bool:
        return self.silent_seconds > SILENT_SECONDS


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The board at one instant."""

    taken_at: datetime
    units: Sequence[Unit]
    closings: Sequence[Closing]
    """In the next hours, earliest first."""
    ringing: int
    """Rungs that are due and have not rung: a storm in progress."""
    held_back: int
    """Subjects with dead letters."""
    replicas: Sequence[Replica]

    def total(self, name: str) -> int:
        """One of the counts, of all units."""
        return sum(getattr(unit, name) for unit in self.units)


ReadBoard = Callable[[datetime], Awaitable[Snapshot]]
"""The board at an instant."""
