"""What a dossier costs in all three services with ten thousand behind it, and with ten million."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter

from bench.contestant import run
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


@dataclass(slots=True)
class Costs:
    """Milliseconds per dossier, a figure per round."""

    few: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)


async def measure_history(databases: Databases, sizes: Sizes, tell: Callable[[str], None]) -> Costs:
    """Lives with few and with many behind them in turn; afterwards all are gone."""
    costs = Costs()
    async with (
        _filled(databases, sizes.few, tell) as few,
        _filled(databases, sizes.many, tell) as many,
    ):
        for number in range(1, sizes.rounds + 1):
            for database, count, figures in (
                (few, sizes.few, costs.few),
                (many, sizes.many, costs.many),
            ):
                await databases.settle()
                errand = Errand(_dsns(database), sizes.sets, sizes.dossiers)
                name = databases.name_run("lives")
                result = await run("bench.history.lives", errand, name, databases.directory)
                figures.append(1000 / result.per_second)
                tell(f"dossier {number}: {figures[-1]:.2f} ms with {count:,} behind it")
    return costs


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
