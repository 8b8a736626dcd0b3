"""A large poll in several transactions at once: the same as in one."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import asyncpg
from aiokafka import ConsumerRecord

from shared import lanes
from shared.events.agencies import AgencyRegistered
from shared.hearing import Hearing
from shared.lanes import WORTH_A_LANE, hear_poll
from shared.letters import Letter
from shared.tests.conftest import Listener

MakeLetter = Callable[..., Letter]

SUBJECTS = 60
EVENTS = 20
assert SUBJECTS * EVENTS >= 2 * WORTH_A_LANE, "too few for lanes"


@dataclass
class Record:
    """What a lane reads of a ConsumerRecord."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: Sequence[tuple[str, bytes]]
    value: bytes | None


def _record(letter: Letter) -> ConsumerRecord:
    return cast(ConsumerRecord, Record(*letter[:6]))


def _shuffled(letter: MakeLetter) -> list[Letter]:
    """Every subject's events in order, the subjects mixed."""
    turns = [f"S{n}" for n in range(SUBJECTS) for _ in range(EVENTS)]
    random.Random(7).shuffle(turns)
    counts = dict.fromkeys(turns, 0)
    letters = []
    for subject in turns:
        counts[subject] += 1
        letters.append(letter(subject, counts[subject]))
    return letters


async def test_each_subject_keeps_its_order_and_positions_are_noted_once_all_is_heard(
    hearing: Hearing, listener: Listener, letter: MakeLetter, pool: asyncpg.Pool
) -> None:
    records = [_record(one) for one in _shuffled(letter)]
    await hear_poll(hearing, records)
    await hear_poll(hearing, records)
    for n in range(SUBJECTS):
        assert await listener.effects(f"S{n}") == list(range(1, EVENTS + 1))
    assert await pool.fetchval("select count(*) from set_aside") == 0
    noted = await pool.fetchval("select next_offset from progress where partition = 0")
    assert noted == max(record.offset for record in records) + 1


async def test_one_bad_event_stops_one_dossier_whatever_the_lane(
    hearing: Hearing, listener: Listener, letter: MakeLetter
) -> None:
    listener.refuse.add(("S3", 5))
    listener.fail.add(("S4", 2))
    await hear_poll(hearing, [_record(one) for one in _shuffled(letter)])
    assert await listener.effects("S3") == [1, 2, 3, 4]
    assert await listener.effects("S4") == [1]
    assert len(await listener.held("S3")) == EVENTS - 4
    assert len(await listener.held("S4")) == EVENTS - 1
    assert await listener.effects("S5") == list(range(1, EVENTS + 1))


async def test_whole_states_are_heard_before_what_may_need_them(
    hearing: Hearing, listener: Listener, letter: MakeLetter, monkeypatch: Any
) -> None:
    """Lanes know nothing of one another: an agency in one of them would be too late for the rest."""
    batches: list[list[str]] = []
    hear_records = hearing.hear_records

    async def watched(records: Sequence[ConsumerRecord], **options: Any) -> None:
        batches.append([record.topic for record in records])
        await hear_records(records, **options)

    monkeypatch.setattr(hearing, "hear_records", watched)
    records = [_record(one) for one in _shuffled(letter)]
    agency = Record(AgencyRegistered.TOPIC, 0, 9, b"H10.01", [], b"")
    await hear_poll(hearing, [*records, cast(ConsumerRecord, agency)])
    assert batches[0] == [AgencyRegistered.TOPIC]
    assert len(batches) == 1 + lanes.LANES
    assert all(AgencyRegistered.TOPIC not in topics for topics in batches[1:])
