"""The relay: says what the outbox keeps. Woken, not polled; one at a time per schema.

The leader holds an advisory lock on the connection it reads the outbox with: when it dies the lock
falls to the next replica, which has been waiting for it. Rows go out in the order of their ids and
are deleted once Kafka has acknowledged them; per partition only the acknowledged prefix goes, and
nothing overtakes a batch that failed. A crash between acknowledgement and deletion says a row
twice; its sequence makes hearers skip it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from shared import telemetry
from shared.events.envelope import Envelope
from shared.postgres import is_transient, listening

log = structlog.get_logger()

ROUND_ROWS = 2_000
BATCH_BYTES = 512 * 1024
PAUSE_SECONDS = 0.5

READ = """
select id, topic, source, subject, sequence, type, time, traceparent, body
from outbox where id > $1 order by id limit $2
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One outbox row, ready for its partition."""

    id: int
    topic: str
    key: bytes
    headers: list[tuple[str, bytes]]
    body: bytes
    timestamp_ms: int

    @classmethod
    def of(cls, record: asyncpg.Record) -> "Row":
        row_id, topic, source, subject, sequence, type_, time, traceparent, body = record
        envelope = Envelope(
            f"{subject}/{sequence}", source, type_, subject, time, sequence, traceparent
        )
        # fmt: off
        return cls(row_id, topic, subject.encode(), envelope.to_headers(), body,
                   int(time.timestamp() * 1000))
        # fmt: on


@lru_cache(maxsize=65_536)
def _partition(key: bytes, partitions: int) -> int:
    """The partition every Kafka client chooses for a key."""
    chosen: int = DefaultPartitioner()(key, range(partitions), range(partitions))
    return chosen


def new_producer(bootstrap_servers: str) -> AIOKafkaProducer:
    """A producer for the relay: all replicas acknowledge; not idempotent, for hearers are."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        acks="all",
        max_batch_size=BATCH_BYTES,
        max_request_size=4 * BATCH_BYTES,
        request_timeout_ms=20_000,
    )


class Relay:
    """Says the outbox of one schema."""

    def __init__(self, dsn: str, schema: str, producer: AIOKafkaProducer) -> None:
        self._dsn = dsn
        self._schema = schema
        self._producer = producer
        self.is_leader = False

    async def run(self) -> None:
        """Stand by, lead, say; for ever. Faults are logged, counted and waited out."""
        while True:
            try:
                await self._lead()
            except (KafkaError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if not (isinstance(error, KafkaError) or is_transient(error)):
                    raise
                telemetry.RELAY_FAULTS.inc()
                log.warning("the relay pauses", error=repr(error)[:300])
                await asyncio.sleep(PAUSE_SECONDS)
            finally:
                self.is_leader = False
                telemetry.IS_RELAY_LEADER.set(0)

    async def _lead(self) -> None:
        connection = await asyncpg.connect(self._dsn, server_settings={"timezone": "UTC"})
        woken = asyncio.Event()
        connection.add_termination_listener(lambda _: woken.set())
        try:
            await connection.execute(
                "select pg_advisory_lock(hashtext('relay'), hashtext($1))",
                self._schema,
                timeout=None,
            )
            async with listening(connection, f"{self._schema}_outbox", woken):
                self.is_leader = True
                telemetry.IS_RELAY_LEADER.set(1)
                while True:
                    await self.say_all(connection)
                    await woken.wait()
                    woken.clear()
        finally:
            await _close(connection)

    async def say_all(self, connection: asyncpg.Connection) -> int:
        """Say rows until none is left; return how many. Raises `KafkaError` when a send failed.

        While one round is being sent, the one before is deleted and the next is read. Reading on
        from the last id may pass over a row that commits late; the last, short round is followed
        by one from the start, which finds it.
        """
        said = 0
        acknowledged: list[int] = []
        records = await connection.fetch(READ, 0, ROUND_ROWS)
        while records:
            telemetry.OUTBOX_DEPTH.set(len(records))
            sending = asyncio.create_task(self._send(records))
            try:
                await _delete(connection, acknowledged)
                is_last = len(records) < ROUND_ROWS
                following = (
                    [] if is_last else await connection.fetch(READ, records[-1][0], ROUND_ROWS)
                )
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
            records = following
        telemetry.OUTBOX_DEPTH.set(0)
        return said

    async def _send(self, records: Sequence[asyncpg.Record]) -> tuple[list[int], KafkaError | None]:
        """Send one round; return the ids acknowledged, and the first fault."""
        by_partition: dict[tuple[str, int], list[Row]] = defaultdict(list)
        rows = [Row.of(record) for record in records]
        partitions = {
            topic: len(await self._producer.partitions_for(topic))
            for topic in {row.topic for row in rows}
        }
        for row in rows:
            by_partition[row.topic, _partition(row.key, partitions[row.topic])].append(row)
        results = await asyncio.gather(
            *(self._send_in_order(*place, part) for place, part in by_partition.items())
        )
        faults = [fault for _, fault in results if fault is not None]
        return [row_id for ids, _ in results for row_id in ids], faults[0] if faults else None

    async def _send_in_order(
        self, topic: str, partition: int, rows: Sequence[Row]
    ) -> tuple[list[int], KafkaError | None]:
        """Send one partition's rows, batch after batch; stop at the first that fails."""
        acknowledged: list[int] = []
        start = 0
        try:
            while start < len(rows):
                end, batch = self._fill(rows, start)
                await (await self._producer.send_batch(batch, topic, partition=partition))
                acknowledged.extend(row.id for row in rows[start:end])
                telemetry.SAID.labels(topic).inc(end - start)
                start = end
        except KafkaError as fault:
            return acknowledged, fault
        return acknowledged, None

    def _fill(self, rows: Sequence[Row], start: int) -> tuple[int, object]:
        batch = self._producer.create_batch()
        end = start
        while end < len(rows):
            row = rows[end]
            # fmt: off
            added = batch.append(timestamp=row.timestamp_ms, key=row.key, value=row.body,
                                 headers=row.headers)
            # fmt: on
            if added is None:
                break
            end += 1
        batch.close()
        return end, batch


async def _delete(connection: asyncpg.Connection, ids: Sequence[int]) -> None:
    if ids:
        await connection.execute("delete from outbox where id = any($1::bigint[])", ids)


async def _close(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()
