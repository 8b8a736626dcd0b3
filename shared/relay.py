"""The relay: says what the outbox keeps. Woken, not polled; one at a time per schema.

The leader holds an advisory lock on the connection it reads the outbox with: when it dies the lock
falls to the replica that asks for it next. Rows go out in the order of their ids and
are deleted once Kafka has acknowledged them; per partition only the acknowledged prefix goes, and
nothing overtakes a batch that failed. A crash between acknowledgement and deletion says a row
twice; its sequence makes hearers skip it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from shared import telemetry, tracing
from shared.event_traces import Said, record_said, saying
from shared.events.envelope import headers_of
from shared.leadership import leading
from shared.partitions import partition_of
from shared.postgres import is_transient, listening
from shared.sign_in import NOBODY, SignIn

log = structlog.get_logger()

ROUND_ROWS = 2_000
BATCH_BYTES = 512 * 1024
PAUSE_SECONDS = 0.5
HAND_OVER_SECONDS = 5.0
"""How long the round under way may take when the leader is to stop."""

READ = """
select id, topic, source, subject, sequence, type, time, traceparent, body
from outbox where id > $1 order by id limit $2
"""


class Parcel(NamedTuple):
    """A batch of one partition, ready to be sent, the outbox rows in it, and those that are traced."""

    topic: str
    partition: int
    batch: BatchBuilder
    ids: list[int]
    said: list[Said]


def new_producer(bootstrap_servers: str, sign_in: SignIn = NOBODY) -> AIOKafkaProducer:
    """A producer for the relay: all replicas acknowledge; not idempotent, for hearers are."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        acks="all",
        max_batch_size=BATCH_BYTES,
        max_request_size=4 * BATCH_BYTES,
        request_timeout_ms=20_000,
        **sign_in.for_aiokafka(),
    )


class Relay:
    """Says the outbox of one schema."""

    def __init__(self, dsn: str, schema: str, producer: AIOKafkaProducer) -> None:
        self._dsn = dsn
        self._schema = schema
        self._producer = producer
        self._is_ending = False
        self._woken = asyncio.Event()
        self.is_leader = False

    async def hand_over(self, relaying: asyncio.Task[None]) -> None:
        """End `relaying`, this relay's `run`: the round under way is said to its end, and another
        replica is called. Bounded; afterwards the producer may stop.
        """
        self._is_ending = True
        self._woken.set()
        if not self.is_leader:
            relaying.cancel()  # it stands by or pauses: there is nothing to finish
        _, late = await asyncio.wait([relaying], timeout=HAND_OVER_SECONDS)
        if late:
            log.warning("the relay did not end in time")
            relaying.cancel()
            await asyncio.wait(late)

    async def run(self) -> None:
        """Stand by, lead, say; until `hand_over`. Faults are logged, counted and waited out."""
        while not self._is_ending:
            try:
                await self._lead()
            except Exception as error:
                if not (isinstance(error, KafkaError) or is_transient(error)):
                    raise
                telemetry.RELAY_FAULTS.inc()
                log.warning("the relay pauses", error=repr(error)[:300])
                await asyncio.sleep(PAUSE_SECONDS)
            finally:
                self.is_leader = False
                telemetry.IS_RELAY_LEADER.set(0)

    async def _lead(self) -> None:
        async with (
            leading(self._dsn, "relay", self._schema, lost=self._woken) as connection,
            listening(connection, f"{self._schema}_outbox", self._woken),
        ):
            self.is_leader = True
            telemetry.IS_RELAY_LEADER.set(1)
            while not self._is_ending:
                await self.say_all(connection)
                await self._woken.wait()
                self._woken.clear()

    async def say_all(self, connection: asyncpg.Connection) -> int:
        """Say rows until none is left; return how many. Raises `KafkaError` when a send failed.

        While one round is on its way, the one before is deleted, and the next is read and packed.
        Reading on from the last id may pass over a row that commits late; the last, short round is
        followed by one from the start, which finds it.
        """
        said = 0
        acknowledged: list[int] = []
        records = await connection.fetch(READ, 0, ROUND_ROWS)
        parcels = await self._pack(records)
        while records:
            sending = asyncio.create_task(self._send(parcels))
            try:
                await _delete(connection, acknowledged)
                is_last = len(records) < ROUND_ROWS
                following = (
                    [] if is_last else await connection.fetch(READ, records[-1][0], ROUND_ROWS)
                )
                parcels = await self._pack(following)
            finally:
                acknowledged, fault = await sending
            said += len(acknowledged)
            if fault is not None:
                await _delete(connection, acknowledged)
                raise fault
            if not following:
                await _delete(connection, acknowledged)
                acknowledged = []
                following = await connection.fetch(READ, 0, ROUND_ROWS)
                parcels = await self._pack(following)
            records = following
        return said

    async def _pack(self, records: Sequence[asyncpg.Record]) -> list[Parcel]:
        """Pack one round: per partition in the order of the ids, as many batches as it takes."""
        partitions = {
            topic: len(await self._producer.partitions_for(topic))
            for topic in {record[1] for record in records}
        }
        open_parcels: dict[tuple[str, int], Parcel] = {}
        parcels: list[Parcel] = []
        is_traced = tracing.is_on()
        for row_id, topic, source, subject, sequence, type_, time, traceparent, body in records:
            key = subject.encode()
            partition = partition_of(key, partitions[topic])
            parent = tracing.kept(traceparent) if is_traced else None
            if parent is not None:
                said = saying(parent, topic, partition, source, type_, subject, sequence)
                traceparent = said.place.traceparent
            headers = headers_of(
                f"{subject}/{sequence}", source, type_, subject, time, sequence, traceparent
            )
            timestamp_ms = int(time.timestamp() * 1000)
            parcel = open_parcels.get((topic, partition))
            while parcel is None or not parcel.batch.append(
                timestamp=timestamp_ms, key=key, value=body, headers=headers
            ):
                parcel = Parcel(topic, partition, self._producer.create_batch(), [], [])
                open_parcels[topic, partition] = parcel
                parcels.append(parcel)
            parcel.ids.append(row_id)
            if parent is not None:
                parcel.said.append(said)
        return parcels

    async def _send(self, parcels: Sequence[Parcel]) -> tuple[list[int], KafkaError | None]:
        """Send one round; return the ids acknowledged, and the first fault."""
        by_partition: dict[tuple[str, int], list[Parcel]] = defaultdict(list)
        for parcel in parcels:
            by_partition[parcel.topic, parcel.partition].append(parcel)
        results = await asyncio.gather(*map(self._send_in_order, by_partition.values()))
        faults = [fault for _, fault in results if fault is not None]
        return [row_id for ids, _ in results for row_id in ids], faults[0] if faults else None

    async def _send_in_order(
        self, parcels: Sequence[Parcel]
    ) -> tuple[list[int], KafkaError | None]:
        """Send one partition's batches, one after the other; stop at the first that fails."""
        acknowledged: list[int] = []
        try:
            for topic, partition, batch, ids, said in parcels:
                batch.close()
                await (await self._producer.send_batch(batch, topic, partition=partition))
                acknowledged += ids
                telemetry.SAID.labels(topic).inc(len(ids))
                record_said(said)
        except KafkaError as fault:
            return acknowledged, fault
        return acknowledged, None


async def _delete(connection: asyncpg.Connection, ids: Sequence[int]) -> None:
    if ids:
        await connection.execute("delete from outbox where id = any($1::bigint[])", ids)
