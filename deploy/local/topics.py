"""Creates what is missing of the topics that `shared/topics.py` reads, and reports what differs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.topics import Topic, TopicError, check_topics, differences, listed_topics

__all__ = ["Topic", "TopicError", "TopicReport", "check_topics", "create_topics", "listed_topics"]

ALREADY_EXISTS = 36
PATIENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What was done and what a person must look at."""

    created: tuple[str, ...]
    differences: tuple[str, ...]


async def create_topics(
    bootstrap_servers: str, *, with_local: bool, replicas: int = 1
) -> TopicReport:
    """Create missing topics, change none. Raises `TopicError` and aiokafka's connection errors."""
    topics = listed_topics(with_local=with_local)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in there]
        await create_on(admin, missing, replicas)
        found = await differences(admin, topics, replicas)
        return TopicReport(tuple(topic.name for topic in missing), tuple(found))
    finally:
        await admin.close()


async def count_records(bootstrap_servers: str) -> int:
    """How many records the listed topics have been given, as far as they still know."""
    partitions = await _partitions(bootstrap_servers)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    await consumer.start()
    try:
        return sum((await consumer.end_offsets(partitions)).values())
    finally:
        await consumer.stop()


async def _partitions(bootstrap_servers: str) -> list[TopicPartition]:
    """Of the listed topics that are there. A consumer knows only what it subscribes to."""
    names = {topic.name for topic in listed_topics(with_local=True)}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        there = names & set(await admin.list_topics())
        return [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in (await admin.describe_topics(sorted(there)) if there else ())
            for partition in topic["partitions"]
        ]
    finally:
        await admin.close()


async def create_on(admin: AIOKafkaAdminClient, topics: Sequence[Topic], replicas: int) -> None:
    """Create these topics and wait until they can be used. Raises `TopicError`."""
    if not topics:
        return
    answer = await admin.create_topics(
        [
            NewTopic(topic.name, topic.partitions, replicas, topic_configs=topic.settings(replicas))
            for topic in topics
        ]
    )
    for name, code, reason in answer.topic_errors:
        # Somebody else may create the same list at the same time.
        if code not in (0, ALREADY_EXISTS):
            raise TopicError(f"{name} was refused: {reason or f'error {code}'}")
    await _wait_for_leaders(admin, [topic.name for topic in topics])


async def _wait_for_leaders(admin: AIOKafkaAdminClient, names: list[str]) -> None:
    """A created topic can be used once every partition has a leader."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            described = await admin.describe_topics(names)
            if all(_has_leaders(topic) for topic in described):
                return
            await asyncio.sleep(0.02)


def _has_leaders(described: dict[str, Any]) -> bool:
    partitions = described["partitions"]
    return (
        described["error_code"] == 0
        and bool(partitions)
        and all(partition["leader"] >= 0 for partition in partitions)
    )
