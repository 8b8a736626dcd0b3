"""Feedback's floor: bare aiokafka `getmany`, one set-based transaction per poll, the rows that feedback leaves.

No event is parsed, nothing is folded or compared: each row is made of its record's key and of what was
made beforehand. The sums are added to once per poll.
"""

from collections.abc import Sequence
from time import perf_counter

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from bench.contestant import Result, Task, contest
from bench.pipelines.floor import BATCH_RECORDS, HEAR, HEARD_SOURCE, PROGRESS
from shared.clock import SystemClock

FACTS = '{"agency":"H10.01","received_at":"2026-11-13T08:00:00Z","channel":"counter","is_accepted":true}'
ADD = """insert into score_sums as s (agency, counted_on, officer, slot, sums, counts)
values ('H10.01', $1::date, '', 0, array[$2::bigint, 0], array[$2::bigint, $2::bigint])
on conflict (agency, counted_on, officer, slot) do update
set sums = array[s.sums[1] + $2, 0], counts = array[s.counts[1] + $2, s.counts[2] + $2]"""


async def work(task: Task) -> Result:
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
            await _keep(connection, records)
        ended = perf_counter()
        await consumer.commit()
        heard += len(records)
        if not first:
            first, began = heard, ended
    await consumer.stop()
    await connection.close()
    return Result(heard - first, ended - began)


async def _keep(connection: asyncpg.Connection, records: Sequence[ConsumerRecord]) -> None:
    codes = [record.key.decode() for record in records]
    positions = {record.partition: record.offset + 1 for record in records}
    now = SystemClock().now()
    await connection.execute(HEAR, HEARD_SOURCE, codes)
    await connection.copy_records_to_table(
        "dossiers",
        records=((code, "H10.01", 2, "H10.01", now, "H10.01", now, 1) for code in codes),
        columns=[
            "dossier",
            "agency",
            "status",
            "received_by",
            "received_at",
            "accepted_by",
            "accepted_at",
            "limits",
        ],
    )
    await connection.copy_records_to_table(
        "score_cases",
        records=(
            (f"dossier/{code}", "dossier", code, FACTS, "H10.01", now.date(), [1, 0], [1, 1])
            for code in codes
        ),
        columns=["name", "kind", "code", "facts", "agency", "counted_on", "sums", "counts"],
    )
    await connection.execute(ADD, now.date(), len(codes))
    await connection.execute(PROGRESS, records[0].topic, [*positions], [*positions.values()])


if __name__ == "__main__":
    contest(Task, work)
