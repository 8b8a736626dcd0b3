"""The brokers of the local stack start, stop and start again at the same address."""

import os
import socket
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.brokers import Broker, RunningBroker, Tansu, choose_broker, speaks_kafka
from deploy.local.topics import Topic, create_on

pytestmark = pytest.mark.broker


async def say(servers: str, topic: str, body: bytes) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await create_on(admin, [Topic(topic, 1, "delete", None, is_local=True)], replicas=1)
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    await producer.start()
    await producer.send_and_wait(topic, body)
    await producer.stop()


async def hear(servers: str, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    record = await consumer.getone()
    await consumer.stop()
    assert isinstance(record.value, bytes)
    return record.value


@pytest.fixture
def own_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Broker:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    return choose_broker(tmp_path)


async def test_a_broker_starts_carries_a_record_and_stops(own_broker: Broker) -> None:
    own_broker.begin()
    try:
        own_broker.wait_until_ready()
        await say(own_broker.bootstrap_servers, "greetings", b"xin chao")
        assert await hear(own_broker.bootstrap_servers, "greetings") == b"xin chao"
    finally:
        own_broker.stop()
    assert not speaks_kafka(int(own_broker.bootstrap_servers.rpartition(":")[2]))


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_broker_comes_back_at_its_address_with_what_it_keeps(
    own_broker: Broker, how: str
) -> None:
    own_broker.begin()
    try:
        own_broker.wait_until_ready()
        address = own_broker.bootstrap_servers
        await say(address, "greetings", b"xin chao")
        getattr(own_broker, how)()
        own_broker.begin()
        own_broker.wait_until_ready()
        assert own_broker.bootstrap_servers == address
        admin = AIOKafkaAdminClient(bootstrap_servers=address)
        await admin.start()
        assert ("greetings" in await admin.list_topics()) is own_broker.keeps_data
        await admin.close()
    finally:
        own_broker.stop()


def test_the_environment_chooses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.delenv("KAFKA", raising=False)
    assert isinstance(choose_broker(tmp_path), Tansu)
    monkeypatch.setenv("KAFKA", "rabbit")
    with pytest.raises(ValueError, match="'rabbit'; tansu or apache"):
        choose_broker(tmp_path)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    assert isinstance(choose_broker(tmp_path), RunningBroker)
    assert os.environ["KAFKA"] == "rabbit", "a broker that runs already wins"


async def test_a_cut_broker_is_gone_and_comes_back_with_what_it_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    broker = choose_broker(tmp_path, is_cuttable=True)
    port = int(broker.bootstrap_servers.rpartition(":")[2])
    broker.begin()
    try:
        broker.wait_until_ready()
        await say(broker.bootstrap_servers, "greetings", b"xin chao")
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            broker.cut()
            assert connection.recv(1) == b"", "an open connection breaks"
        assert not speaks_kafka(port), "a new one is refused"
        broker.mend()
        broker.wait_until_ready()
        assert await hear(broker.bootstrap_servers, "greetings") == b"xin chao"
    finally:
        broker.stop()
