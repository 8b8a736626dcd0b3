"""A broker of the test's own, for what would disturb the session's."""

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
