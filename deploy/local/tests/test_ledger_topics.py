"""The ledger sees whatever is done to the topics."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from deploy.local.ledger.report import as_json
from deploy.local.tests.ledger_world import Record, World, audit_of, blamed

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]


ORDER = "on its topic every subject counts 1, 2, 3…"


EXPLAINED = "every event may follow the one before it"


def of_one_dossier(world: World) -> list[int]:
    """The places of the records of a dossier with at least three events."""
    by_key: dict[bytes, list[int]] = {}
    for place, record in enumerate(world.records):
        if record.topic == "thanthien.dossiers.v1" and record.key:
            by_key.setdefault(record.key, []).append(place)
    return next(places for _, places in sorted(by_key.items()) if len(places) >= 3)


async def test_copied_topics_balance_as_well(world: World, tmp_path: Path) -> None:
    verdict = await audit_of(world, world.records, tmp_path)
    assert verdict.balances, as_json(verdict)


async def test_the_last_event_of_a_dossier_is_missed(world: World, tmp_path: Path) -> None:
    last = of_one_dossier(world)[-1]
    left = [record for place, record in enumerate(world.records) if place != last]
    found = blamed(await audit_of(world, left, tmp_path))
    assert found["dossiers: all that intake said is on the topic"] == {"lost"}
    assert found["every dossier is where its events lead"] == {"unexplained"}


async def test_a_hole_is_seen(world: World, tmp_path: Path) -> None:
    second = of_one_dossier(world)[1]
    left = [record for place, record in enumerate(world.records) if place != second]
    found = blamed(await audit_of(world, left, tmp_path))
    assert "lost" in found[ORDER]


async def test_an_event_that_overtakes_another_is_seen(world: World, tmp_path: Path) -> None:
    first, second, *_ = of_one_dossier(world)
    records = list(world.records)
    records[first], records[second] = records[second], records[first]
    assert blamed(await audit_of(world, records, tmp_path)) == {ORDER: {"reordered"}}


async def test_a_record_that_lies_there_twice_is_noted_and_no_fault(
    world: World, tmp_path: Path
) -> None:
    first = of_one_dossier(world)[0]
    verdict = await audit_of(world, [*world.records, world.records[first]], tmp_path)
    assert verdict.balances
    assert verdict.events == len(world.records)
    assert any(note.startswith("1 records lie twice") for note in verdict.notes)


async def test_two_sayings_of_one_number_contradict_each_other(
    world: World, tmp_path: Path
) -> None:
    first, second, *_ = of_one_dossier(world)
    lie = world.records[second].renumbered(1)
    found = blamed(await audit_of(world, [*world.records, lie], tmp_path))
    assert found == {ORDER: {"duplicated"}}
    assert first != second


async def test_a_deadline_that_is_set_twice_is_seen(world: World, tmp_path: Path) -> None:
    again = next(record for record in world.records if record.kind == "DeadlineSet")
    number = 1 + sum(
        record.topic == again.topic and record.key == again.key for record in world.records
    )
    verdict = await audit_of(world, [*world.records, again.renumbered(number)], tmp_path)
    assert "duplicated" in blamed(verdict)[EXPLAINED]


async def test_an_alarm_that_is_told_twice_is_seen(world: World, tmp_path: Path) -> None:
    again = next(record for record in world.records if record.kind == "AlarmRung")
    number = 1 + sum(
        record.topic == again.topic and record.key == again.key for record in world.records
    )
    verdict = await audit_of(world, [*world.records, again.renumbered(number)], tmp_path)
    assert blamed(verdict)["every alarm rang once"] == {"duplicated"}


async def test_a_move_that_was_never_told_is_seen(world: World, tmp_path: Path) -> None:
    """Rule 31; the sequence has no hole, for something else was said in its place."""
    alone = next(
        record
        for record in world.records
        if record.kind == "NoticeSent" and record.body["notice"] == "resolved"
    )
    other = {**alone.body, "notice": "stopped"}
    records = list(world.records)
    records[records.index(alone)] = replace(alone, value=orjson.dumps(other))
    found = blamed(await audit_of(world, records, tmp_path))
    assert found["every change of status was told to its citizen"] == {"lost"}


async def test_strangers_and_noise_are_noted_and_prove_nothing(
    world: World, tmp_path: Path
) -> None:
    topic = "thanthien.dossiers.v1"
    stranger = Record(topic, 0, b"x", b"{}", (("ce_source", b"elsewhere"),))
    noise = Record(topic, 0, b"x", b"\xff", ())
    verdict = await audit_of(world, [*world.records, stranger, noise], tmp_path)
    assert verdict.balances
    assert any("elsewhere" in note for note in verdict.notes)
    assert any("unreadable" in note for note in verdict.notes)


async def test_an_event_without_its_fields_is_unexplained(world: World, tmp_path: Path) -> None:
    last = of_one_dossier(world)[-1]
    records = list(world.records)
    records[last] = replace(records[last], value=b"{}")
    found = blamed(await audit_of(world, records, tmp_path))
    assert "unexplained" in found[EXPLAINED]
