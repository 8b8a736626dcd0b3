"""shared/relay.py, as every service runs it."""

from time import perf_counter

import asyncpg

from bench.contestant import Result, Task, contest
from bench.relays.rows import sayings
from shared.relay import Relay, new_producer


async def work(task: Task) -> Result:
    connection = await asyncpg.connect(task.dsn, server_settings={"timezone": "UTC"})
    await _fill(connection, task)
    producer = new_producer(task.kafka)
    await producer.start()
    relay = Relay(task.dsn, "deadline", producer)
    began = perf_counter()
    said = await relay.say_all(connection)
    seconds = perf_counter() - began
    await producer.stop()
    await connection.close()
    return Result(said, seconds)


async def _fill(connection: asyncpg.Connection, task: Task) -> None:
    await connection.copy_records_to_table(
        "outbox",
        records=(
            (
                task.topic,
                said.envelope.source,
                said.envelope.subject,
                said.envelope.sequence,
                said.envelope.type,
                said.envelope.time,
                said.envelope.traceparent,
                said.body,
            )
            for said in sayings(task.count)
        ),
        columns=["topic", "source", "subject", "sequence", "type", "time", "traceparent", "body"],
    )
    await connection.execute("analyze outbox")


if __name__ == "__main__":
    contest(Task, work)
