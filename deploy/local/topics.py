"""The topics of deploy/kafka/topics.yaml: creates what is missing, reports what differs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

LIST = Path(__file__).parents[1] / "kafka" / "topics.yaml"
DAY_MS = 24 * 60 * 60 * 1000
ALREADY_EXISTS = 36
PATIENCE_SECONDS = 15.0


class TopicError(RuntimeError):
    """The broker refused a topic; the message names the topic and the broker's reason."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it should be."""

    name: str
    partitions: int
    cleanup: str
    retention_days: int | None
    is_local: bool

    def settings(self, replicas: int) -> dict[str, str]:
        """Kafka's topic configuration."""
        settings = {"cleanup.policy": self.cleanup, "message.timestamp.type": "LogAppendTime"}
        if self.retention_days is not None:
            settings["retention.ms"] = str(self.retention_days * DAY_MS)
        if replicas > 1:
            settings["min.insync.replicas"] = str(replicas - 1)
        return settings


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What was done and what a person must look at."""

    created: tuple[str, ...]
    differences: tuple[str, ...]


def listed_topics(*, with_local: bool) -> tuple[Topic, ...]:
    """The list, with or without the topics that only a virtual clock needs."""
    topics = (
        Topic(
            name=name,
            partitions=entry["partitions"],
            cleanup=entry["cleanup"],
            retention_days=entry.get("retention_days"),
            is_local=entry.get("local", False),
        )
        for name, entry in yaml.safe_load(LIST.read_text()).items()
    )
    return tuple(topic for topic in topics if with_local or not topic.is_local)


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
        differences = await _differences(admin, topics, replicas)
        return TopicReport(tuple(topic.name for topic in missing), tuple(differences))
    finally:
        await admin.close()


async def check_topics(bootstrap_servers: str, *, with_local: bool, replicas: int = 1) -> list[str]:
    """What differs from the list, without creating anything."""
    topics = listed_topics(with_local=with_local)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [f"{topic.name} is missing" for topic in topics if topic.name not in there]
        present = [topic for topic in topics if topic.name in there]
        return missing + await _differences(admin, present, replicas)
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


async def _differences(
    admin: AIOKafkaAdminClient, topics: Sequence[Topic], replicas: int
) -> list[str]:
    if not topics:
        return []
    described = {
        topic["topic"]: topic
        for topic in await admin.describe_topics([topic.name for topic in topics])
    }
    settings = await _settings(admin, topics)
    return [
        difference
        for topic in topics
        for difference in _compare(topic, described[topic.name], settings[topic.name], replicas)
    ]


def _compare(
    topic: Topic, described: dict[str, Any], settings: dict[str, str], replicas: int
) -> list[str]:
    found = []
    partitions = described["partitions"]
    if len(partitions) != topic.partitions:
        found.append(
            f"{topic.name} has {len(partitions)} partitions; {topic.partitions} are listed"
        )
    fewest = min((len(partition["replicas"]) for partition in partitions), default=0)
    if fewest < replicas:
        found.append(f"{topic.name} has {fewest} replicas; {replicas} are asked")
    for key, value in topic.settings(replicas).items():
        if settings.get(key) != value:
            found.append(f"{topic.name} has {key}={settings.get(key)}; {value} is listed")
    return found


async def _settings(
    admin: AIOKafkaAdminClient, topics: Sequence[Topic]
) -> dict[str, dict[str, str]]:
    answers = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    )
    settings: dict[str, dict[str, str]] = {}
    for answer in answers:
        for code, reason, _, name, entries, *_ in answer.resources:
            if code != 0:
                raise TopicError(f"{name} cannot be described: {reason or f'error {code}'}")
            settings[name] = {entry[0]: entry[1] for entry in entries}
    return settings
