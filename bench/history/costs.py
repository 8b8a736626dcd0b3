"""What a dossier costs in all three services with ten thousand behind it, and with ten million."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter

from bench.contestant import run
from bench.few_and_many import Costs, measure_few_and_many
from bench.history.filling import fill
from bench.history.lives import Errand
from bench.history.town import open_town
from bench.parts import SERVICES as CODE_OF_SERVICES
from bench.parts import Databases
from deploy.local.ledger.parties import SERVICES
from deploy.local.postgres import Database
from shared.clock import SystemClock
from shared.postgres import PLUMBING, migrate


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many dossiers lie behind, and how many sets of how many a round lives through."""

    few: int = 10_000
    many: int = 10_000_000
    sets: int = 8
    dossiers: int = 200
    rounds: int = 5


async def measure_history(databases: Databases, sizes: Sizes, tell: Callable[[str], None]) -> Costs:
    """Milliseconds per dossier, with few and with many behind it."""

    async def live(database: Database, _number: int) -> float:
        await databases.settle()
        errand = Errand(_dsns(database), sizes.sets, sizes.dossiers)
        name = databases.name_run("lives")
        result = await run("bench.history.lives", errand, name, databases.directory)
        return 1000 / result.per_second

    return await measure_few_and_many(
        sizes,
        lambda count: _filled(databases, count, tell),
        live,
        lambda number, ms, count: tell(f"dossier {number}: {ms:.2f} ms with {count:,} behind it"),
    )


def _dsns(database: Database) -> dict[str, str]:
    return {service: database.dsn(service) for service in SERVICES}


@asynccontextmanager
async def _filled(
    databases: Databases, count: int, tell: Callable[[str], None]
) -> AsyncIterator[Database]:
    began = perf_counter()
    async with databases.database("intake") as database:
        for service in ("deadline", "feedback"):
            directory = CODE_OF_SERVICES / service / "migrations"
            await migrate(database.dsn(service), [PLUMBING, directory])
        async with open_town(_dsns(database)) as town:
            await town.found()
        await fill(database, count, SystemClock().now().date())
        await databases.settle()
        tell(f"{count:,} dossiers lie behind, in {perf_counter() - began:.0f} s")
        yield database
