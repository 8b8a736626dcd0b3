"""Outbox rows -> acknowledged in Kafka, in order per dossier: ours and two peers in turn."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.contestant import Result, Task, run
from bench.log import check_order
from bench.parts import Parts


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rows each is given; the peers' tables are smaller, which is in their favour."""

    ours: int = 60_000
    peers: int = 12_000
    rounds: int = 5


@dataclass(slots=True)
class Rates:
    """Rows per second, a figure per round."""

    ours: list[float] = field(default_factory=list)
    txoutbox: list[float] = field(default_factory=list)
    faststream_outbox: list[float] = field(default_factory=list)


async def measure_relays(parts: Parts, sizes: Sizes, tell: Callable[[str], None]) -> Rates:
    """Every relay in turn, round after round; one round before, not counted, warms the broker up."""
    rates = Rates()
    contestants = (
        ("ours", sizes.ours, rates.ours),
        ("by_txoutbox", sizes.peers, rates.txoutbox),
        ("by_faststream_outbox", sizes.peers, rates.faststream_outbox),
    )
    for number in range(sizes.rounds + 1):
        for name, count, figures in contestants:
            result = await _measure(parts, name, count)
            if number > 0:
                figures.append(result.per_second)
                tell(f"relay {number}: {name} {result.per_second:,.0f} rows/s")
    return rates


async def _measure(parts: Parts, name: str, count: int) -> Result:
    """One relay on a table and a topic of its own; then whether it said all of it, in order."""
    label = parts.name_run(name)
    topic = await parts.make_topic(label)
    async with parts.database() as database:
        task = Task(database.dsn("deadline"), parts.kafka, topic, count)
        result = await run(f"bench.relays.{name}", task, label, parts.directory)
    await check_order(parts.kafka, topic, count)
    return result
