"""A plain FastStream service: one message per handler, one transaction each, the same rows.

It acknowledges after its transaction (`AckPolicy.ACK`): the default, ACK_FIRST, would lose what a
crash interrupts, and would not be the same effect.
"""

import asyncio
import logging
from time import perf_counter

import asyncpg
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from bench.contestant import Result, Task, contest
from bench.town import clock_of, town_directory
from services.deadline.adapters.rows import CLOCK_COLUMNS, rows
from services.deadline.usecases.tidings import deadline_set
from shared.events.dossiers import DossierAccepted

HEAR = """insert into heard (source, subject, last_sequence, previous_sequence)
values ($1, $2, $3::bigint, $3::bigint - 1)
on conflict (source, subject) do update
    set last_sequence = excluded.last_sequence, previous_sequence = excluded.previous_sequence
    where heard.last_sequence = excluded.previous_sequence"""

KEEP = f"""insert into clocks ({", ".join(column.name for column in CLOCK_COLUMNS)})
values ({", ".join(f"${number}" for number in range(1, len(CLOCK_COLUMNS) + 1))})"""

COUNT = """insert into said as s (source, subject, last_sequence) values ($1, $2, 1)
on conflict (source, subject) do update set last_sequence = s.last_sequence + 1
returning last_sequence"""

SAY = """insert into outbox (topic, source, subject, sequence, type, time, traceparent, body)
values ($1, $2, $3, $4, $5, $6, $7, $8)"""

SOURCE = "thanthien/deadline/deadlines"


async def work(task: Task) -> Result:
    directory = town_directory()
    pool = await asyncpg.create_pool(task.dsn, min_size=2, max_size=4)
    # It would log every message at INFO: that is turned off, and what goes wrong is not.
    broker = KafkaBroker(task.kafka, logger=logging.getLogger("naive"))
    heard = 0
    began = ended = 0.0
    is_done = asyncio.Event()

    @broker.subscriber(
        task.topic, group_id=task.group, auto_offset_reset="earliest", ack_policy=AckPolicy.ACK
    )
    async def keep_clock(event: DossierAccepted, message: KafkaMessage) -> None:
        nonlocal heard, began, ended
        headers = message.headers
        async with pool.acquire() as connection, connection.transaction():
            status = await connection.execute(
                HEAR, headers["ce_source"], event.dossier, int(headers["ce_sequence"])
            )
            if status == "INSERT 0 1":
                clock = clock_of(directory, event)
                (row,) = rows(CLOCK_COLUMNS, [clock])
                await connection.execute(KEEP, *row)
                answer = deadline_set(clock)
                sequence = await connection.fetchval(COUNT, SOURCE, answer.subject)
                await connection.execute(
                    SAY,
                    answer.TOPIC,
                    SOURCE,
                    answer.subject,
                    sequence,
                    answer.TYPE,
                    event.accepted_at,
                    headers["traceparent"],
                    answer.model_dump_json().encode(),
                )
        heard += 1
        ended = perf_counter()
        if heard == 1:
            began = ended
        if heard == task.count:
            is_done.set()

    await broker.start()
    await is_done.wait()
    # What is still on its way is not counted; the process ends with it.
    return Result(task.count - 1, ended - began)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    contest(Task, work)
