"""Kafka through FastStream: one acknowledgement policy, batches, and no pause when idle.

FastStream acknowledges first by default, decodes before we can set anything aside, and sleeps after
an empty poll. Here the handler gets the raw records of one poll, and only when it has heard them all
is the position committed.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import groupby
from time import monotonic
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER

from shared import telemetry
from shared.sign_in import NOBODY, SignIn

log = structlog.get_logger()

ACK_POLICY = AckPolicy.MANUAL
"""The one policy: the position is committed after the transaction, by hand."""

POLL_RECORDS = 4_000
POLL_SECONDS = 1.0

HEARTBEAT_MS = 300
"""A member learns by its heartbeat that another has come or gone, and until all have learnt it
partitions stand still: with aiokafka's habit of a few seconds, citizens would wait as long (ADR 34)."""
DRAIN_SECONDS = 1.0
"""How long a rebalance waits for the batch in hand; all members wait with it."""
CATCH_UP_SECONDS = 30.0
"""How long a replica that begins may be kept from requests by what it still has to hear: intake must
take dossiers, whatever lies in Kafka."""

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0

HandleRecords = Callable[[Sequence[ConsumerRecord]], Awaitable[None]]


class PromptConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka has no types
    """A consumer whose `getmany` returns as soon as there is a record, and not before.

    FastStream's batch subscriber sleeps after an empty answer; here there is none.
    """

    polled_at: float = 0.0
    """When we last asked, by the monotonic clock."""

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        while True:
            self.polled_at = monotonic()
            records: dict[TopicPartition, list[ConsumerRecord]] = await super().getmany(
                *partitions, timeout_ms=int(POLL_SECONDS * 1000), max_records=max_records
            )
            if records:
                return records

    async def stop(self) -> None:
        """Leave the group and close.

        A named member that dies finds its partitions again when it comes back within the session;
        aiokafka would have one that stops in good order leave them lying as long. It hands them over.
        """
        if self._group_id is not None and self._coordinator is not None:
            self._coordinator._group_instance_id = None
        await super().stop()


async def _unopened(records: Sequence[ConsumerRecord]) -> KafkaMessage:
    """A FastStream parser that parses nothing.

    FastStream's own decodes every header as UTF-8, and one that is not would lose its whole poll.
    """
    return KafkaMessage(raw_message=records, body=b"", consumer=FAKE_CONSUMER)


async def _undecoded(message: KafkaMessage) -> KafkaMessage:
    """A FastStream decoder that decodes nothing: a bad record must not hide the good ones."""
    return message


def _count(records: Sequence[ConsumerRecord]) -> None:
    """Count a poll by partition: a poll's records come partition by partition."""
    for place, some in groupby(records, lambda record: (record.topic, record.partition)):
        telemetry.CONSUMED.labels(*place).inc(sum(1 for _ in some))


class Drain(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Lets the batch in hand be done and its position noted before its partitions go to others.

    They would hear it again otherwise; the inbox would skip it, at the price of a second reading.
    """

    def __init__(self) -> None:
        self._idle = asyncio.Event()
        self._idle.set()

    def __enter__(self) -> None:
        self._idle.clear()

    def __exit__(self, *_: object) -> None:
        self._idle.set()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            log.warning("partitions go to others while a batch is in hand", partitions=len(revoked))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Nothing to do: where to go on is what Kafka and the inbox know."""


class Ears:
    """One service's subscription: a consumer group over topics, its batches given to a handler."""

    def __init__(
        self,
        bootstrap_servers: str,
        topics: Sequence[str],
        group: str,
        handle: HandleRecords,
        *,
        instance: str | None = None,
        session_timeout_ms: int = 10_000,
        fetch_max_wait_ms: int = 500,
        sign_in: SignIn = NOBODY,
    ) -> None:
        self._handle = handle
        self._stuck_because: str | None = None
        self._drain = Drain()
        self._behind: dict[TopicPartition, int] | None = None
        """Where partitions ended when we began, as far as they are not heard yet; None before that."""
        self._reached: dict[TopicPartition, int] = {}
        self._catch_up_until = 0.0
        self.topics = tuple(topics)
        self.broker = KafkaBroker(
            bootstrap_servers, security=sign_in.for_faststream(), apply_types=False, logger=None
        )
        self._subscriber: Any = self.broker.subscriber(
            *topics,
            batch=True,
            max_records=POLL_RECORDS,
            group_id=group,
            group_instance_id=instance,
            auto_offset_reset="earliest",
            ack_policy=ACK_POLICY,
            parser=_unopened,
            decoder=_undecoded,
            session_timeout_ms=session_timeout_ms,
            heartbeat_interval_ms=min(HEARTBEAT_MS, session_timeout_ms // 5),
            max_poll_interval_ms=600_000,
            fetch_max_wait_ms=fetch_max_wait_ms,
            listener=self._drain,
        )
        self._subscriber(self._on_batch)

    @property
    def consumer(self) -> PromptConsumer | None:
        consumer: PromptConsumer | None = self._subscriber.consumer
        return consumer

    async def start(self) -> None:
        """Connect and begin to listen; returns when partitions are assigned."""
        await self.broker.connect()
        config = self.broker.config.broker_config
        config.builder = partial(PromptConsumer, **config.builder.keywords)  # type: ignore[attr-defined]
        await self.broker.start()
        await self._look_how_far_behind()

    async def _look_how_far_behind(self) -> None:
        assert self.consumer is not None  # it has just started
        self._catch_up_until = monotonic() + CATCH_UP_SECONDS
        places = list(self.consumer.assignment())
        try:
            begins = await self.consumer.beginning_offsets(places)
            ends = await self.consumer.end_offsets(places)
            committed = await asyncio.gather(*map(self.consumer.committed, places))
        except KafkaError as error:
            log.warning("how far behind we are cannot be seen", error=repr(error)[:300])
            self._behind = {}
            return
        began = {
            place: max(begins[place], done or 0)
            for place, done in zip(places, committed, strict=True)
        }
        # We listen already: some of it may have been heard meanwhile.
        self._behind = {
            place: end
            for place, end in ends.items()
            if end > max(began[place], self._reached.get(place, 0))
        }

    async def stop(self) -> None:
        """Stop listening, and let other members have the partitions at once.

        The batch in hand is finished first, within FastStream's patience.
        """
        await self.broker.stop()

    async def _on_batch(self, message: KafkaMessage) -> None:
        with self._drain:
            await self._hear_out(message)

    async def _hear_out(self, message: KafkaMessage) -> None:
        await self._handle_at_last(message.raw_message)
        _count(message.raw_message)
        self._note_heard(message.raw_message)
        # FastStream's message outlives its poll by far; without this, so do the records.
        message.raw_message = ()
        try:
            await self._subscriber.consumer.commit()
        except KafkaError as error:
            # The inbox knows what was heard; an uncommitted position costs a redelivery.
            log.warning("the position was not committed", error=repr(error)[:300])

    def _note_heard(self, records: Sequence[ConsumerRecord]) -> None:
        """Note what is heard of what lay there when we began."""
        if self._behind == {}:
            return
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            self._reached[place] = record.offset + 1
            if self._behind and self._reached[place] >= self._behind.get(place, sys.maxsize):
                del self._behind[place]

    async def _handle_at_last(self, records: Sequence[ConsumerRecord]) -> None:
        """Handle the poll, again and again until it succeeds, with pauses.

        FastStream swallows what a handler raises and polls on; the next commit would then step over
        this poll. The handler sets bad events aside itself, so what it raises is our own trouble (a
        read-only database, a missing table): nothing is stepped over, and readiness says so.
        """
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._handle(records)
            except Exception as error:
                self._stuck_because = repr(error)[:200]
                telemetry.POLLS_FAILED.inc()
                log.error("a poll cannot be handled; trying again", exc_info=error)
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
            else:
                self._stuck_because = None
                return

    async def lag(self) -> dict[tuple[str, int], int]:
        """Records not yet read, per assigned partition; also sets the gauges."""
        if self.consumer is None:
            return {}
        telemetry.LAST_POLL.set(monotonic() - self.consumer.polled_at)
        lags: dict[tuple[str, int], int] = {}
        # What another replica has taken over must not stay behind as it was.
        telemetry.LAG.clear()
        for place in self.consumer.assignment():
            end = self.consumer.highwater(place)
            if end is not None:
                lags[place.topic, place.partition] = end - await self.consumer.position(place)
                telemetry.LAG.labels(*place).set(lags[place.topic, place.partition])
        return lags

    def why_not_ready(self) -> str | None:
        """None when partitions are assigned, we poll, and have heard what lay there when we began.

        Else what is missing. What comes later than the beginning is lag, which a load balancer
        cannot help; and after CATCH_UP_SECONDS requests are taken whatever there is to hear.
        """
        if self.consumer is None:
            return "the consumer has not started"
        if not self.consumer.assignment():
            return "no partition is assigned"
        if self._stuck_because is not None:
            return f"the poll in hand cannot be handled: {self._stuck_because}"
        silent_seconds = monotonic() - self.consumer.polled_at
        if silent_seconds > 60:
            return f"no poll for {silent_seconds:.0f} s"
        behind = (self._behind or {}).keys() & self.consumer.assignment()
        if behind and monotonic() < self._catch_up_until:
            return f"catching up: {len(behind)} partitions have records from before the start"
        return None
