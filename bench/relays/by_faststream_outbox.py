"""faststream-outbox with its own table, on SQLAlchemy, asyncpg and FastStream's Kafka broker.

It promises no order. One worker per queue says its queue's rows one after the other, so dossiers are
spread over queues by their code: order per dossier, and as many messages in flight as queues. The
number of queues and the batches are the best of those that were tried.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from time import perf_counter
from typing import Any
from zlib import crc32

import asyncpg
from faststream.kafka import KafkaBroker, KafkaResponse
from faststream_outbox import OutboxBroker, make_outbox_table
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from bench.contestant import Result, Task, contest
from bench.relays.rows import sayings

QUEUES = 8
BATCH_ROWS = 500


async def work(task: Task) -> Result:
    metadata = MetaData()
    table = make_outbox_table(metadata, table_name="faststream_outbox")
    engine = create_async_engine(
        task.dsn.replace("postgresql://", "postgresql+asyncpg://"), pool_size=2 * QUEUES + 4
    )
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await _fill(task)

    acknowledged = 0
    began: float | None = None
    is_done = asyncio.Event()

    def count(event: str, tags: Mapping[str, Any]) -> None:
        nonlocal acknowledged, began
        # Its connections, opened at the start, are not the time of its work.
        if event == "dispatched" and began is None:
            began = perf_counter()
        if event == "acked":
            acknowledged += 1
            if acknowledged == task.count:
                is_done.set()

    kafka = KafkaBroker(task.kafka, acks="all", logger=None, apply_types=False)
    outbox = OutboxBroker(
        engine, outbox_table=table, metrics_recorder=count, logger=None, apply_types=False
    )
    publisher = kafka.publisher(task.topic)

    async def relay(message: Any) -> KafkaResponse:
        headers = message.headers
        return KafkaResponse(message.body, key=headers["ce_subject"].encode(), headers=headers)

    async def untouched(message: Any) -> Any:
        return message

    for number in range(QUEUES):
        subscriber = outbox.subscriber(
            _queue(number),
            max_workers=1,
            fetch_batch_size=BATCH_ROWS,
            terminal_flush_batch_size=BATCH_ROWS,
            min_fetch_interval=0.01,
            decoder=untouched,
        )
        publisher(subscriber(relay))
    await kafka.start()
    await outbox.start()
    await is_done.wait()
    assert began is not None  # every acknowledged row was dispatched before
    seconds = perf_counter() - began
    await outbox.stop()
    await kafka.stop()
    await engine.dispose()
    return Result(acknowledged, seconds)


def _queue(number: int) -> str:
    return f"outbox-{number}"


async def _fill(task: Task) -> None:
    connection = await asyncpg.connect(task.dsn)
    await connection.copy_records_to_table(
        "faststream_outbox",
        records=(
            (
                _queue(crc32(said.envelope.subject.encode()) % QUEUES),
                said.body,
                json.dumps({name: value.decode() for name, value in said.envelope.to_headers()}),
            )
            for said in sayings(task.count)
        ),
        columns=["queue", "payload", "headers"],
    )
    await connection.execute("analyze faststream_outbox")
    await connection.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    contest(Task, work)
