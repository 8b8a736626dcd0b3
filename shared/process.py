"""One service as a running process: what `main` wires, started in order and stopped in reverse."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import asyncpg
import orjson
import structlog
import uvicorn
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from shared import telemetry
from shared.backlog import Backlog
from shared.broker import Ears
from shared.clock import Clock, SystemClock, VirtualClock
from shared.doctor.broker import examine_topics
from shared.doctor.database import examine_role, examine_schema
from shared.doctor.findings import in_words
from shared.events.base import Event
from shared.events.catalogue import CLOCK_TOPIC
from shared.health import health_routes
from shared.hearing import Hearing
from shared.http_metrics import HttpMetrics
from shared.http_traces import HttpTraces
from shared.identity import Identity
from shared.inbox import Apply
from shared.lanes import hear_poll
from shared.letters import Opener
from shared.openapi import DocumentedApp
from shared.postgres import PLUMBING, is_transient, open_pool
from shared.problems import install_problem_handlers
from shared.relay import Relay, new_producer
from shared.settings import ServiceSettings
from shared.topics import TopicError

log = structlog.get_logger()

STOP_SECONDS = 20
STARTUP_FAILURE = 3
"""What `uvicorn.run` ends with where the application does not start."""
PAUSE_SECONDS = 0.5
FOUNDATIONS_SECONDS = 30.0
CLOCK_WAIT_MS = 20
"""The embedded broker overlooks a record that arrives as a fetch begins, until the fetch ends."""

Task = Callable[[], Coroutine[Any, Any, None]]


class Parts:
    """What every service has: a clock, a pool once open, and the tasks that run beside requests."""

    def __init__(self, name: str, settings: ServiceSettings) -> None:
        self.name = name
        self.settings = settings
        self.clock: Clock = VirtualClock() if settings.clock == "virtual" else SystemClock()
        self.ears: Ears | None = None
        self.relay: Relay | None = None
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.migrations: Path | None = None
        """The service's own; readiness holds the schema against them."""
        self.wrong: dict[str, str] = {}
        """What `watch_foundations` last found."""
        self.stack = AsyncExitStack()
        self._pool: asyncpg.Pool | None = None

    @property
    def pool(self) -> asyncpg.Pool:
        """The pool. Raises `RuntimeError` while the service is not open."""
        if self._pool is None:
            raise RuntimeError(f"{self.name} is not open")
        return self._pool

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Parts"]:
        """Open the pool, follow the virtual clock; what is added meanwhile stops before they do."""
        async with self.stack:
            self._pool = await open_pool(self.settings.database_url, size=self.settings.pool_size)
            self.stack.push_async_callback(_close_pool, self._pool)
            self.stack.push_async_callback(_cancel, self.tasks)
            if isinstance(self.clock, VirtualClock):
                clock = self.clock
                self.run_beside("clock", lambda: follow_clock(self.settings, clock, self.name))
            yield self

    def run_beside(self, name: str, work: Task) -> None:
        """Run `work` until the service stops; if it ends or fails before, readiness says so."""
        self.tasks[name] = asyncio.create_task(work(), name=name)
        self.tasks[name].add_done_callback(_report)

    def listen(self, channel: str, on_notify: Callable[[str], None]) -> None:
        """Call `on_notify(payload)` on every NOTIFY; also once, with "", after each reconnection."""
        self.run_beside(
            f"listen {channel}",
            lambda: listen_for_ever(self.settings.database_url, channel, on_notify),
        )

    async def why_not_ready(self) -> dict[str, str]:
        """What is missing, by part."""
        missing = {name: "has ended" for name, task in self.tasks.items() if task.done()}
        missing |= self.wrong
        if self.ears is not None and (why := self.ears.why_not_ready()):
            missing["kafka"] = why
        try:
            async with asyncio.timeout(2):
                await self.pool.fetchval("select 1")
        except Exception as error:
            if not is_transient(error):
                raise
            missing["database"] = repr(error)[:200]
        return missing

    async def observe(self) -> None:
        """Refresh what /metrics reads."""
        if self.ears is not None:
            await self.ears.lag()
        idle = self.pool.get_idle_size()
        telemetry.POOL.labels("idle").set(idle)
        telemetry.POOL.labels("busy").set(self.pool.get_size() - idle)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a task has ended", task=task.get_name(), exc_info=error)


async def listen_for_ever(dsn: str, channel: str, on_notify: Callable[[str], None]) -> None:
    """LISTEN on a connection of its own, anew whenever it breaks."""
    while True:
        lost = asyncio.Event()
        try:
            connection = await asyncpg.connect(dsn)
            try:
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                await connection.add_listener(channel, lambda *heard: on_notify(str(heard[3])))
                on_notify("")  # whatever was missed while away
                await lost.wait()
            finally:
                connection.terminate()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("listening pauses", channel=channel, error=repr(error)[:200])
        await asyncio.sleep(PAUSE_SECONDS)


async def watch_foundations(parts: Parts) -> None:
    """Look again and again whether topics, schema and role are as they must be, for readiness.

    A broker or database that is away is not judged here: what was found before stands.
    """
    settings = parts.settings
    while True:
        try:
            parts.wrong = await foundations_in_words(parts.pool, settings, parts.migrations)
            pause_seconds = FOUNDATIONS_SECONDS
        except Exception as error:
            if not (isinstance(error, KafkaError | TopicError) or is_transient(error)):
                raise
            log.warning("the foundations cannot be looked at", error=repr(error)[:300])
            pause_seconds = PAUSE_SECONDS
        await asyncio.sleep(pause_seconds)


async def foundations_in_words(
    pool: asyncpg.Pool, settings: ServiceSettings, migrations: Path | None
) -> dict[str, str]:
    """What is wrong with topics, schema and role, by part.

    Raises what the broker's and the database's clients raise.
    """
    topics = await examine_topics(
        settings.kafka_bootstrap_servers,
        settings.kafka_replicas,
        with_local=settings.clock == "virtual",
        sign_in=settings.kafka_sign_in,
    )
    async with pool.acquire() as connection:
        borrowed = cast(asyncpg.Connection, connection)
        role = await examine_role(borrowed)
        own = [] if migrations is None else [PLUMBING, migrations]
        schema = await examine_schema(borrowed, own) if own else []
    return in_words([*topics, *schema, *role])


def ear(parts: Parts, understood: Collection[type[Event]], apply: Apply) -> Hearing:
    """The service's ear on its open pool."""
    return Hearing(parts.pool, Opener(understood), apply, parts.clock, telemetry.HearingMetrics())


async def speak_and_hear(
    parts: Parts, topics: Sequence[str], understood: Collection[type[Event]], apply: Apply
) -> Hearing:
    """Start the relay and the subscription; return the ear, for dead letters' sake."""
    settings = parts.settings
    producer = new_producer(settings.kafka_bootstrap_servers, settings.kafka_sign_in)
    await producer.start()
    parts.stack.push_async_callback(_bounded, producer.stop)
    parts.relay = Relay(settings.database_url, parts.name, producer)
    parts.run_beside("relay", parts.relay.run)
    # Before the producer: what is being said is said to its end, and another replica leads at once.
    parts.stack.push_async_callback(parts.relay.hand_over, parts.tasks["relay"])
    parts.wrong = {"foundations": "not looked at yet"}
    parts.run_beside("foundations", lambda: watch_foundations(parts))
    parts.run_beside("backlog", Backlog(lambda: parts.pool, parts.clock.now).run)
    hearing = ear(parts, understood, apply)
    instance = f"{parts.name}-{settings.instance_id}" if settings.instance_id else None
    parts.ears = Ears(
        settings.kafka_bootstrap_servers,
        topics,
        parts.name,
        partial(hear_poll, hearing),
        instance=instance,
        session_timeout_ms=settings.kafka_session_timeout_ms,
        fetch_max_wait_ms=settings.kafka_fetch_max_wait_ms,
        sign_in=settings.kafka_sign_in,
    )
    await hearing.release_waiting()
    await parts.ears.start()
    # Before the tasks: the batch in hand may still need them, and nothing new must come in.
    parts.stack.push_async_callback(_bounded, parts.ears.stop)
    return hearing


async def follow_clock(settings: ServiceSettings, clock: VirtualClock, name: str) -> None:
    """Set the virtual clock to what the clock topic says, from its beginning on.

    A record's key lists the services it is for; without one it is for all. So a replay can let
    deadline look at its clock last, when it has heard of all that happened until then.
    """
    consumer = AIOKafkaConsumer(
        CLOCK_TOPIC,
        bootstrap_servers=settings.kafka_bootstrap_servers,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=CLOCK_WAIT_MS,
        **settings.kafka_sign_in.for_aiokafka(),
    )
    await consumer.start()
    try:
        async for record in consumer:
            if record.key is None or name in record.key.decode().split():
                await clock.set(datetime.fromisoformat(orjson.loads(record.value)["now"]))
    finally:
        await consumer.stop()


UNTOLD: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}
"""FastAPI's own telemetry tells paths, which hold citizens' secret links, and what errors quote."""

Starting = Callable[[Parts], Coroutine[Any, Any, None]]
"""What a service starts once its pool is open: listeners, timers, its ears."""


def new_app(parts: Parts, title: str, start: Starting) -> FastAPI:
    """The service's FastAPI application: problem details, identity, health and metrics."""
    settings = parts.settings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.identity = Identity.load(
            settings.oidc_issuer, settings.oidc_audience, settings.oidc_jwks, settings.environment
        )
        async with sending_traces(settings, parts.name), parts.open():
            await start(parts)
            _spare_the_collector()
            log.info("serving", port=settings.http_port)
            yield

    app = DocumentedApp(title=title, version="1", lifespan=lifespan, telemetry=UNTOLD)
    app.add_middleware(HttpMetrics)
    if settings.keeps_traces:
        app.add_middleware(HttpTraces)
    install_problem_handlers(app)
    app.include_router(health_routes(parts.why_not_ready, parts.observe, parts.clock.now))
    return app


def sending_traces(settings: ServiceSettings, name: str) -> AbstractAsyncContextManager[None]:
    """While inside, traces are kept and sent, where the settings name a collector."""
    if not settings.keeps_traces:
        return nullcontext()
    from shared.otlp import sending

    return sending(
        name,
        settings.instance_id,
        settings.otel_exporter_otlp_endpoint,
        settings.otel_traces_sampler_arg,
    )


def _spare_the_collector() -> None:
    """What was made at the start stays: it need not be looked through at every collection.

    A batch makes thousands of objects and drops them by reference count; at Python's thresholds the
    collector took a quarter of a busy process's time to find nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Run until SIGTERM or SIGINT, then drain."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_level="warning",
            log_config=None,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )
    # An answer without an end asks now and then: else the server would wait for it until it gives up.
    app.state.is_stopping = lambda: server.should_exit
    with suppress(KeyboardInterrupt):  # it has drained: SIGINT is raised once more at its end
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


async def _bounded(stop: Task) -> None:
    """Stop a client, but not for ever: aiokafka's stop() can hang."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await stop()
    except TimeoutError:
        log.warning("a client did not stop in time", client=repr(stop)[:100])


async def _cancel(tasks: dict[str, asyncio.Task[None]]) -> None:
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


async def _close_pool(pool: asyncpg.Pool) -> None:
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()
