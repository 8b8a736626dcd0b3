"""The stack starts whole, or not at all, and leaves no process behind however it ends."""

import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from deploy.local.brokers import speaks_kafka
from deploy.local.children import CHECKOUT, ChildError
from deploy.local.stack import Stack
from deploy.local.tests.stack_in_a_process import STANDINS
from deploy.local.topics import check_topics
from shared.identity import Identity, Role

pytestmark = pytest.mark.broker

PATIENCE_SECONDS = 30


def children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


@pytest.fixture
async def stack(open_directory: Path) -> AsyncIterator[Stack]:
    async with Stack("test", parent=open_directory, package=STANDINS, is_durable=False) as started:
        yield started


async def ask(stack: Stack, service: str, replica: int = 0) -> dict[str, str]:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer: dict[str, str] = (await client.get(stack.url(service, replica))).json()
        return answer


async def test_services_are_told_their_own_address_role_and_issuer(stack: Stack) -> None:
    told = await ask(stack, "deadline")
    assert told["DATABASE_URL"] == stack.dsn("deadline")
    assert told["KAFKA_BOOTSTRAP_SERVERS"] == stack.kafka
    assert told["PUBLIC_BASE_URL"] == stack.deadline_url
    assert told["CLOCK"] == "system"
    assert told["ENVIRONMENT"] == "local"
    identity = Identity.load(
        told["OIDC_ISSUER"], told["OIDC_AUDIENCE"], told["OIDC_JWKS"], told["ENVIRONMENT"]
    )
    assert identity.check(stack.token("inspector")).role == Role.INSPECTOR


async def test_topics_and_schemas_are_there(stack: Stack) -> None:
    assert await check_topics(stack.kafka, with_local=True) == []
    connection = await asyncpg.connect(stack.dsn("feedback"))
    try:
        assert await connection.fetchval("SELECT current_schema()") == "feedback"
        assert await connection.fetchval("SHOW synchronous_commit") == "on"
    finally:
        await connection.close()


async def test_a_killed_service_comes_back_at_its_address(stack: Stack) -> None:
    url = stack.intake_url
    stack.kill("intake")
    with pytest.raises(httpx.ConnectError):
        await ask(stack, "intake")
    await stack.start_service("intake", environment={"CLOCK": "virtual"})
    assert stack.intake_url == url
    assert (await ask(stack, "intake"))["CLOCK"] == "virtual"
    await stack.restart("intake")
    assert (await ask(stack, "intake"))["CLOCK"] == "system"


async def test_replicas_have_addresses_and_instances_of_their_own(stack: Stack) -> None:
    await stack.start_service("deadline", 1)
    first, second = await ask(stack, "deadline"), await ask(stack, "deadline", 1)
    names = ("0", "1") if stack.broker.keeps_places else ("", "")
    assert (first["INSTANCE_ID"], second["INSTANCE_ID"]) == names
    assert stack.url("deadline", 1) != stack.deadline_url
    assert stack.log("deadline", 1) != stack.log("deadline")


async def test_database_connections_of_one_role_can_be_cut(stack: Stack) -> None:
    cut = await asyncpg.connect(stack.dsn("intake"))
    kept = await asyncpg.connect(stack.dsn("deadline"))
    assert await stack.cut_database_connections("intake") == 1
    # How asyncpg says so hangs on how far the news has come.
    with pytest.raises(
        (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError)
    ):
        await cut.fetchval("SELECT 1")
    assert await kept.fetchval("SELECT 1") == 1
    await kept.close()
    cut.terminate()


async def test_two_stacks_of_one_name_do_not_meet(stack: Stack, open_directory: Path) -> None:
    async with Stack("test", parent=open_directory, package=STANDINS, is_durable=False) as second:
        assert second.directory != stack.directory
        assert second.dsn("intake") != stack.dsn("intake")
        assert second.kafka != stack.kafka


async def test_the_broker_can_be_cut_off_and_given_back(open_directory: Path) -> None:
    async with Stack(
        "cut", parent=open_directory, package=STANDINS, is_durable=False, is_broker_cuttable=True
    ) as stack:
        port = int(stack.kafka.rpartition(":")[2])
        await stack.cut_broker()
        assert not speaks_kafka(port)
        await stack.mend_broker()
        assert await check_topics(stack.kafka, with_local=True) == []


async def test_leaving_stops_everything_and_keeps_the_logs(open_directory: Path) -> None:
    before = children()
    async with Stack("left", parent=open_directory, package=STANDINS, is_durable=False) as stack:
        assert len(children() - before) >= 5
        data = stack.postgres.directory
    assert children() == before
    assert not data.exists()
    assert stack.log("intake").exists()


@pytest.mark.parametrize("step", ["migrate", "serve"])
async def test_a_failed_start_names_the_part_and_leaves_nothing(
    open_directory: Path, step: str
) -> None:
    before = children()
    with pytest.raises(ChildError, match=f"(?s)ended with code 1.*told not to {step}"):
        async with Stack(
            "failed",
            parent=open_directory,
            package=STANDINS,
            is_durable=False,
            environment={"FAILS_TO": step},
        ):
            raise AssertionError("it must not start")
    assert children() == before


@pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_process_outlives_its_parent(open_directory: Path, order: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "deploy.local.tests.stack_in_a_process", open_directory],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        started = psutil.Process(parent.pid).children(recursive=True)
        assert len(started) >= 5
        parent.send_signal(order)
        parent.wait(PATIENCE_SECONDS)
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while any(map(is_alive, started)) and time.monotonic() < give_up_at:
        time.sleep(0.05)
    assert list(filter(is_alive, started)) == []


def is_alive(process: psutil.Process) -> bool:
    """Not gone, and not merely waiting for somebody to take note of its end."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
