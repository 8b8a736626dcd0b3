"""What doctor asks the broker: the topics and their settings, and how far behind the service is."""

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.doctor.findings import Finding
from shared.sign_in import NOBODY, SignIn
from shared.topics import check_topics, listed_topics

LOOK_AGAIN_SECONDS = 1.0
PATIENCE_SECONDS = 15.0

CREATE = "python -m deploy.local topics --bootstrap HOST:PORT creates what is missing"
REPARTITION = "stop all services; a topic's partitions are changed with its data, not by itself"
ALTER = "set it with kafka-configs as deploy/kafka/topics.yaml says, and KAFKA_REPLICAS as meant"
REPLICAS = "bring the brokers back, or reassign the topic to as many as are asked"

READ_AS_FAR = "select topic, partition, next_offset from progress where topic = any($1)"


async def examine_topics(
    servers: str, replicas: int, *, with_local: bool, sign_in: SignIn = NOBODY
) -> list[Finding]:
    """Whether the broker has the listed topics, as they are listed. Raises aiokafka's errors."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        differences = await check_topics(
            servers, with_local=with_local, replicas=replicas, sign_in=sign_in
        )
    listed = len(listed_topics(with_local=with_local))
    found = [
        Finding("topics", said, _what_to_do(said), passes="replicas in sync" in said)
        for said in differences
    ]
    return found or [Finding("topics", f"{listed} topics are there, as listed")]


def _what_to_do(said: str) -> str:
    if said.endswith("is missing"):
        return CREATE
    if "partitions;" in said:
        return REPARTITION
    return REPLICAS if "replicas" in said and "=" not in said else ALTER


async def examine_lag(
    servers: str,
    connection: asyncpg.Connection,
    topics: Sequence[str],
    sign_in: SignIn = NOBODY,
) -> list[Finding]:
    """How far the service is behind; bad only where nothing moved between two looks.

    By its own notes, which are of one transaction with what was heard, not by the group's commits.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        ends = await _ends(servers, topics, sign_in)
    read = await _positions(connection, topics)
    behind = {place: end - read.get(place, 0) for place, end in ends.items()}
    behind = {place: lag for place, lag in behind.items() if lag > 0}
    if not behind:
        return [Finding("lag", "everything there is has been heard")]
    await asyncio.sleep(LOOK_AGAIN_SECONDS)
    later = await _positions(connection, topics)
    return [
        Finding(
            "lag",
            f"{sum(lags.values())} records of {topic} are still to be heard"
            + ("" if moves else f", and nothing moved in {LOOK_AGAIN_SECONDS:g} s"),
            None if moves else "start a replica, or look in its log at what it stumbles over",
        )
        for topic, lags in _by_topic(behind).items()
        for moves in [any(later.get(place, 0) > read.get(place, 0) for place in lags)]
    ]


async def _ends(servers: str, topics: Sequence[str], sign_in: SignIn) -> dict[tuple[str, int], int]:
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=servers, **sign_in.for_aiokafka())
    await consumer.start()
    try:
        places = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in sorted(consumer.partitions_for_topic(topic) or ())
        ]
        return {tuple(place): end for place, end in (await consumer.end_offsets(places)).items()}
    finally:
        await consumer.stop()


async def _positions(
    connection: asyncpg.Connection, topics: Sequence[str]
) -> dict[tuple[str, int], int]:
    rows = await connection.fetch(READ_AS_FAR, list(topics))
    return {(topic, partition): offset for topic, partition, offset in rows}


def _by_topic(behind: Mapping[tuple[str, int], int]) -> dict[str, dict[tuple[str, int], int]]:
    by_topic: dict[str, dict[tuple[str, int], int]] = {}
    for place, lag in behind.items():
        by_topic.setdefault(place[0], {})[place] = lag
    return by_topic
