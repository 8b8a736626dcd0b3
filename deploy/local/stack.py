"""The whole product on one machine: PostgreSQL, Kafka, topics, migrations, the three services."""

import asyncio
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import asyncpg

from deploy.local.brokers import Broker, RunningBroker, choose_broker
from deploy.local.children import CHECKOUT, Child, ChildError
from deploy.local.directories import LOCAL, HeldDirectory
from deploy.local.issuer import AUDIENCE, LocalIssuer
from deploy.local.postgres import SERVICES, Postgres
from deploy.local.replicas import Replica
from deploy.local.topics import count_records, create_topics
from shared.identity import LOCAL_ISSUER

DATABASE = "thanthien"


class Stack:
    """An async context manager; on leaving, by whatever way, nothing is left running.

    Everything is fresh and listens on free ports of 127.0.0.1. `name` is the folder under .local/;
    its logs stay. `package` holds the services, in `checkout`. `environment` is added to every service's, `replicas` says how many processes of
    each service (1 unless said). `is_delivering`: notices are delivered into files under `outbox`. Enter it from the main thread.
    """

    def __init__(
        self,
        name: str = "stack",
        *,
        clock: Literal["system", "virtual"] = "system",
        replicas: Mapping[str, int] | None = None,
        environment: Mapping[str, str] | None = None,
        is_durable: bool = True,
        is_broker_cuttable: bool = False,
        is_delivering: bool = False,
        parent: Path = LOCAL,
        package: str = "services",
        checkout: Path = CHECKOUT,
        tell: Callable[[str], None] = lambda step: None,
    ) -> None:
        self._name = name
        self._clock = clock
        self._count = {service: (replicas or {}).get(service, 1) for service in SERVICES}
        self._environment = dict(environment or {})
        self._is_durable = is_durable
        self._is_broker_cuttable = is_broker_cuttable
        self._is_delivering = is_delivering
        self._parent = parent
        self._package = package
        self._checkout = checkout
        self._tell = tell
        # As fresh as the database: nothing sealed outlives the stack.
        self._slip_keys = f"local:{secrets.token_urlsafe(32)}"
        self._identity_keys = f"local:{secrets.token_urlsafe(32)}"
        self._closing = AsyncExitStack()
        self.replicas: dict[tuple[str, int], Replica] = {}
        self.directory: Path
        self.postgres: Postgres
        self.broker: Broker
        self.issuer: LocalIssuer

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as closing:
            held = HeldDirectory(self._name, self._parent)
            closing.callback(held.release)
            self.directory = held.path
            self.issuer = LocalIssuer(self.directory / "issuer")
            await self._start_parts(closing)
            await self._start_services(closing)
            # From here on leaving is __aexit__'s; until here any failure has closed what was open.
            self._closing = closing.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._closing.aclose()

    @property
    def kafka(self) -> str:
        """Bootstrap servers."""
        return self.broker.bootstrap_servers

    @property
    def intake_url(self) -> str:
        return self.url("intake")

    @property
    def deadline_url(self) -> str:
        return self.url("deadline")

    @property
    def feedback_url(self) -> str:
        return self.url("feedback")

    @property
    def outbox(self) -> Path:
        """Where notices are delivered, a file each, if they are; gone with the stack's next start."""
        return self.directory / "outbox"

    def url(self, service: str, replica: int = 0) -> str:
        return self.replicas[service, replica].url

    def log(self, service: str, replica: int = 0) -> Path:
        return self.replicas[service, replica].log

    def dsn(self, role: str) -> str:
        """The database, for intake, deadline, feedback, ledger or the administrator (postgres)."""
        return self.postgres.dsn(DATABASE, role)

    def token(
        self, role: str, agency: str | None = None, subject: str = "local", hours: float = 12
    ) -> str:
        """A bearer token; see `LocalIssuer.token`."""
        return self.issuer.token(role, agency, subject, hours)

    def kill(self, service: str, replica: int = 0) -> None:
        """SIGKILL one process; `start_service` brings it back."""
        self.replicas[service, replica].kill()

    async def stop_service(self, service: str, replica: int = 0) -> None:
        """Let one process drain and end."""
        await self.replicas[service, replica].stop()

    async def start_service(
        self, service: str, replica: int = 0, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start one process, an old or a new one; `environment` holds for this start only."""
        if (service, replica) not in self.replicas:
            self._add(service, replica)
        self.replicas[service, replica].begin(environment)
        await self.replicas[service, replica].wait_until_ready()

    async def restart(
        self, service: str, replica: int = 0, environment: Mapping[str, str] | None = None
    ) -> None:
        """Stop in good order, and start again."""
        await self.stop_service(service, replica)
        await self.start_service(service, replica, environment)

    async def upgrade_to(self, checkout: Path) -> None:
        """Migrate to the version in `checkout`; processes added from now on are that version's."""
        self._checkout = checkout
        await _all(*map(self._migrate, SERVICES))

    async def cut_broker(self) -> None:
        """Take Kafka away from everyone, without what was said being lost.

        Apache Kafka is stopped; the embedded one needs `is_broker_cuttable`.
        """
        await asyncio.to_thread(self.broker.cut)

    async def mend_broker(self) -> None:
        """Give Kafka back; returns when it answers."""
        self.broker.mend()
        await asyncio.to_thread(self.broker.wait_until_ready)

    async def cut_database_connections(self, role: str) -> int:
        """End every connection of one service's role; how many there were."""
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            ended = await connection.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", role
            )
            return len(ended)
        finally:
            await connection.close()

    async def _start_parts(self, closing: AsyncExitStack) -> None:
        """The broker, PostgreSQL, and what the services expect to find in them."""
        started_at = time.perf_counter()
        self.broker = choose_broker(self.directory, is_cuttable=self._is_broker_cuttable)
        closing.callback(shutil.rmtree, self.directory / "kafka", ignore_errors=True)
        closing.callback(self.broker.stop)
        self.broker.begin()
        self.postgres = Postgres(self.directory / "postgres", is_durable=self._is_durable)
        closing.callback(self.postgres.remove)
        self.postgres.start()
        self._tell(f"PostgreSQL 18 on 127.0.0.1:{self.postgres.port} {_since(started_at)}")
        await self.postgres.create_database(DATABASE)
        await asyncio.to_thread(self.broker.wait_until_ready)
        self._tell(f"Kafka on {self.kafka} {_since(started_at)}")
        await _all(self._set_up_topics(), *map(self._migrate, SERVICES))
        self._tell(f"topics and migrations {_since(started_at)}")

    async def _set_up_topics(self) -> None:
        report = await create_topics(self.kafka, with_local=True)
        if report.differences:
            raise ChildError("the topics differ:\n" + "\n".join(report.differences))
        if isinstance(self.broker, RunningBroker) and (found := await count_records(self.kafka)):
            raise ChildError(
                f"{self.kafka} holds {found} records of another stack, and this one's database is"
                " fresh: delete its thanthien.* topics and consumer groups first"
            )

    async def _migrate(self, service: str) -> None:
        command = [sys.executable, "-m", f"{self._package}.{service}", "migrate"]
        log = self.directory / "logs" / f"{service}.migrate.log"
        environment = {**os.environ, **self._service_environment(service)}
        child = Child(
            f"{service} migrate", command, log, environment=environment, directory=self._checkout
        )
        try:
            code = await asyncio.to_thread(child.wait)
        except BaseException:
            child.kill()
            raise
        if code != 0:
            raise child.failure(f"ended with code {code}")

    async def _start_services(self, closing: AsyncExitStack) -> None:
        started_at = time.perf_counter()
        closing.push_async_callback(self._stop_services)
        for service, count in self._count.items():
            for number in range(count):
                self._add(service, number)
        self._lead_to_ratings()
        if self._is_delivering:
            self._deliver_into_files()
        for replica in self.replicas.values():
            replica.begin()
        await _all(*(each.wait_until_ready() for each in self.replicas.values()))
        self._tell(f"{len(self.replicas)} service processes are ready {_since(started_at)}")

    def _lead_to_ratings(self) -> None:
        """From the look-up page; ports are known only now."""
        if ("feedback", 0) in self.replicas:
            for (service, _), replica in self.replicas.items():
                if service == "intake":
                    replica.environment["RATING_BASE_URL"] = self.feedback_url

    def _deliver_into_files(self) -> None:
        token = self.directory / "issuer" / "delivery.token"
        token.touch(mode=0o600)
        token.write_text(self.token("operator", subject="delivery", hours=24 * 365))
        delivery = {
            "DELIVERY_CHANNEL": "file",
            "DELIVERY_DIRECTORY": str(self.outbox),
            "NOTICES_URL": f"{self.feedback_url}/notices",
            "NOTICES_TOKEN_FILE": str(token),
        }
        for (service, _), replica in self.replicas.items():
            if service == "intake":
                replica.environment |= delivery

    async def _stop_services(self) -> None:
        for replica in self.replicas.values():
            replica.ask_to_stop()
        await asyncio.gather(*(replica.stop() for replica in self.replicas.values()))

    def _add(self, service: str, number: int) -> None:
        self.replicas[service, number] = Replica(
            service,
            number,
            f"{self._package}.{service}",
            self.directory / "logs",
            self._service_environment(service),
            is_named=self.broker.keeps_places,
            checkout=self._checkout,
        )

    def _service_environment(self, service: str) -> dict[str, str]:
        return {
            "DATABASE_URL": self.dsn(service),
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "CLOCK": self._clock,
            "ENVIRONMENT": "local",
            "OIDC_ISSUER": LOCAL_ISSUER,
            "OIDC_AUDIENCE": AUDIENCE,
            "OIDC_JWKS": str(self.issuer.jwks),
            "SLIP_KEYS": self._slip_keys if service in ("intake", "feedback") else "",
            "IDENTITY_KEYS": self._identity_keys if service == "feedback" else "",
            # Demo, faults and bench ask for a whole town from one address.
            "PUBLIC_REQUESTS_PER_MINUTE": "0",
            **self.broker.service_environment,
            **self._environment,
        }


async def _all(*works: Coroutine[Any, Any, None]) -> None:
    """All of them at once; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _since(started_at: float) -> str:
    return f"({time.perf_counter() - started_at:.1f} s)"


def run(work: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run`, with SIGTERM and a closed terminal ending it as tidily as Ctrl-C does."""

    async def guarded() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        for order in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(order, task.cancel)
        await work

    asyncio.run(guarded())
