"""A decree comes: every open clock is counted anew, while alarms ring."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import asyncpg

from bench.contestant import begin, run
from bench.dossiers import accepted_dossiers
from bench.figures import percentile
from bench.open_clocks import Due, fill
from bench.parts import Databases
from bench.services import connection_to
from bench.timers.tasks import Timers
from bench.town import clock_of, found_town, open_books, town_directory
from bench.watch import until
from deploy.local.children import Child
from deploy.local.postgres import Database
from services.deadline.adapters.clocks import PostgresClocks
from services.deadline.domain.decrees import Decree
from services.deadline.usecases.revise_calendar import revise_calendar
from shared.clock import SystemClock

LAST = "Z"
"""Codes that a run reaches last: until then their clocks are as they were filled in."""

FIRST = "Y"
"""Of the one clock whose alarm tells that the timer is at work."""
UNTIL_DUE = timedelta(seconds=1)
"""From the filling to the first alarm: the run begins meanwhile."""
LOOK_SECONDS = 0.01
RANG_SINCE = "select due_at from alarms where due_at > $1 order by due_at"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many clocks change, and how many alarms ring meanwhile, how far apart."""

    clocks: int = 100_000
    alarms: int = 400
    apart: timedelta = timedelta(milliseconds=20)
    rounds: int = 1


@dataclass(slots=True)
class Measured:
    """Clocks per second, a figure per round; milliseconds from an alarm's instant until it had rung."""

    clocks_per_s: list[float] = field(default_factory=list)
    delays_ms: list[float] = field(default_factory=list)


async def measure_recomputations(
    databases: Databases, sizes: Sizes, tell: Callable[[str], None]
) -> Measured:
    """Round after round, each on clocks of its own."""
    measured = Measured()
    for number in range(1, sizes.rounds + 1):
        async with databases.database() as database:
            await _open_clocks(database, sizes.clocks)
            await databases.settle()
            await _measure(databases, database, sizes, measured)
        tell(
            f"recomputation {number}: {measured.clocks_per_s[-1]:,.0f} clocks/s;"
            f" alarms meanwhile within {percentile(measured.delays_ms, 0.99):.0f} ms"
        )
    return measured


async def _open_clocks(database: Database, count: int) -> None:
    """Clocks of the whole town as deadline itself reckons them; then a decree that moves them all."""
    directory = town_directory()
    now = SystemClock().now()
    dsn = database.dsn("deadline")
    await found_town(dsn)
    async with open_books(dsn) as begin_transaction:
        async with begin_transaction() as books:
            events = accepted_dossiers("OPEN", count, now)
            await books.clocks.add([clock_of(directory, event) for event in events])
        async with begin_transaction() as books:
            calendar = directory.rule_book.calendar("vn")
            off = calendar.working_day_after(_latest_receipt(now), 2)
            decree = Decree(calendar.name, (off,), (), (), "a decree")
            await revise_calendar(decree, books.directories, books.outbox, "bench", now)
    async with connection_to(database) as connection:
        await connection.execute("vacuum analyze clocks", timeout=None)


def _latest_receipt(now: datetime) -> date:
    """No later day is one of receipt, in whatever time zone."""
    return (now + timedelta(days=1)).date()


async def _measure(
    databases: Databases, database: Database, sizes: Sizes, measured: Measured
) -> None:
    """One process counts anew, another rings, and this one looks on until the first has ended."""
    dsn = database.dsn("deadline")
    async with connection_to(database) as connection:
        await fill(connection, FIRST, Due(1, SystemClock().now()), SystemClock().now())
        ringing = _begin_ringing(databases, dsn)
        try:
            await until(connection, "select exists (select from alarms)")
            now = SystemClock().now()
            async with connection.transaction():
                await fill(connection, LAST, Due(sizes.alarms, now + UNTIL_DUE, sizes.apart), now)
                await PostgresClocks(connection).wake_timer(now + UNTIL_DUE)
            looking = asyncio.create_task(_look_on(connection, now, measured.delays_ms))
            try:
                name = databases.name_run("recount")
                task = Timers(dsn, sizes.clocks)
                result = await run("bench.timers.recount", task, name, databases.directory)
            finally:
                looking.cancel()
                with suppress(asyncio.CancelledError):
                    await looking
        finally:
            ringing.kill()
    if not measured.delays_ms:
        raise RuntimeError("no alarm rang while clocks were counted anew")
    measured.clocks_per_s.append(result.per_second)


def _begin_ringing(databases: Databases, dsn: str) -> Child:
    name = databases.name_run("ringing")
    return begin("bench.timers.ring_for_ever", Timers(dsn, 0), name, databases.directory)


async def _look_on(connection: asyncpg.Connection, since: datetime, delays_ms: list[float]) -> None:
    """Note how long after its instant each alarm is seen, committed."""
    while True:
        rang = await connection.fetch(RANG_SINCE, since)
        now = SystemClock().now()
        for row in rang:
            since = row["due_at"]
            delays_ms.append((now - since) / timedelta(milliseconds=1))
        await asyncio.sleep(LOOK_SECONDS)
