"""Timers that are due -> done: ours and a peer's worker in turn, on the same PostgreSQL."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bench.contestant import run
from bench.open_clocks import Due, fill
from bench.parts import Databases
from bench.services import connection_to
from bench.timers.tasks import Timers
from bench.town import found_town
from shared.clock import SystemClock

OVERDUE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many are due; the peer is slow, and its table is smaller, which is in its favour."""

    ours: int = 20_000
    peer: int = 3_000
    rounds: int = 3


@dataclass(slots=True)
class Rates:
    """Timers per second, a figure per round."""

    ours: list[float] = field(default_factory=list)
    procrastinate: list[float] = field(default_factory=list)


async def measure_timers(databases: Databases, sizes: Sizes, tell: Callable[[str], None]) -> Rates:
    """Ours and the peer's in turn, round after round."""
    rates = Rates()
    for number in range(1, sizes.rounds + 1):
        rates.ours.append(await _measure_ours(databases, sizes.ours))
        rates.procrastinate.append(await _measure_peer(databases, sizes.peer))
        tell(
            f"timers {number}: deadline {rates.ours[-1]:,.0f} alarms/s,"
            f" procrastinate {rates.procrastinate[-1]:,.0f} jobs/s"
        )
    return rates


async def _measure_ours(databases: Databases, count: int) -> float:
    """Alarms per second by one process; each leaves its row and what is to be said."""
    async with databases.database() as database:
        dsn = database.dsn("deadline")
        await found_town(dsn)
        now = SystemClock().now()
        async with connection_to(database) as connection:
            await fill(connection, "DUE", Due(count, now - OVERDUE), now)
            name = databases.name_run("timer")
            result = await run("bench.timers.ours", Timers(dsn, count), name, databases.directory)
            for table in ("alarms", "outbox"):
                kept = await connection.fetchval(f"select count(*) from {table}")
                if kept != count:
                    raise RuntimeError(f"{count} clocks were due, {kept} rows are in {table}")
    return result.per_second


async def _measure_peer(databases: Databases, count: int) -> float:
    async with databases.database() as database:
        task = Timers(database.dsn("deadline"), count)
        name = databases.name_run("procrastinate")
        module = "bench.timers.by_procrastinate"
        return (await run(module, task, name, databases.directory)).per_second
