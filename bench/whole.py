"""Measured on the whole product: an appointment, submissions over HTTP, memory afterwards."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter

import asyncpg
import psutil

from bench import hops
from bench.contestant import begin, run
from bench.parts import PARTITIONS, BrokerName, make_topics
from bench.requests import Connection, request
from bench.submissions import UNITS, Errand, register, submission, tokens
from bench.watch import PATIENCE_SECONDS, until
from deploy.local.postgres import SERVICES
from deploy.local.stack import Stack
from deploy.local.topics import Topic

WAIT_SECONDS = 20
BETWEEN_SECONDS = 0.005
"""Light load: one citizen after the other, with a breath between."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each."""

    warm_up: int = 200
    """The broker's own compiler needs some hundreds of requests to settle."""
    appointments: int = 100
    rounds: int = 3
    dossiers: int = 20_000


@dataclass(slots=True)
class Measured:
    """Milliseconds per appointment and per floor, by round; submissions per second; megabytes."""

    appointments: list[list[float]] = field(default_factory=list)
    floors: list[list[float]] = field(default_factory=list)
    dossiers_per_s: float = 0.0
    rss_mb: dict[str, float] = field(default_factory=dict)


async def measure_whole(broker: BrokerName, sizes: Sizes, tell: Callable[[str], None]) -> Measured:
    """Appointments and their floor in turn on one stack, then submissions, then memory."""
    measured = Measured()
    os.environ["KAFKA"] = "tansu" if broker == "embedded" else "apache"
    async with Stack("bench-stack", tell=tell) as stack:
        await register(stack)
        await _measure_appointments(stack, sizes, measured, tell)
        measured.dossiers_per_s = await _measure_submissions(stack, sizes.dossiers)
        tell(f"intake: {measured.dossiers_per_s:,.0f} dossiers/s")
        await _catch_up(stack)
        measured.rss_mb = {
            service: psutil.Process(stack.replicas[service, 0].pid).memory_info().rss / 1e6
            for service in SERVICES
        }
        tell("memory: " + ", ".join(f"{k} {v:.0f} MB" for k, v in measured.rss_mb.items()))
    return measured


async def _measure_appointments(
    stack: Stack, sizes: Sizes, measured: Measured, tell: Callable[[str], None]
) -> None:
    officers = tokens(stack)
    connection = await Connection.open(stack.intake_url)
    async with _open_floor(stack) as floor:
        for number in range(sizes.warm_up):
            await _appointment(connection, officers, number)
            await floor.there_and_back(b"%d" % number, b"x" * 400)
        for turn in range(1, sizes.rounds + 1):
            numbers = range(turn * 1_000, turn * 1_000 + sizes.appointments)
            measured.appointments.append(
                [await _appointment(connection, officers, number) for number in numbers]
            )
            measured.floors.append([await _floor(floor, number) for number in numbers])
            tell(
                f"appointment {turn}: median {sorted(measured.appointments[-1])[len(numbers) // 2]:.1f} ms,"
                f" floor {sorted(measured.floors[-1])[len(numbers) // 2]:.1f} ms"
            )
    connection.close()


async def _appointment(connection: Connection, officers: dict[str, str], number: int) -> float:
    """Hand in one dossier and wait for its appointment; how many milliseconds that took."""
    await asyncio.sleep(BETWEEN_SECONDS)
    unit = UNITS[number % len(UNITS)]
    body = submission(unit, number)
    asking = request("POST", "/dossiers", officers[unit], body, wait_seconds=WAIT_SECONDS)
    began = perf_counter()
    status, answer = await connection.ask(asking)
    took = perf_counter() - began
    if status != 201 or json.loads(answer)["appointment_at"] is None:
        raise RuntimeError(f"no appointment came back: {status} {answer.decode()}")
    return took * 1000


async def _floor(floor: hops.Hopper, number: int) -> float:
    await asyncio.sleep(BETWEEN_SECONDS)
    return await floor.there_and_back(b"%d" % number, b"x" * 400)


@asynccontextmanager
async def _open_floor(stack: Stack) -> AsyncIterator[hops.Hopper]:
    """The floor's topics, table and other end, on the same broker and PostgreSQL."""
    names = (hops.THERE, hops.BACK)
    topics = [Topic(name, PARTITIONS, "delete", 1, is_local=True) for name in names]
    await make_topics(stack.kafka, topics)
    connection = await asyncpg.connect(stack.dsn("postgres"))
    await connection.execute(hops.TABLE)
    await connection.close()
    wait_ms = int(stack.broker.service_environment.get("KAFKA_FETCH_MAX_WAIT_MS", "500"))
    route = hops.Route(stack.dsn("postgres"), stack.kafka, wait_ms)
    other_end = begin("bench.hops", route, "hops", stack.directory)
    try:
        async with hops.open_hopper(route, hops.BACK) as hopper:
            await _wait_for_other_end(hopper)
            yield hopper
    finally:
        other_end.kill()


async def _wait_for_other_end(hopper: hops.Hopper) -> None:
    """Call until it answers: what was said before it listened is not heard."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        number = 0
        while True:
            number -= 1
            try:
                async with asyncio.timeout(1):
                    await hopper.there_and_back(b"%d" % number, b"")
            except TimeoutError:
                continue
            return


async def _measure_submissions(stack: Stack, count: int) -> float:
    """Durable submissions per second by one intake process; the other two services are stopped."""
    for service in ("deadline", "feedback"):
        await stack.stop_service(service)
    file = stack.directory / "tokens.json"
    file.write_text(json.dumps(tokens(stack)))
    errand = Errand(stack.intake_url, str(file), count)
    result = await run("bench.submissions", errand, "submissions", stack.directory)
    for service in ("deadline", "feedback"):
        await stack.start_service(service)
    return result.per_second


async def _catch_up(stack: Stack) -> None:
    """Wait until every dossier has its appointment in intake again."""
    connection = await asyncpg.connect(stack.dsn("postgres"))
    try:
        await until(connection, HAS_COME, every_seconds=0.2)
    finally:
        await connection.close()


HAS_COME = """select
    not exists (select from intake.outbox) and not exists (select from deadline.outbox)
    and (select count(*) from deadline.clocks)
        = (select count(*) from intake.said where source like '%/dossiers')"""
