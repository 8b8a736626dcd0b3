"""What a timer's contestant is told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timers:
    """Where, and how many are due."""

    dsn: str
    count: int


@dataclass(frozen=True, slots=True)
class Sweeps:
    """Where, how many sweeps, of how many clocks each, and how far apart clocks are due."""

    dsn: str
    count: int
    clocks: int
    apart_seconds: float
