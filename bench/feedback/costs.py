"""What a rating costs with few dossiers behind it, and with very many."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter

from bench.contestant import run
from bench.feedback.filling import fill, make_links
from bench.feedback.one_by_one import Errand
from bench.few_and_many import Costs, measure_few_and_many
from bench.parts import Databases
from bench.services import connection_to
from deploy.local.postgres import Database
from shared.clock import SystemClock


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many dossiers lie behind, and how many ratings a round gives."""

    few: int = 5_000
    many: int = 5_000_000
    ratings: int = 500
    rounds: int = 5


async def measure_costs(databases: Databases, sizes: Sizes, tell: Callable[[str], None]) -> Costs:
    """Milliseconds per rating, with few and with many dossiers behind it."""
    return await measure_few_and_many(
        sizes,
        lambda count: _filled(databases, count, tell),
        lambda database, number: _measure(databases, database, f"R{number}", sizes.ratings),
        lambda number, ms, count: tell(
            f"rating {number}: {ms:.2f} ms with {count:,} dossiers behind it"
        ),
    )


async def _measure(databases: Databases, database: Database, label: str, ratings: int) -> float:
    name = databases.name_run("rating")
    file = databases.directory / f"{name}.tokens"
    async with connection_to(database, "feedback") as connection:
        file.write_text(
            json.dumps(await make_links(connection, label, ratings, SystemClock().now()))
        )
    await databases.settle()
    errand = Errand(database.dsn("feedback"), str(file))
    result = await run("bench.feedback.one_by_one", errand, name, databases.directory)
    return 1000 / result.per_second


@asynccontextmanager
async def _filled(
    databases: Databases, count: int, tell: Callable[[str], None]
) -> AsyncIterator[Database]:
    began = perf_counter()
    async with databases.database("feedback") as database:
        async with connection_to(database, "feedback") as connection:
            await fill(connection, count, SystemClock().now())
        await databases.settle()
        tell(f"{count:,} dossiers scored in {perf_counter() - began:.0f} s")
        yield database
