"""Places in the log, taken from what the broker acknowledges: the embedded one lists wrong ends."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from shared.events.envelope import Envelope

Places = dict[TopicPartition, int]
"""The next offset per partition."""

SILENCE_MS = 500
"""After so long nothing more comes."""


class OutOfOrderError(RuntimeError):
    """A contestant lost, doubled or reordered what it was to say: it has not done the work."""


async def begin_at(kafka: str, group: str, places: Places) -> None:
    """Give a consumer group its place in the log before its first member comes."""
    reader = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await reader.start()
    try:
        reader.assign(list(places))
        await reader.commit({place: OffsetAndMetadata(n, "") for place, n in places.items()})
    finally:
        await reader.stop()


async def check_order(kafka: str, topic: str, count: int) -> None:
    """Read a topic from its beginning. Raises `OutOfOrderError` unless it has `count` events, each
    subject's as 1, 2, 3…"""
    said: dict[str, list[int | None]] = defaultdict(list)
    read = 0
    async with _reader(kafka, topic) as reader:
        while polled := await reader.getmany(timeout_ms=SILENCE_MS if read >= count else 10_000):
            for records in polled.values():
                read += len(records)
                for record in records:
                    envelope = Envelope.from_headers(record.headers)
                    said[envelope.subject].append(envelope.sequence)
    if read != count:
        raise OutOfOrderError(f"{count} events were to be said, {read} were")
    for subject, sequences in said.items():
        if sequences != list(range(1, len(sequences) + 1)):
            raise OutOfOrderError(f"{subject} was said as {sequences[:10]}")


@asynccontextmanager
async def open_producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=5)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def _reader(kafka: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    reader = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()
