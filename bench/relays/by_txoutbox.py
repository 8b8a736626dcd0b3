"""txoutbox with its own table, on asyncpg and aiokafka, as its documentation shows them.

Strict ordering, for that is what is asked; rows deleted when acknowledged, as ours are. The batches
and the linger are the best of those that were tried (rows from 50 to 4,000, bytes 16 and 512 KiB, 0
and 5 ms), with every dossier of a batch in flight at once.
"""

import json
import logging
from datetime import timedelta
from time import perf_counter

import asyncpg
from aiokafka import AIOKafkaProducer
from txoutbox import OutboxMessage, Relay, RelayConfig
from txoutbox.adapters.postgres import PostgresStorage

from bench.contestant import Result, Task, contest
from bench.relays.rows import sayings

BATCH_ROWS = 500
LINGER_MS = 5
BATCH_BYTES = 512 * 1024


async def work(task: Task) -> Result:
    pool = await asyncpg.create_pool(task.dsn, min_size=2, max_size=4)
    storage = PostgresStorage(pool, table="txoutbox", delete_on_ack=True, strict_ordering=True)
    await storage.create_schema()
    await _fill(pool, task)
    producer = AIOKafkaProducer(
        bootstrap_servers=task.kafka,
        acks="all",
        linger_ms=LINGER_MS,
        max_batch_size=BATCH_BYTES,
    )
    await producer.start()

    async def publish(message: OutboxMessage) -> None:
        assert message.key is not None
        await producer.send_and_wait(
            message.topic,
            message.payload,
            key=message.key.encode(),
            headers=[(name, value.encode()) for name, value in message.headers.items()],
        )

    config = RelayConfig(
        batch_size=BATCH_ROWS,
        concurrency=BATCH_ROWS,
        lease=timedelta(seconds=60),
        publish_timeout=None,  # a timer for every message costs a tenth
    )
    relay = Relay(storage, publish, config=config)
    published = 0
    began = perf_counter()
    while published < task.count:
        published += (await relay.run_once()).published
    seconds = perf_counter() - began
    await producer.stop()
    await pool.close()
    return Result(published, seconds)


async def _fill(pool: asyncpg.Pool, task: Task) -> None:
    await pool.copy_records_to_table(
        "txoutbox",
        records=(
            (
                task.topic,
                said.envelope.subject,
                said.body,
                json.dumps({name: value.decode() for name, value in said.envelope.to_headers()}),
            )
            for said in sayings(task.count)
        ),
        columns=["topic", "key", "payload", "headers"],
    )
    await pool.execute("analyze txoutbox")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    contest(Task, work)
