"""Rebuild a service's schema from the topics beside the live one, compare, and switch if asked.

The topics are read once, and laid out by life. Then each life is heard as a whole, a page of codes in one
transaction, by the service's own ear; several pages at once, as lanes are in life. A life that the topics do
not hold from its beginning, or that comes out otherwise than was said, is not rebuilt: it is carried over.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

import asyncpg

from shared.clock import SystemClock
from shared.events.catalogue import COMPACTED
from shared.hearing import Hearing
from shared.letters import Opener
from shared.postgres import open_pool
from shared.replaying import carrying, comparison, sibling, staging
from shared.replaying.comparison import Compared, Missed
from shared.replaying.plan import Plan, ReplayError
from shared.replaying.reading import open_reading
from shared.sign_in import NOBODY, SignIn
from shared.telemetry import HearingMetrics

PAGE = 500
"""Lives in one transaction."""

LANES = 3
"""Pages at once: while PostgreSQL works for one, Python works for another."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for."""

    operator_dsn: str
    servers: str
    into: str
    since: datetime | None = None
    """None: from the beginning."""
    is_switched: bool = False
    is_kept: bool = False
    """The new schema stays afterwards, to be looked at."""
    sign_in: SignIn = NOBODY


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Lives that were not rebuilt, and why."""

    because: str
    count: int
    examples: Sequence[str]


@dataclass(slots=True)
class Outcome:
    """What came of a replay."""

    letters: int = 0
    said: int = 0
    lives: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage."""
    running: list[str] = field(default_factory=list)
    """Who was connected as the service meanwhile."""
    kept_as: str | None = None
    """The name of the schema that was live before; None where nothing was switched."""

    @property
    def differing(self) -> int:
        """Rows that are not the same in both."""
        return sum(one.only_live + one.only_new + one.differing for one in self.compared)


async def replay(plan: Plan, order: Order, tell: Tell) -> Outcome:
    """Do what is asked. Raises `ReplayError` where it cannot be done; nothing is switched then."""
    connection = await _connect(order)
    try:
        outcome = Outcome(running=await sibling.connected(connection, plan.service))
        if order.is_switched:
            if plan.why_no_switch:
                raise ReplayError(f"--switch: {plan.why_no_switch}")
            await sibling.refuse_connected(connection, plan.service)
        await sibling.make(order.operator_dsn, plan.service, order.into, plan.migrations)
        was = await carrying.fingerprint(connection, plan.service)
        try:
            await _rebuild(connection, plan, order, outcome, tell)
            if order.is_switched:
                with _timed(outcome, "switch"):
                    outcome.kept_as = await _switch(connection, plan, order, was, tell)
        finally:
            if outcome.kept_as is None and not order.is_kept:
                await sibling.drop(connection, order.into)
        return outcome
    finally:
        await connection.close()


async def _connect(order: Order) -> asyncpg.Connection:
    # What it does takes as long as it takes.
    return await asyncpg.connect(
        order.operator_dsn,
        server_settings={
            "timezone": "UTC",
            "search_path": order.into,
            "application_name": "replay",
        },
    )


async def _rebuild(
    connection: asyncpg.Connection, plan: Plan, order: Order, outcome: Outcome, tell: Tell
) -> None:
    with _timed(outcome, "read"):
        await _read(connection, plan, order, outcome, tell)
    with _timed(outcome, "hear"):
        await carrying.carry(connection, plan.service, order.into, plan.carried_first)
        await carrying.number_on(connection, plan.service, order.into)
        await _hear(connection, plan, order, outcome, tell)
        await staging.close(connection, plan.source)
    tell("comparing")
    with _timed(outcome, "compare"):
        async with connection.transaction(isolation="repeatable_read"):
            if outcome.running:
                await comparison.leave_out_moved(connection, plan)
            outcome.compared = await comparison.compare_all(connection, plan)
            outcome.missed = await comparison.check_all(connection, plan)
            outcome.left_out = await _left_out(connection)


async def _read(
    connection: asyncpg.Connection, plan: Plan, order: Order, outcome: Outcome, tell: Tell
) -> None:
    stage = staging.Staging(connection, plan)
    await stage.make()
    topics = [*plan.heard, plan.said] if plan.said else plan.heard
    async with open_reading(order.servers, topics, plan.service, order.sign_in) as reading:
        # Agencies, procedures and what was said are wanted whole.
        dated = frozenset(plan.heard) - COMPACTED
        async for records in reading.records(order.since, dated):
            await stage.keep(records)
            tell(f"read: {stage.letters:,} heard, {stage.said:,} said")
        committed = {
            (place.topic, place.partition): offset for place, offset in reading.committed.items()
        }
        is_cut = any(first > 0 for first in reading.firsts.values())
    is_whole = order.since is None and not is_cut
    await stage.settle(plan.service, committed, is_from_the_beginning=is_whole)
    outcome.letters, outcome.said = stage.letters, stage.said


async def _hear(
    connection: asyncpg.Connection, plan: Plan, order: Order, outcome: Outcome, tell: Tell
) -> None:
    rows = await connection.fetch(f"select identity from {plan.service}.discarded")
    given_up = frozenset(row["identity"] for row in rows)
    pool = await open_pool(sibling.with_search_path(order.operator_dsn, order.into), size=LANES + 2)
    try:
        opener = Opener(plan.understood)
        apply = await plan.prepare(connection, plan.service)
        hearing = Hearing(pool, opener, apply, SystemClock(), HearingMetrics())
        place = 0
        while found := await staging.states(connection, place, PAGE):
            letters = [staging.letter_from(row, opener, given_up) for row in found]
            await hearing.hear(letters, notes_positions=False)
            place = found[-1]["place"]
        pages = _pages(connection)
        turn = asyncio.Lock()

        async def lane() -> None:
            while True:
                async with turn:
                    page = await anext(pages, None)
                if page is None:
                    return
                letters = [staging.letter_from(row, opener, given_up) for row in page]
                await hearing.hear(letters, notes_positions=False)
                outcome.lives += len({row["subject"] for row in page})
                tell(f"heard anew: {outcome.lives:,} lives")

        async with asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(lane())
    finally:
        await pool.close()


async def _pages(connection: asyncpg.Connection) -> AsyncIterator[list[asyncpg.Record]]:
    code = ""
    while page := await staging.codes(connection, code, PAGE):
        yield await staging.rows_of(connection, page)
        code = page[-1]


async def _left_out(connection: asyncpg.Connection) -> list[LeftOut]:
    rows = await connection.fetch(
        """select left_because, count(*) as lives,
                  (array_agg(code || coalesce(': said ' || c.said || '; counted anew: ' || c.counted, '')
                             order by code))[1:10] as examples
           from replay_lives left join replay_contradictions c using (code)
           where left_because is not null group by 1 order by 2 desc"""
    )
    return [LeftOut(row["left_because"], row["lives"], row["examples"]) for row in rows]


async def _switch(
    connection: asyncpg.Connection, plan: Plan, order: Order, was: str, tell: Tell
) -> str:
    """The service is stopped, was so all the while, and is kept out until the new schema stands."""
    tell("carrying over what the topics do not hold")
    live = plan.service
    async with connection.transaction():
        await carrying.carry_lives(connection, plan)
        await sibling.hold(connection, live)
        await sibling.refuse_connected(connection, live)
        if await carrying.fingerprint(connection, live) != was:
            raise ReplayError(f"{live} ran meanwhile; stop every replica and begin again")
        others = await carrying.only_here(connection, plan)
        await carrying.carry(connection, live, order.into, others)
        await carrying.number_on(connection, live, order.into)
        scaffold = ", ".join(staging.SCAFFOLD)
        await connection.execute(f"drop table {scaffold}")
        now = await connection.fetchval("select now()")
        return await sibling.switch(connection, live, order.into, now)


@contextmanager
def _timed(outcome: Outcome, stage: str) -> Iterator[None]:
    """Notes how many seconds a stage took."""
    began = perf_counter()
    yield
    outcome.seconds[stage] = round(perf_counter() - began, 3)
