"""The list of topics, and the command that keeps a broker in line with it."""

import os

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.brokers import Broker
from deploy.local.topics import (
    Topic,
    TopicError,
    check_topics,
    create_on,
    create_topics,
    listed_topics,
)
from shared.events.catalogue import CLOCK_TOPIC, COMPACTED, EVENTS

pytestmark = pytest.mark.broker


def test_the_list_names_every_topic_of_the_wire_and_no_other() -> None:
    said = {event.TOPIC for event in EVENTS.values()}
    assert {topic.name for topic in listed_topics(with_local=False)} == said
    assert {topic.name for topic in listed_topics(with_local=True)} == said | {CLOCK_TOPIC}


def test_whole_states_are_compacted_and_histories_are_not() -> None:
    for topic in listed_topics(with_local=True):
        assert topic.cleanup == ("compact" if topic.name in COMPACTED else "delete")


def test_topics_keyed_by_dossier_have_the_same_partitions() -> None:
    by_dossier = [t for t in listed_topics(with_local=False) if t.name not in COMPACTED]
    assert {topic.partitions for topic in by_dossier} == {12}


async def test_missing_topics_are_created_once_and_then_nothing_differs(kafka: str) -> None:
    await create_topics(kafka, with_local=True)
    again = await create_topics(kafka, with_local=True)
    assert again.created == ()
    assert again.differences == ()
    assert await check_topics(kafka, with_local=True) == []


async def test_differences_are_named_and_left_alone(fresh_broker: Broker) -> None:
    servers = fresh_broker.bootstrap_servers
    wrong = Topic("thanthien.dossiers.v1", 3, "compact", None, is_local=False)
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await create_on(admin, [wrong], replicas=1)
    finally:
        await admin.close()

    before = await check_topics(servers, with_local=False)
    assert "thanthien.agencies.v1 is missing" in before
    report = await create_topics(servers, with_local=False)
    assert len(report.created) == 4
    assert "thanthien.dossiers.v1 has 3 partitions; 12 are listed" in report.differences
    assert (
        "thanthien.dossiers.v1 has cleanup.policy=compact; delete is listed" in report.differences
    )
    assert all(line.startswith("thanthien.dossiers.v1 ") for line in report.differences)


@pytest.mark.skipif(os.environ.get("KAFKA") != "apache", reason="Tansu refuses no name")
async def test_a_topic_the_broker_refuses_is_named(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        with pytest.raises(TopicError, match="not a name"):
            await create_on(admin, [Topic("not a name", 1, "delete", None, True)], replicas=1)
    finally:
        await admin.close()
