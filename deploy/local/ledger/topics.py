"""Reads every topic from its beginning to its present end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.ledger.account import Account
from deploy.local.ledger.parties import SPEAKERS, topic_of
from deploy.local.ledger.records import read

POLL_MS = 500
POLLS_WITHOUT_RECORDS = 20
RECORDS_AT_ONCE = 5_000


class HistoryError(RuntimeError):
    """The topics do not hold the whole history, so nothing can be proved from them."""


@asynccontextmanager
async def open_topics(bootstrap_servers: str) -> AsyncIterator[Any]:
    """A consumer without a group: it reads and leaves no trace. Checksums are the broker's."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        check_crcs=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def ends(consumer: Any) -> dict[tuple[str, int], int]:
    """The end offset of every partition of our topics, by short name, as the broker lists it.

    The embedded broker lists less than there is: of the last batch, only its first record.
    """
    places = await _places(consumer)
    offsets = await consumer.end_offsets(list(places))
    return {(places[place], place.partition): end for place, end in offsets.items()}


def positions(progress: str) -> dict[tuple[str, int], int]:
    """What `{"thanthien.dossiers.v1/3": 17}` says, by short name and partition."""
    return {
        (place.split(".")[1], int(place.rpartition("/")[2])): offset
        for place, offset in orjson.loads(progress).items()
    }


async def read_all(consumer: Any) -> tuple[Account, dict[tuple[str, int], int]]:
    """Take everything said so far into an account; also the end offsets read up to.

    Raises `HistoryError` where the beginning has been deleted, or the broker stops answering.
    """
    places = await _places(consumer)
    await _must_begin_at_zero(consumer, places)
    listed: dict[TopicPartition, int] = await consumer.end_offsets(list(places))
    account = Account()
    read_up_to = dict.fromkeys(places, 0)
    waiting = {place for place, end in listed.items() if end > 0}
    consumer.assign(list(waiting))
    empty_polls = 0
    while waiting:
        batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_AT_ONCE)
        empty_polls = 0 if batches else empty_polls + 1
        if empty_polls > POLLS_WITHOUT_RECORDS:
            raise HistoryError(f"the broker gives no more of {sorted(waiting)}")
        for place, records in batches.items():
            for record in records:
                account.take(places[place], read(record.headers, record.value))
        for place in list(waiting):
            # A compacted topic may end in nothing: the position says how far we have come. The
            # end that comes with the records is the true one; see `ends`.
            read_up_to[place] = await consumer.position(place)
            if read_up_to[place] >= max(listed[place], consumer.highwater(place) or 0):
                waiting.discard(place)
                consumer.pause(place)
    account.close()
    return account, {(places[place], place.partition): end for place, end in read_up_to.items()}


async def _places(consumer: Any) -> dict[TopicPartition, str]:
    there = await consumer.topics()
    missing = [topic_of(name) for name in SPEAKERS if topic_of(name) not in there]
    if missing:
        raise HistoryError(f"the broker has no topic {', '.join(missing)}")
    return {
        TopicPartition(topic_of(name), partition): name
        for name in SPEAKERS
        for partition in consumer.partitions_for_topic(topic_of(name)) or ()
    }


async def _must_begin_at_zero(consumer: Any, places: Mapping[TopicPartition, str]) -> None:
    beginnings = await consumer.beginning_offsets(list(places))
    for place, beginning in beginnings.items():
        if beginning > 0:
            raise HistoryError(
                f"{place.topic} partition {place.partition} begins at {beginning}: what was before"
                " has been deleted, and the ledger needs all of it"
            )
