"""What every test may ask for: a PostgreSQL server, fresh databases, a Kafka broker."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from deploy.local.postgres import Database, Postgres

_NUMBERS = count(1)


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
