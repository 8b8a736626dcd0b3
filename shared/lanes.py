"""Lanes: a large poll is heard in several transactions at once, each subject in one of them.

While PostgreSQL works for one lane, Python works for another. Small polls, the daily life, are heard
in one transaction.
"""

import asyncio
from collections.abc import Sequence

from aiokafka import ConsumerRecord

from shared.events.catalogue import COMPACTED
from shared.hearing import Hearing

LANES = 4
WORTH_A_LANE = 250
"""Records; a transaction for fewer costs more than it gains."""


async def hear_poll(hearing: Hearing, records: Sequence[ConsumerRecord]) -> None:
    """Hear one poll; when this returns, each record is applied, known already, or set aside."""
    count = min(LANES, len(records) // WORTH_A_LANE)
    if count < 2:
        await hearing.hear_records(records)
        return
    states = [record for record in records if record.topic in COMPACTED]
    if states:
        # Agencies and procedures first: else what needs them would wait, set aside for a moment.
        await hearing.hear_records(states)
    async with asyncio.TaskGroup() as group:
        for lane in _split([r for r in records if r.topic not in COMPACTED], count):
            group.create_task(hearing.hear_records(lane, notes_positions=False))
    await hearing.note_positions(records)


def _split(records: Sequence[ConsumerRecord], count: int) -> list[list[ConsumerRecord]]:
    """Equal keys share a lane, in order; without a key, the records of a partition do."""
    lanes: list[list[ConsumerRecord]] = [[] for _ in range(count)]
    for record in records:
        lanes[hash(record.key or record.partition) % count].append(record)
    return [lane for lane in lanes if lane]
