"""A broker and a folder of the test's own, for what would disturb the session's; and the ledger's world."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.brokers import Broker, Tansu
from deploy.local.calls import Calls
from deploy.local.demo.plan import draw_plan
from deploy.local.demo.play import play, register
from deploy.local.demo.story import choose, tell_story
from deploy.local.demo.tally import tally
from deploy.local.demo.town import read_town
from deploy.local.postgres import SERVICES
from deploy.local.replaying.command import Prepared, prepare
from deploy.local.replaying.mapping import BOSTON
from deploy.local.stack import Stack
from deploy.local.tests.ledger_world import DOSSIERS_PER_UNIT, World, handle_reports, read_records
from deploy.local.tests.replayed_logs import LINES, log_file
from deploy.local.tests.test_demo import shown
from deploy.local.timekeeper import Timekeeper


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


@pytest.fixture(scope="package")
def world_directory() -> Iterator[Path]:
    """PostgreSQL gets to it, whoever runs the tests."""
    made = Path(tempfile.mkdtemp(prefix="thanthien-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="package")
async def world(world_directory: Path) -> AsyncIterator[World]:
    town = read_town()
    # Enough of everything in few dossiers.
    few = {
        code: replace(unit, dossiers=DOSSIERS_PER_UNIT, slow=30)
        for code, unit in town.units.items()
    }
    happens = {**town.happens, "incomplete": 30, "appraisal_gap": 20, "rated": 100}
    town = replace(town, units=few, happens=happens)
    plan = draw_plan(town)
    reported, inspectorate, *_ = sorted(town.units)
    inspecting = {"INSPECTORATES": inspectorate}
    async with Stack(
        "test", clock="virtual", parent=world_directory, is_durable=False, environment=inspecting
    ) as stack:
        urls = {service: stack.url(service) for service in SERVICES}
        ledger = stack.dsn("ledger")
        async with (
            Calls(urls, stack.token) as calls,
            Timekeeper.driving(urls, ledger, stack.kafka) as keeper,
        ):
            await keeper.act_at(town.instant(town.opens_at))
            await register(town, calls)
            await play(town, plan, calls, keeper)
            tallies = dict(await tally(town, ledger))
            story = shown(await tell_story(*await choose(ledger), calls, town.zone))
            await handle_reports(calls, reported)
            await keeper.ring_until(town.instant(town.until))
        for service in SERVICES:
            await stack.stop_service(service)
        records = tuple(await read_records(stack.kafka))
        yield World(stack.postgres, stack.kafka, records, town, plan, story, tallies)


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    return prepare(log_file(tmp_path, *LINES), BOSTON, None)
