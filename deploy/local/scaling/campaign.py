"""The whole run: replicas 1, 2, 4, 2 under load, one killed, each renewed in turn, then the ledger."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from time import perf_counter

import asyncpg
from rich.console import Console

from deploy.local.calls import Calls
from deploy.local.faults.campaign import FAILURES, session_timeout_ms
from deploy.local.faults.client import Client
from deploy.local.faults.desk import Desk
from deploy.local.faults.notebook import Notebook
from deploy.local.faults.town import found_town
from deploy.local.ledger.audit import audit
from deploy.local.ledger.findings import Verdict
from deploy.local.postgres import SERVICES
from deploy.local.quiesce import NotQuietError, Quiet
from deploy.local.scaling.load import SteadyLoad
from deploy.local.scaling.measures import Meter, Stretch, between, percentile
from deploy.local.scaling.rotation import Rotation
from deploy.local.scaling.takeover import kill_and_watch
from deploy.local.stack import Stack
from shared.clock import SystemClock

STEPS = (1, 2, 4, 2)
MOST_GROWTH = 0.25
"""How much dearer an event may be with more replicas than with one."""
LONGEST_WAIT_SECONDS = 1.0
"""The appointment's p99 while every replica is renewed."""
SETTLE_SECONDS = 2.0
"""After replicas came or went, before the step is measured: what a start costs is not an event's cost."""
QUIET_SECONDS = 120.0
IDLE_SECONDS = 4.0
SEED = 1


@dataclass(frozen=True, slots=True)
class Orders:
    """What is asked: `services` are scaled, the others keep one replica."""

    services: Sequence[str]
    step_seconds: float
    dossiers_per_second: float


@dataclass(frozen=True, slots=True)
class Step:
    """One number of replicas, measured. Waits in seconds."""

    replicas: int
    stretch: Stretch
    waits: list[float]
    changing: list[float]
    """Appointments asked for while the replicas came or went."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """A rolling restart. Waits in seconds."""

    replicas: int
    seconds: float
    waits: list[float]


@dataclass(slots=True)
class Run:
    """What came of it."""

    orders: Orders
    broker_keeps_places: bool = True
    session_seconds: float = 0.0
    steps: list[Step] = field(default_factory=list)
    killed: dict[str, float] = field(default_factory=dict)
    """Seconds until another took over, by what was killed."""
    renewal: Renewal | None = None
    idle_share: float = 0.0
    """Of a core, that a replica takes when nothing happens."""
    verdict: Verdict | None = None
    notebook: Notebook = field(default_factory=Notebook)
    without_appointment: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def growth(self, step: Step) -> float:
        """How much dearer an event is than with one replica: 0.1 is a tenth."""
        alone = self.steps[0].stretch.cpu_per_thousand
        return step.stretch.cpu_per_thousand / alone - 1 if alone else 0.0

    def judge(self) -> None:
        """Hold what was measured against what is promised; what is not kept goes to `wrong`."""
        for step in self.steps:
            if (growth := self.growth(step)) > MOST_GROWTH:
                self.wrong.append(
                    f"with {step.replicas} replicas an event costs {growth:.0%} more than with one;"
                    f" {MOST_GROWTH:.0%} is the most"
                )
        if self.renewal is not None and self.broker_keeps_places:
            p99 = percentile(self.renewal.waits, 0.99)
            if p99 >= LONGEST_WAIT_SECONDS:
                self.wrong.append(
                    f"while replicas were renewed the appointment's p99 was {p99:.2f} s;"
                    f" {LONGEST_WAIT_SECONDS:g} s is the most"
                )
        if self.verdict is not None and not self.verdict.balances:
            self.wrong.append("the ledger does not balance")

    @property
    def holds(self) -> bool:
        return not self.wrong and self.verdict is not None


async def scale(orders: Orders, console: Console) -> Run:
    """Everything, told on `console` as it goes."""
    began_at = perf_counter()
    run = Run(orders)
    environment = {"KAFKA_SESSION_TIMEOUT_MS": str(session_timeout_ms())}
    run.session_seconds = session_timeout_ms() / 1_000
    async with Stack("scale", environment=environment, tell=console.print) as stack:
        run.broker_keeps_places = stack.broker.keeps_places
        async with under_load(stack, run) as (load, rotation):
            try:
                await _Stage(stack, run, load, rotation, console).play()
            except FAILURES as failure:
                run.wrong.append(str(failure))
        console.print("The load has ended. Waiting until all is quiet…")
        await settle_accounts(stack, run)
        run.idle_share = await _idle_share(stack)
    run.judge()
    run.seconds = perf_counter() - began_at
    return run


@asynccontextmanager
async def under_load(stack: Stack, run: Run) -> AsyncIterator[tuple[SteadyLoad, Rotation]]:
    """Found the town, and let dossiers come in until the block ends."""
    rotation = Rotation(stack, SERVICES)
    urls = {service: stack.url(service) for service in SERVICES}
    async with Calls(urls, stack.token) as calls:
        await found_town(calls)
    client = Client(rotation.urls, stack.token, run.notebook)
    load = SteadyLoad(
        Desk(client, run.notebook, Random(SEED)), Random(SEED), run.orders.dossiers_per_second
    )
    load.start()
    try:
        yield load, rotation
    finally:
        run.wrong += await load.stop()
        run.without_appointment = load.waits.without
        await client.close()


async def settle_accounts(stack: Stack, run: Run) -> None:
    """Wait until all is quiet, then the ledger, and what the load was answered beside the tables."""
    ledger_dsn = stack.dsn("ledger")
    try:
        async with Quiet.watching(ledger_dsn, stack.kafka) as quiet:
            await quiet.wait(rung_by=SystemClock().now(), patience_seconds=QUIET_SECONDS)
    except NotQuietError as error:
        run.wrong.append(f"it never became quiet {error}")
    run.verdict = await audit(ledger_dsn, stack.kafka)
    run.wrong += run.notebook.strange
    run.wrong += await run.notebook.compare(stack.dsn("postgres"))


async def renew_all(
    stack: Stack, rotation: Rotation, load: SteadyLoad, services: Sequence[str] = SERVICES
) -> Renewal:
    """A rolling restart: each replica drains and ends, and is ready again before the next goes."""
    began_at = perf_counter()
    replicas = [
        (service, number)
        for (service, number), replica in stack.replicas.items()
        if service in services and replica.is_running
    ]
    for service, number in replicas:
        await rotation.stop(service, number)
        await rotation.bring(service, number)
    ended_at = perf_counter()
    # Who asked last may still wait.
    await asyncio.sleep(LONGEST_WAIT_SECONDS)
    return Renewal(len(replicas), ended_at - began_at, load.waits.between(began_at, ended_at))


@dataclass(slots=True)
class _Stage:
    """The run's parts, while it is played."""

    stack: Stack
    run: Run
    load: SteadyLoad
    rotation: Rotation
    console: Console

    async def play(self) -> None:
        connection = await asyncpg.connect(self.stack.dsn("ledger"))
        try:
            meter = Meter(self.stack, connection)
            for place, count in enumerate(STEPS, start=1):
                self.console.print(
                    f"[{place}/{len(STEPS)}] {count} of {', '.join(self.run.orders.services)}…",
                    markup=False,
                )
                self.run.steps.append(await self._step(meter, count))
            await self._kill(connection)
            if all(self.rotation.count(service) > 1 for service in SERVICES):
                self.console.print("Every replica is renewed, one after the other…")
                self.run.renewal = await renew_all(self.stack, self.rotation, self.load)
        finally:
            await connection.close()

    async def _step(self, meter: Meter, count: int) -> Step:
        began_at = perf_counter()
        works = [self._bring_to(service, count) for service in self.run.orders.services]
        await asyncio.gather(*works)
        await asyncio.sleep(SETTLE_SECONDS)
        before = await meter.read()
        await asyncio.sleep(self.run.orders.step_seconds)
        after = await meter.read()
        # Who asked last may still wait.
        await asyncio.sleep(LONGEST_WAIT_SECONDS)
        waits = self.load.waits
        return Step(
            count,
            between(before, after),
            waits.between(before.at, after.at),
            waits.between(began_at, before.at),
        )

    async def _bring_to(self, service: str, count: int) -> None:
        for number in range(self.rotation.count(service), count):
            await self.rotation.bring(service, number)
        for number in reversed(range(count, self.rotation.count(service))):
            await self.rotation.stop(service, number)

    async def _kill(self, connection: asyncpg.Connection) -> None:
        """One of deadline's, on which appointments hang, or of what was scaled instead."""
        service = (
            "deadline" if "deadline" in self.run.orders.services else self.run.orders.services[0]
        )
        victim, name = (service, STEPS[-1] - 1), f"{service} {STEPS[-1] - 1}"
        self.console.print(f"{name} is killed…")
        self.run.killed[name] = await kill_and_watch(self.stack, self.rotation, connection, *victim)
        await self.rotation.bring(*victim)


async def _idle_share(stack: Stack) -> float:
    """CPU-seconds a second of one replica, when all is quiet."""
    connection = await asyncpg.connect(stack.dsn("ledger"))
    try:
        meter = Meter(stack, connection)
        before = await meter.read()
        await asyncio.sleep(IDLE_SECONDS)
        idle = between(before, await meter.read())
    finally:
        await connection.close()
    return idle.cpu_seconds / idle.seconds / len(before.cpu_seconds)
