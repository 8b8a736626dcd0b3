"""PostgreSQL and Kafka for a measurement."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Literal

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.apache import ApacheKafka
from deploy.local.brokers import Broker, Tansu
from deploy.local.directories import HeldDirectory
from deploy.local.postgres import Database, Postgres
from deploy.local.topics import Topic, create_on, create_topics
from shared.postgres import PLUMBING, migrate

BrokerName = Literal["embedded", "apache"]

PARTITIONS = 12
"""As many as the topics that carry dossiers have."""

SERVICES = Path(__file__).parents[1] / "services"


class Databases:
    """A durable PostgreSQL, and fresh databases on demand."""

    def __init__(self, directory: Path, postgres: Postgres) -> None:
        self.directory = directory
        self._postgres = postgres
        self._numbers = count(1)

    @asynccontextmanager
    async def database(self, service: str = "deadline") -> AsyncIterator[Database]:
        """A fresh database with a service's tables."""
        database = Database(self._postgres, f"bench_{next(self._numbers)}")
        await self._postgres.create_database(database.name)
        await migrate(database.dsn(service), [PLUMBING, SERVICES / service / "migrations"])
        yield database
        await self._postgres.drop_database(database.name)

    @asynccontextmanager
    async def copy(self, template: Database) -> AsyncIterator[Database]:
        """A copy of a database nobody is connected to."""
        database = Database(self._postgres, f"bench_{next(self._numbers)}")
        await self._postgres.clone_database(template.name, database.name)
        yield database
        await self._postgres.drop_database(database.name)

    async def settle(self) -> None:
        """Write down what was filled in, so that the server does not do so amid a measurement."""
        connection = await asyncpg.connect(self._postgres.admin_dsn)
        try:
            await connection.execute("checkpoint", timeout=None)
        finally:
            await connection.close()

    def name_run(self, label: str) -> str:
        """A name no other run has, for its files and its consumer group."""
        return f"{label}-{next(self._numbers)}"


class Parts(Databases):
    """Databases, and a broker with the listed topics."""

    def __init__(self, directory: Path, postgres: Postgres, broker: Broker) -> None:
        super().__init__(directory, postgres)
        self.broker = broker

    @property
    def kafka(self) -> str:
        return self.broker.bootstrap_servers

    async def make_topic(self, label: str) -> str:
        """A topic of its own for one run, with as many partitions as those of dossiers have."""
        topic = Topic(f"bench.{label}", PARTITIONS, "delete", 1, is_local=True)
        await make_topics(self.kafka, [topic])
        return topic.name


@asynccontextmanager
async def open_databases(settings: Mapping[str, str] | None = None) -> AsyncIterator[Databases]:
    """Start PostgreSQL alone, waiting for the disk at each commit; stop it afterwards."""
    held = HeldDirectory("bench")
    try:
        with _server(held.path, settings) as postgres:
            yield Databases(held.path, postgres)
            postgres.remove()
    finally:
        held.release()


@asynccontextmanager
async def open_parts(broker_name: BrokerName) -> AsyncIterator[Parts]:
    """Start PostgreSQL, waiting for the disk at each commit, and a broker; stop both afterwards."""
    held = HeldDirectory("bench")
    try:
        broker = new_broker(broker_name, held.path)
        broker.begin()
        try:
            with _server(held.path) as postgres:
                await asyncio.to_thread(broker.wait_until_ready)
                await create_topics(broker.bootstrap_servers, with_local=False)
                yield Parts(held.path, postgres, broker)
                postgres.remove()
        finally:
            broker.stop()
    finally:
        held.release()


def _server(directory: Path, settings: Mapping[str, str] | None = None) -> Postgres:
    """A server with memory for what is measured, as one who keeps millions of dossiers gives it: the
    usual quarter of eight gigabytes."""
    return Postgres(
        directory / "postgres", is_durable=True, shared_buffers="2GB", settings=settings
    )


async def make_topics(kafka: str, topics: Sequence[Topic]) -> None:
    """Create topics that are on no list, and wait until they can be used."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await create_on(admin, topics, replicas=1)
    finally:
        await admin.close()


def new_broker(name: BrokerName, directory: Path) -> Broker:
    return Tansu(directory) if name == "embedded" else ApacheKafka(directory)
