"""Accepted dossiers already in Kafka -> inbox, dossier and scores committed: feedback, and its floor."""

from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg
from aiokafka import TopicPartition

from bench.contestant import Result, Task, run
from bench.dossiers import publish, registrations
from bench.log import Places, begin_at, open_producer
from bench.parts import PARTITIONS, Parts
from bench.pipeline import accept, wait_for
from bench.services import connection_to, service
from bench.watch import until
from deploy.local.postgres import Database
from shared.clock import SystemClock
from shared.events.agencies import AgencyRegistered
from shared.events.dossiers import TOPIC


@dataclass(frozen=True, slots=True)
class Sizes:
    events: int = 40_000
    rounds: int = 3


@dataclass(slots=True)
class Rates:
    """Events per second, a figure per round."""

    ours: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)


async def measure_hearing(parts: Parts, sizes: Sizes, tell: Callable[[str], None]) -> Rates:
    """Ours and the floor in turn, over the same records of each round."""
    rates = Rates()
    async with parts.database("feedback") as town:
        await _register(parts, town)
        before = {TopicPartition(TOPIC, number): 0 for number in range(PARTITIONS)}
        for number in range(1, sizes.rounds + 1):
            after = await accept(parts.kafka, f"F{number}", sizes.events)
            async with parts.copy(town) as database:
                rates.ours.append(await _measure_ours(parts, database, before, sizes.events))
            tell(f"pipeline {number}: feedback {rates.ours[-1]:,.0f} events/s")
            floor = await _measure_floor(parts, town, before, sizes.events)
            rates.floor.append(floor.per_second)
            tell(f"pipeline {number}: feedback's floor {floor.per_second:,.0f} events/s")
            before = after
    return rates


async def _register(parts: Parts, town: Database) -> None:
    """Let feedback hear the town's agencies, before any dossier."""
    said = [event for event in registrations() if isinstance(event, AgencyRegistered)]
    async with open_producer(parts.kafka) as producer:
        await publish(producer, said, SystemClock().now())
    async with (
        service("feedback", parts, town) as feedback,
        connection_to(town, "feedback") as connection,
    ):
        await feedback.wait_until_ready()
        await until(connection, "select (select count(*) from agencies) = $1", len(said))


async def _measure_ours(parts: Parts, database: Database, before: Places, count: int) -> float:
    """Events per second from the first commit seen to the last."""
    async with (
        connection_to(database, "feedback") as connection,
        service("feedback", parts, database) as feedback,
    ):
        first, began = await wait_for(connection, feedback, before, 1)
        last, ended = await wait_for(connection, feedback, before, count)
        await _check_rows(connection, "feedback", count)
    return (last - first) / (ended - began)


async def _measure_floor(parts: Parts, town: Database, places: Places, count: int) -> Result:
    group = parts.name_run("feedback-floor")
    await begin_at(parts.kafka, group, places)
    async with parts.copy(town) as database:
        task = Task(database.dsn("feedback"), parts.kafka, TOPIC, count, group)
        result = await run("bench.pipelines.feedback_floor", task, group, parts.directory)
        async with connection_to(database, "feedback") as connection:
            await _check_rows(connection, "floor", count)
    return result


async def _check_rows(connection: asyncpg.Connection, name: str, count: int) -> None:
    """Whoever wrote less than a row of each kind per event has not done the work."""
    for table in ("heard", "dossiers", "score_cases"):
        rows = await connection.fetchval(f"select count(*) from {table}")
        if rows < count:
            raise RuntimeError(f"{name} heard {count} events and left {rows} rows in {table}")
    counted = await connection.fetchval("select sum(counts[1]) from score_sums")
    if counted != count:
        raise RuntimeError(f"{name} heard {count} events and counted {counted}")
