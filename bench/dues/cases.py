"""What every contestant computes: receipts at any second of three years without a decreed swap."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

BEGIN = datetime.fromisoformat("2021-01-01")
SPAN_SECONDS = 3 * 365 * 86_400
HOURS = tuple(range(1, 41))
MIXED = ("same-day", *(f"{days}d" for days in (1, 3, 5, 10, 15, 20, 30)), "4h", "8h")


@dataclass(frozen=True, slots=True)
class Errand:
    """How many cases, with limits in hours alone (what the peer can count) or of every kind."""

    count: int
    has_hours_alone: bool


def cases(errand: Errand) -> list[tuple[datetime, str]]:
    """The same for everybody: local receipts by Vietnamese time, and limits."""
    chance = Random(2026)
    limits = tuple(f"{hours}h" for hours in HOURS) if errand.has_hours_alone else MIXED
    return [
        (BEGIN + timedelta(seconds=chance.randrange(SPAN_SECONDS)), chance.choice(limits))
        for _ in range(errand.count)
    ]
