"""A broker and a folder of the test's own, for what would disturb the session's."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.brokers import Broker, Tansu


@pytest.fixture
def fresh_broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Tansu(tmp_path)
    broker.begin()
    broker.wait_until_ready()
    yield broker
    broker.stop()


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """As tmp_path, but PostgreSQL gets to it whoever runs the tests: root's tmp_path is closed."""
    directory = Path(tempfile.mkdtemp(prefix="thanthien-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)
