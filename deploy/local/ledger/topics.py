"""Reads every topic from its beginning to its present end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.ledger.account import Account
from deploy.local.ledger.parties import SPEAKERS, topic_of
from deploy.local.ledger.records import read

POLL_MS = 500
POLLS_WITHOUT_RECORDS = 20
RECORDS_AT_ONCE = 5_000


class HistoryError(RuntimeError):
    """The topics do not hold the whole history, so nothing can be proved from them."""


class Topics:
    """Our topics' partitions, and a consumer without a group: it reads and leaves no trace."""

    def __init__(self, consumer: Any, places: Mapping[TopicPartition, str]) -> None:
        self._consumer = consumer
        self._places = places
        """The topics' short names by partition."""

    async def ends(self) -> dict[tuple[str, int], int]:
        """The end offset of every partition, by short name, as the broker lists it.

        The embedded broker lists less than there is: of the last batch, only its first record.
        """
        return self._named(await self._consumer.end_offsets(list(self._places)))

    async def read_all(self) -> tuple[Account, dict[tuple[str, int], int]]:
        """Take everything said so far into an account; also the end offsets read up to.

        Raises `HistoryError` where the beginning has been deleted, or the broker stops answering.
        """
        await self._must_begin_at_zero()
        listed = await self._consumer.end_offsets(list(self._places))
        account = Account()
        read_up_to = dict.fromkeys(self._places, 0)
        waiting = {place for place, end in listed.items() if end > 0}
        self._consumer.assign(list(waiting))
        empty_polls = 0
        while waiting:
            batches = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_AT_ONCE)
            empty_polls = 0 if batches else empty_polls + 1
            if empty_polls > POLLS_WITHOUT_RECORDS:
                raise HistoryError(f"the broker gives no more of {sorted(waiting)}")
            for place, records in batches.items():
                for record in records:
                    account.take(self._places[place], read(record.headers, record.value))
            for place in list(waiting):
                # A compacted topic may end in nothing: the position says how far we have come.
                # The end that comes with the records is the true one; see `ends`.
                read_up_to[place] = await self._consumer.position(place)
                if read_up_to[place] >= max(listed[place], self._consumer.highwater(place) or 0):
                    waiting.discard(place)
                    self._consumer.pause(place)
        account.close()
        return account, self._named(read_up_to)

    async def _must_begin_at_zero(self) -> None:
        beginnings = await self._consumer.beginning_offsets(list(self._places))
        for place, beginning in beginnings.items():
            if beginning > 0:
                raise HistoryError(
                    f"{place.topic} partition {place.partition} begins at {beginning}: what was"
                    " before has been deleted, and the ledger needs all of it"
                )

    def _named(self, offsets: Mapping[TopicPartition, int]) -> dict[tuple[str, int], int]:
        return {(self._places[place], place.partition): offset for place, offset in offsets.items()}


@asynccontextmanager
async def open_topics(bootstrap_servers: str) -> AsyncIterator[Topics]:
    """Our topics on a broker. Raises `HistoryError` when one is not there."""
    places = await find_places(bootstrap_servers)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        # Checksums are the broker's business.
        check_crcs=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    try:
        yield Topics(consumer, places)
    finally:
        await consumer.stop()


async def find_places(bootstrap_servers: str) -> dict[TopicPartition, str]:
    """Every partition. Asked of an admin client: a consumer knows only what it subscribes to."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        names = {topic_of(name): name for name in SPEAKERS}
        if missing := sorted(names.keys() - there):
            raise HistoryError(f"{bootstrap_servers} has no topic {', '.join(missing)}")
        return {
            TopicPartition(topic["topic"], partition["partition"]): names[topic["topic"]]
            for topic in await admin.describe_topics(list(names))
            for partition in topic["partitions"]
        }
    finally:
        await admin.close()


def positions(progress: str) -> dict[tuple[str, int], int]:
    """What `{"thanthien.dossiers.v1/3": 17}` says, by short name and partition."""
    return {
        (place.split(".")[1], int(place.rpartition("/")[2])): offset
        for place, offset in orjson.loads(progress).items()
    }
