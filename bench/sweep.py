"""What a sweep costs while few clocks are open, and while very many are."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

from bench.contestant import run
from bench.few_and_many import Costs, measure_few_and_many
from bench.open_clocks import Due, fill_unused
from bench.parts import Databases
from bench.services import connection_to
from bench.timers.tasks import Sweeps
from bench.town import found_town
from deploy.local.postgres import Database
from shared.clock import SystemClock

APART = timedelta(seconds=0.25)
"""Between the instants of two clocks: five million fall due within a fortnight."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many clocks are open, how many of them a sweep rings, and how many sweeps a round has."""

    few: int = 50_000
    many: int = 5_000_000
    due: int = 1_000
    sweeps: int = 8
    rounds: int = 3


async def measure_sweeps(databases: Databases, sizes: Sizes, tell: Callable[[str], None]) -> Costs:
    """Milliseconds per sweep, over few and over many open clocks."""

    async def sweep(database: Database, _number: int) -> float:
        task = Sweeps(database.dsn("deadline"), sizes.sweeps, sizes.due, APART.total_seconds())
        name = databases.name_run("sweep")
        result = await run("bench.timers.sweeps", task, name, databases.directory)
        return 1000 / result.per_second

    return await measure_few_and_many(
        sizes,
        lambda count: _open_clocks(databases, count, tell),
        sweep,
        lambda number, ms, count: tell(f"sweep {number}: {ms:.1f} ms with {count:,} clocks open"),
    )


@asynccontextmanager
async def _open_clocks(
    databases: Databases, count: int, tell: Callable[[str], None]
) -> AsyncIterator[Database]:
    began = perf_counter()
    async with databases.database() as database:
        await found_town(database.dsn("deadline"))
        now = SystemClock().now()
        async with connection_to(database) as connection:
            await fill_unused(connection, "OPEN", Due(count, now, APART), now)
        await databases.settle()
        tell(f"{count:,} clocks opened in {perf_counter() - began:.0f} s")
        yield database
