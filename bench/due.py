"""Dates per second on one core: deadline's own, and a peer's on the same cases."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.contestant import run
from bench.dues.cases import Errand
from deploy.local.directories import HeldDirectory


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many dates; the peer is slow, and need not compute them all."""

    ours: int = 200_000
    peer: int = 5_000
    rounds: int = 5


@dataclass(slots=True)
class Rates:
    """Dates per second, a figure per round."""

    ours: list[float] = field(default_factory=list)
    """Limits of every kind."""
    ours_in_hours: list[float] = field(default_factory=list)
    peer_in_hours: list[float] = field(default_factory=list)


async def measure_dues(sizes: Sizes, tell: Callable[[str], None]) -> Rates:
    """Ours and the peer in turn; no server is needed."""
    rates = Rates()
    contestants = (
        ("ours", Errand(sizes.ours, has_hours_alone=False), rates.ours),
        ("ours", Errand(sizes.ours, has_hours_alone=True), rates.ours_in_hours),
        ("by_businesstimedelta", Errand(sizes.peer, has_hours_alone=True), rates.peer_in_hours),
    )
    held = HeldDirectory("bench")
    try:
        for number in range(1, sizes.rounds + 1):
            for place, (name, errand, figures) in enumerate(contestants):
                label = f"due-{number}-{place}"
                result = await run(f"bench.dues.{name}", errand, label, held.path)
                figures.append(result.per_second)
                kind = "in hours" if errand.has_hours_alone else "of every kind"
                tell(f"due {number}: {name} {result.per_second:,.0f} dates/s, limits {kind}")
    finally:
        held.release()
    return rates
