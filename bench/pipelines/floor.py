"""The floor: bare aiokafka `getmany`, one set-based transaction per poll, the same rows.

No event is parsed, no date is reckoned, no sequence is compared: each row is made of its record's key
and of what was made beforehand. It says nothing to Kafka.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from time import perf_counter

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from bench import dossiers, town
from bench.contestant import Result, Task, contest
from services.deadline.adapters.rows import CLOCK_COLUMNS, rows
from services.deadline.usecases.tidings import deadline_set
from shared.clock import SystemClock
from shared.events.deadlines import TOPIC, DeadlineSet

BATCH_RECORDS = 1_000
"""The best of 100, 1,000 and 5,000 that were tried; one lane of a service takes as many."""

HEAR = """insert into heard (source, subject, last_sequence, previous_sequence)
select $1, code, 1, 0 from unnest($2::text[]) as code"""

COUNT = """insert into said (source, subject, last_sequence)
select $1, code, 1 from unnest($2::text[]) as code"""

SAY = """insert into outbox (topic, source, subject, sequence, type, time, traceparent, body)
select $1, $2, code, 1, $3, $4, $5, body
from unnest($6::text[], $7::bytea[]) as given (code, body)"""

PROGRESS = """insert into progress (topic, partition, next_offset)
select $1, partition, next_offset
from unnest($2::integer[], $3::bigint[]) as given (partition, next_offset)
on conflict (topic, partition) do update set next_offset = excluded.next_offset"""

HEARD_SOURCE = "thanthien/intake/dossiers"
SAID_SOURCE = "thanthien/deadline/deadlines"


class Made:
    """One dossier's rows, made beforehand, to be repeated under every record's key."""

    def __init__(self, now: datetime) -> None:
        (event,) = dossiers.accepted_dossiers("FLOOR", 1, now)
        clock = town.clock_of(town.town_directory(), event)
        body = deadline_set(clock).model_dump_json().encode()
        self.now = now
        (self.row,) = rows(CLOCK_COLUMNS, [clock])
        self.before_code, self.after_code = body.split(event.dossier.encode())

    def rows(self, codes: list[str]) -> Iterator[tuple[object, ...]]:
        """The clocks' rows."""
        place = [column.name for column in CLOCK_COLUMNS].index("code")
        before, after = self.row[:place], self.row[place + 1 :]
        return ((*before, code, *after) for code in codes)


async def work(task: Task) -> Result:
    made = Made(SystemClock().now())
    connection = await asyncpg.connect(task.dsn)
    consumer = AIOKafkaConsumer(
        task.topic,
        bootstrap_servers=task.kafka,
        group_id=task.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    heard = first = 0
    began = ended = 0.0
    while heard < task.count:
        polled = await consumer.getmany(timeout_ms=1_000, max_records=BATCH_RECORDS)
        records = [record for part in polled.values() for record in part]
        if not records:
            continue
        async with connection.transaction():
            await _keep(connection, made, records)
        ended = perf_counter()
        await consumer.commit()
        heard += len(records)
        if not first:
            first, began = heard, ended
    await consumer.stop()
    await connection.close()
    return Result(heard - first, ended - began)


async def _keep(
    connection: asyncpg.Connection, made: Made, records: Sequence[ConsumerRecord]
) -> None:
    codes = [record.key.decode() for record in records]
    bodies = [made.before_code + record.key + made.after_code for record in records]
    positions = {record.partition: record.offset + 1 for record in records}
    await connection.execute(HEAR, HEARD_SOURCE, codes)
    await connection.copy_records_to_table(
        "clocks",
        records=made.rows(codes),
        columns=[column.name for column in CLOCK_COLUMNS],
    )
    await connection.execute(COUNT, SAID_SOURCE, codes)
    await connection.execute(
        SAY, TOPIC, SAID_SOURCE, DeadlineSet.TYPE, made.now, dossiers.TRACEPARENT, codes, bodies
    )
    await connection.execute(PROGRESS, records[0].topic, [*positions], [*positions.values()])


if __name__ == "__main__":
    contest(Task, work)
