"""Closing time: very many clocks due at one instant, over two processes, while dossiers flow."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg

from bench.contestant import begin
from bench.figures import percentile
from bench.flow import Errand
from bench.open_clocks import Due, fill
from bench.parts import Parts
from bench.services import connection_to, deadline_service
from bench.town import found_town
from bench.watch import PATIENCE_SECONDS, until
from deploy.local.children import Child
from deploy.local.postgres import Database
from services.deadline.adapters.clocks import PostgresClocks
from shared.clock import SystemClock

ANSWERED = "select exists (select from clocks)"

FILLING = timedelta(seconds=5)
"""From the first clock filled to the first due."""
BREATH = timedelta(seconds=1)
"""Between two windows, so that neither is disturbed by the other."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many clocks, how many dossiers a second beside them, and how long it is calm before."""

    storm: int = 100_000
    spread: int = 1_000
    """Clocks whose instants are spread over the first calm window."""
    per_second: int = 30
    """What the nation's 88,000 dossiers a day bring at a peak of ten times their mean."""
    calm: timedelta = timedelta(seconds=5)
    rounds: int = 2


@dataclass(slots=True)
class Measured:
    """A figure per round, but for `lateness_ms`: of every alarm of the first windows."""

    alarms: list[int] = field(default_factory=list)
    last_alarm_s: list[float] = field(default_factory=list)
    latency_ms: list[float] = field(default_factory=list)
    """The flowing events', the 99th percentile, during the storm."""
    calm_latency_ms: list[float] = field(default_factory=list)
    lateness_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """One round: alarms spread over a calm window, a calm window without any, and the storm."""

    label: str
    spread: Due
    calm_from: datetime
    calm_until: datetime
    storm: Due


@dataclass(frozen=True, slots=True)
class Told:
    """What the town heard, in seconds since 1970."""

    answers: Sequence[tuple[float, float]]
    """When each dossier was accepted, and answered."""
    alarms: Sequence[tuple[str, float, float]]
    """Each alarm's code, when it was due, and when it was heard."""


async def measure_storms(parts: Parts, sizes: Sizes, tell: Callable[[str], None]) -> Measured:
    """Storm after storm over the same two processes; the town works on from the first to the last."""
    async with parts.database() as database:
        await found_town(database.dsn("deadline"))
        async with (
            deadline_service(parts, database, 0) as one,
            deadline_service(parts, database, 1) as other,
        ):
            await asyncio.gather(one.wait_until_ready(), other.wait_until_ready())
            town, file = _open_town(parts, sizes)
            try:
                plans = [
                    await _storm(database, f"T{number}", sizes)
                    for number in range(1, sizes.rounds + 1)
                ]
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await asyncio.to_thread(town.wait)
            finally:
                town.kill()
    told = _read(town, file)
    measured = Measured()
    for plan in plans:
        _add(measured, plan, told)
        tell(
            f"storm {plan.label}: {measured.alarms[-1]:,} alarms, the last after"
            f" {measured.last_alarm_s[-1]:.1f} s; answers within {measured.latency_ms[-1]:.0f} ms,"
            f" in calm {measured.calm_latency_ms[-1]:.0f} ms"
        )
    return measured


def _read(town: Child, file: Path) -> Told:
    if not file.exists():
        raise town.failure("ended without having told")
    return Told(**json.loads(file.read_text()))


def _open_town(parts: Parts, sizes: Sizes) -> tuple[Child, Path]:
    name = parts.name_run("flow")
    file = parts.directory / f"{name}-told.json"
    errand = Errand(
        parts.kafka,
        sizes.per_second,
        (sizes.storm + sizes.spread) * sizes.rounds,
        str(file),
        int(parts.broker.service_environment.get("KAFKA_FETCH_MAX_WAIT_MS", "500")),
    )
    return begin("bench.flow", errand, name, parts.directory), file


async def _storm(database: Database, label: str, sizes: Sizes) -> Plan:
    """Fill the clocks of one round, wake the timers, and return when all have rung."""
    async with connection_to(database) as connection:
        await until(connection, ANSWERED)
        # In life a day lies between two storms, in which the server clears away what the one left.
        await connection.execute("vacuum clocks, alarms, outbox, said")
        plan = await _fill(connection, label, sizes)
        await asyncio.sleep((plan.storm.first_at - SystemClock().now()).total_seconds())
        await until(
            connection,
            "select not exists (select from clocks where next_rung_at <= $1)",
            plan.storm.first_at,
            every_seconds=0.2,
        )
        kept = await connection.fetchval(
            "select count(*) from alarms where code like $1", f"{label}%"
        )
        if kept != sizes.storm + sizes.spread:
            raise RuntimeError(f"{sizes.storm + sizes.spread} clocks left {kept} alarms")
    return plan


async def _fill(connection: asyncpg.Connection, label: str, sizes: Sizes) -> Plan:
    """Open a round's clocks and wake the timers; anew, and for later, if that took too long."""
    filling = FILLING
    while True:
        plan = _plan(label, sizes, SystemClock().now() + filling)
        transaction = connection.transaction()
        await transaction.start()
        for part, due in (("A", plan.spread), ("B", plan.storm)):
            await fill(connection, f"{label}{part}", due, SystemClock().now())
        await PostgresClocks(connection).wake_timer(plan.spread.first_at)
        if SystemClock().now() < plan.spread.first_at:
            await transaction.commit()
            return plan
        await transaction.rollback()
        filling *= 2


def _plan(label: str, sizes: Sizes, first_at: datetime) -> Plan:
    calm_from = first_at + sizes.calm + BREATH
    calm_until = calm_from + sizes.calm
    return Plan(
        label,
        Due(sizes.spread, first_at, sizes.calm / sizes.spread),
        calm_from,
        calm_until,
        Due(sizes.storm, calm_until + BREATH),
    )


def _add(measured: Measured, plan: Plan, told: Told) -> None:
    """Raises `RuntimeError` unless every alarm of the storm was heard, once."""
    began = plan.storm.first_at.timestamp()
    storm = [alarm for alarm in told.alarms if alarm[0].startswith(f"{plan.label}B-")]
    heard = Counter(code for code, _, _ in storm)
    if len(heard) != plan.storm.count or max(heard.values()) > 1:
        raise RuntimeError(f"{plan.storm.count} clocks rang {len(storm)} times, {len(heard)} codes")
    ended = max(heard_at for _, _, heard_at in storm)
    measured.alarms.append(len(storm))
    measured.last_alarm_s.append(ended - began)
    measured.latency_ms.append(_slowest(told, began, ended))
    calm = plan.calm_from.timestamp(), plan.calm_until.timestamp()
    measured.calm_latency_ms.append(_slowest(told, *calm))
    measured.lateness_ms += [
        (heard_at - due_at) * 1000
        for code, due_at, heard_at in told.alarms
        if code.startswith(f"{plan.label}A-")
    ]


def _slowest(told: Told, since: float, until: float) -> float:
    """The 99th percentile of the answers to what was accepted in a window, in milliseconds."""
    took = [(answered - sent) * 1000 for sent, answered in told.answers if since <= sent < until]
    return percentile(took, 0.99)
