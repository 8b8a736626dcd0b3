"""Dossier events already in Kafka -> inbox, clock and outbox committed: ours, plain, and the floor."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from types import MappingProxyType

import asyncpg
from aiokafka import TopicPartition

from bench.contestant import Result, Task, run
from bench.dossiers import accepted_dossiers, publish, registrations
from bench.log import Places, begin_at, open_producer
from bench.parts import PARTITIONS, Parts
from bench.services import connection_to, deadline_service
from bench.watch import PATIENCE_SECONDS, until
from deploy.local.postgres import Database
from deploy.local.replicas import Replica
from shared.clock import SystemClock
from shared.events.dossiers import TOPIC
from shared.leadership import LEAD
from shared.tests.collector import collecting

POLL_SECONDS = 0.025
"""Looking costs the measured processes time; a look too late is a hundredth of the whole."""

HEARD = """select coalesce(sum(next_offset - first_offset), 0)::bigint
from progress join unnest($2::integer[], $3::bigint[]) as before (partition, first_offset)
    using (partition)
where topic = $1"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many events each is given; a slow one need not wade through all."""

    ours: int = 40_000
    naive: int = 1_500
    rounds: int = 5


@dataclass(slots=True)
class Rates:
    """Events per second, a figure per round."""

    ours: list[float] = field(default_factory=list)
    with_relay: list[float] = field(default_factory=list)
    until_said: list[float] = field(default_factory=list)
    traced: list[float] = field(default_factory=list)
    naive: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)


async def measure_pipelines(parts: Parts, sizes: Sizes, tell: Callable[[str], None]) -> Rates:
    """Ours, the floor and the plain service in turn, over the same records of each round."""
    rates = Rates()
    async with parts.database() as town:
        await _register(parts, town)
        before = {TopicPartition(TOPIC, number): 0 for number in range(PARTITIONS)}
        for number in range(1, sizes.rounds + 1):
            after = await accept(parts.kafka, f"R{number}", sizes.ours)
            async with parts.copy(town) as database, _relayed_elsewhere(database):
                ours = await _measure_hearing(parts, database, before, sizes.ours)
            rates.ours.append(ours)
            tell(f"pipeline {number}: deadline {ours:,.0f} events/s")
            floor = await _measure(parts, town, "floor", before, sizes.ours)
            rates.floor.append(floor.per_second)
            tell(f"pipeline {number}: floor {floor.per_second:,.0f} events/s")
            naive = await _measure(parts, town, "naive", before, sizes.naive)
            rates.naive.append(naive.per_second)
            tell(f"pipeline {number}: plain FastStream {naive.per_second:,.0f} events/s")
            before, after = after, await accept(parts.kafka, f"S{number}", sizes.ours)
            async with parts.copy(town) as database:
                with_relay, until_said = await _measure_both(parts, database, before, sizes.ours)
            rates.with_relay.append(with_relay)
            rates.until_said.append(until_said)
            tell(
                f"pipeline {number}: deadline and its relay {with_relay:,.0f} events/s"
                f" ({until_said:,.0f} until said)"
            )
            before, after = after, await accept(parts.kafka, f"T{number}", sizes.ours)
            async with parts.copy(town) as database:
                traced = await _measure_traced(parts, database, before, sizes.ours)
            rates.traced.append(traced)
            tell(f"pipeline {number}: the same, one dossier in 100 traced {traced:,.0f} events/s")
            before = after
    return rates


async def _register(parts: Parts, town: Database) -> None:
    """Let deadline hear the town's agencies and procedures, before any dossier."""
    said = registrations()
    async with open_producer(parts.kafka) as producer:
        await publish(producer, said, SystemClock().now())
    async with deadline_service(parts, town) as deadline, connection_to(town) as connection:
        await deadline.wait_until_ready()
        await until(
            connection,
            "select (select count(*) from agencies) + (select count(*) from procedures) = $1",
            len(said),
        )


async def accept(kafka: str, label: str, count: int) -> Places:
    """Put a round's records into Kafka; the places after them."""
    now = SystemClock().now()
    async with open_producer(kafka) as producer:
        return await publish(producer, list(accepted_dossiers(label, count, now)), now)


@asynccontextmanager
async def _relayed_elsewhere(database: Database) -> AsyncIterator[None]:
    """Another replica leads the relay: its lock is held. The peers have no relay to run either."""
    async with connection_to(database) as leader:
        await leader.execute(LEAD, "relay", "deadline")
        yield


async def _measure_hearing(parts: Parts, database: Database, before: Places, count: int) -> float:
    """Events per second from the first commit seen to the last."""
    async with connection_to(database) as connection, deadline_service(parts, database) as deadline:
        first, began = await wait_for(connection, deadline, before, 1)
        last, ended = await wait_for(connection, deadline, before, count)
        await _check_rows(connection, "deadline", count)
        await _check_clocks(connection, count)
    return (last - first) / (ended - began)


async def _measure_both(
    parts: Parts,
    database: Database,
    before: Places,
    count: int,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> tuple[float, float]:
    """The same while the relay runs in the same process; and until it had said all."""
    async with (
        connection_to(database) as connection,
        deadline_service(parts, database, environment=environment) as deadline,
    ):
        first, began = await wait_for(connection, deadline, before, 1)
        last, ended = await wait_for(connection, deadline, before, count)
        await until(
            connection, "select not exists (select from outbox)", every_seconds=POLL_SECONDS
        )
        said = perf_counter()
        await _check_clocks(connection, count)
    return (last - first) / (ended - began), (last - first) / (said - began)


async def _measure_traced(parts: Parts, database: Database, before: Places, count: int) -> float:
    """The same, while what is of a kept trace is told to a collector; each must have come."""
    with collecting() as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        rate, _ = await _measure_both(parts, database, before, count, environment)
    heard, said = (
        sum(span.name == name for span in collector.spans)
        for name in ("hear DossierAccepted", "say DeadlineSet")
    )
    if not count / 200 < heard == said < count / 50:
        raise RuntimeError(f"of {count} dossiers {heard} were traced as heard, {said} as answered")
    return rate


async def _check_clocks(connection: asyncpg.Connection, count: int) -> None:
    kept = await connection.fetchval("select count(*) from clocks")
    held = await connection.fetchval("select count(*) from set_aside")
    if (kept, held) != (count, 0):
        raise RuntimeError(f"{count} events made {kept} clocks; {held} were set aside")


async def wait_for(
    connection: asyncpg.Connection, deadline: Replica, before: Places, count: int
) -> tuple[int, float]:
    """Wait until so many events have been heard since some places; how many were seen, and when."""
    partitions = [place.partition for place in before]
    offsets = [*before.values()]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            heard = await connection.fetchval(HEARD, TOPIC, partitions, offsets)
            if heard >= count:
                return heard, perf_counter()
            if not deadline.is_running:
                raise RuntimeError(f"deadline has ended; {deadline.log} tells why")
            await asyncio.sleep(POLL_SECONDS)


async def _measure(parts: Parts, town: Database, name: str, places: Places, count: int) -> Result:
    """Run a contestant over the round's records, in tables of its own."""
    group = parts.name_run(name)
    await begin_at(parts.kafka, group, places)
    async with parts.copy(town) as database:
        task = Task(database.dsn("deadline"), parts.kafka, TOPIC, count, group)
        result = await run(f"bench.pipelines.{name}", task, group, parts.directory)
        async with connection_to(database) as connection:
            await _check_rows(connection, name, count)
    return result


async def _check_rows(connection: asyncpg.Connection, name: str, count: int) -> None:
    """Whoever wrote less than a row of each kind per event has not done the work."""
    for table in ("heard", "clocks", "said", "outbox"):
        rows = await connection.fetchval(f"select count(*) from {table}")
        if rows < count:
            raise RuntimeError(f"{name} heard {count} events and left {rows} rows in {table}")
