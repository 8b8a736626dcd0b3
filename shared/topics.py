"""The topics of deploy/kafka/topics.yaml, and what differs from them on a broker."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.sign_in import NOBODY, SignIn

LIST = Path(__file__).parents[1] / "deploy" / "kafka" / "topics.yaml"
DAY_MS = 24 * 60 * 60 * 1000


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


async def check_topics(
    bootstrap_servers: str,
    *,
    with_local: bool,
    replicas: int = 1,
    sign_in: SignIn = NOBODY,
) -> list[str]:
    """What differs from the list, without creating anything."""
    topics = listed_topics(with_local=with_local)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, **sign_in.for_aiokafka())
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [f"{topic.name} is missing" for topic in topics if topic.name not in there]
        present = [topic for topic in topics if topic.name in there]
        return missing + await differences(admin, present, replicas)
    finally:
        await admin.close()


async def differences(
    admin: AIOKafkaAdminClient, topics: Sequence[Topic], replicas: int
) -> list[str]:
    """What a person must look at, topic by topic. Raises `TopicError`."""
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
    needed = int(settings.get("min.insync.replicas") or 1)
    in_sync = min((len(partition["isr"]) for partition in partitions), default=0)
    if in_sync < needed:
        found.append(
            f"{topic.name} has {in_sync} replicas in sync; it takes nothing with fewer than {needed}"
        )
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
