"""What every test may ask for: a PostgreSQL server, fresh databases, a Kafka broker, a browser."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from playwright.async_api import Browser

from deploy.local.brokers import Broker, choose_broker
from deploy.local.postgres import Database, Postgres
from deploy.local.topics import Topic, create_on
from shared.postgres import PLUMBING, migrate
from tests.browser import chromium, chromium_open

DatabaseOf = Callable[..., Awaitable[Database]]

_NUMBERS = count(1)
_TEMPLATES: set[str] = set()


@pytest.fixture(scope="session")
def session_directory() -> Iterator[Path]:
    """Where the session's servers keep their data; gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="thanthien-test-"))
    # PostgreSQL refuses root, and the account it runs as then must get to its data.
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postgres_server(session_directory: Path) -> Iterator[Postgres]:
    """One PostgreSQL for the session. It does not wait for the disk."""
    with Postgres(
        session_directory / "postgres", is_durable=False, shared_buffers="128MB"
    ) as server:
        yield server


@pytest.fixture
async def database(postgres_server: Postgres) -> AsyncIterator[Database]:
    """A database of the test's own: roles and empty schemas."""
    name = f"test_{next(_NUMBERS)}"
    await postgres_server.create_database(name)
    yield Database(postgres_server, name)
    await postgres_server.drop_database(name)


@pytest.fixture
async def database_of(postgres_server: Postgres) -> AsyncIterator[DatabaseOf]:
    """`database = await database_of("deadline")`: a database with that service's tables.

    The migrations run once per session and service; each call copies the result.
    """
    made: list[str] = []

    async def make(*services: str) -> Database:
        template = await _template(postgres_server, services)
        name = f"test_{next(_NUMBERS)}"
        await postgres_server.clone_database(template, name)
        made.append(name)
        return Database(postgres_server, name)

    yield make
    for name in made:
        await postgres_server.drop_database(name)


async def _template(server: Postgres, services: tuple[str, ...]) -> str:
    name = "template_" + "_".join(services)
    if name not in _TEMPLATES:
        await server.create_database(name)
        for service in services:
            own = Path(__file__).parent / "services" / service / "migrations"
            await migrate(server.dsn(name, service), [PLUMBING, own])
        _TEMPLATES.add(name)
    return name


@pytest.fixture(scope="session")
def kafka_broker(session_directory: Path) -> Iterator[Broker]:
    """The session's broker: embedded, or what KAFKA or KAFKA_BOOTSTRAP_SERVERS asks for."""
    broker = choose_broker(session_directory)
    broker.begin()
    broker.wait_until_ready()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def kafka(kafka_broker: Broker) -> str:
    """The session broker's bootstrap servers. It has no topics yet: see `make_topic`."""
    return kafka_broker.bootstrap_servers


@pytest.fixture
async def make_topic(kafka: str) -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """`name = await make_topic("dossiers", partitions=12)`: a topic no other test uses."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    made: list[str] = []

    async def make(label: str = "topic", partitions: int = 1, cleanup: str = "delete") -> str:
        name = f"test.{os.getpid()}.{next(_NUMBERS)}.{label}"
        await create_on(admin, [Topic(name, partitions, cleanup, None, is_local=True)], replicas=1)
        made.append(name)
        return name

    yield make
    await admin.delete_topics(made)
    await admin.close()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The session's headless Chromium: see `tests.browser`."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium here: install Debian's chromium, or name one with CHROMIUM=…")
    async with chromium_open(path) as browser:
        yield browser
