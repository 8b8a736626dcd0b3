"""The ledger balances over a world the services made, and does not once anything in it is touched."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.brokers import Tansu
from deploy.local.calls import Calls
from deploy.local.demo.plan import Plan, draw_plan
from deploy.local.demo.play import play, register
from deploy.local.demo.story import choose, tell_story
from deploy.local.demo.tally import UnitTally, tally
from deploy.local.demo.town import Town, read_town
from deploy.local.ledger.audit import audit
from deploy.local.ledger.command import LedgerError, find_stack, prove
from deploy.local.ledger.findings import Fault, Verdict
from deploy.local.ledger.records import Said
from deploy.local.ledger.report import as_json
from deploy.local.ledger.sequences import Place
from deploy.local.ledger.sequences import Sequence as Sayings
from deploy.local.ledger.topics import find_places
from deploy.local.postgres import SERVICES, Postgres
from deploy.local.quiesce import NotQuietError, Quiet
from deploy.local.stack import DATABASE, Stack
from deploy.local.tests.ledger_damage import DAMAGE
from deploy.local.tests.test_demo import shown
from deploy.local.timekeeper import Timekeeper
from deploy.local.topics import create_topics
from shared.pruning import prune
from tests.test_retention import PLANS

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

DOSSIERS_PER_UNIT = 5
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it lies on a topic."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def kind(self) -> str:
        return dict(self.headers)["ce_type"].decode().split(".")[-2]

    @property
    def body(self) -> Any:
        return orjson.loads(self.value or b"")

    def renumbered(self, number: int) -> "Record":
        headers = {**dict(self.headers), "ce_sequence": b"%d" % number}
        return replace(self, headers=tuple(headers.items()))


@dataclass(frozen=True, slots=True)
class World:
    """What the services left behind when they had played a short Friday and stopped."""

    postgres: Postgres
    kafka: str
    records: tuple[Record, ...]
    town: Town
    plan: Plan
    story: str
    tallies: dict[str, UnitTally] = field(default_factory=dict)


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """PostgreSQL gets to it, whoever runs the tests."""
    made = Path(tempfile.mkdtemp(prefix="thanthien-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
async def world(directory: Path) -> AsyncIterator[World]:
    town = read_town()
    # Enough of everything in few dossiers.
    few = {
        code: replace(unit, dossiers=DOSSIERS_PER_UNIT, slow=30)
        for code, unit in town.units.items()
    }
    happens = {**town.happens, "incomplete": 30, "appraisal_gap": 20, "rated": 100}
    town = replace(town, units=few, happens=happens)
    plan = draw_plan(town)
    reported, inspectorate, *_ = sorted(town.units)
    inspecting = {"INSPECTORATES": inspectorate}
    async with Stack(
        "test", clock="virtual", parent=directory, is_durable=False, environment=inspecting
    ) as stack:
        urls = {service: stack.url(service) for service in SERVICES}
        ledger = stack.dsn("ledger")
        async with (
            Calls(urls, stack.token) as calls,
            Timekeeper.driving(urls, ledger, stack.kafka) as keeper,
        ):
            await keeper.act_at(town.instant(town.opens_at))
            await register(town, calls)
            await play(town, plan, calls, keeper)
            tallies = dict(await tally(town, ledger))
            story = shown(await tell_story(*await choose(ledger), calls, town.zone))
            await handle_reports(calls, reported)
            await keeper.ring_until(town.instant(town.until))
        for service in SERVICES:
            await stack.stop_service(service)
        records = tuple(await read_records(stack.kafka))
        yield World(stack.postgres, stack.kafka, records, town, plan, story, tallies)


HANDLED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("feedback", ("asked", "answered", "asked", "answered", "resolved", "published")),
    ("feedback", ("returned",)),
    ("feedback", ("asked", "refused")),
    ("complaint", ("accepted", "resolved")),
    ("complaint", ("refused",)),
    ("denunciation", ("resolved",)),
    ("denunciation", ("withdrawn",)),
)
"""Reports of each kind, and the steps that are taken with each."""


async def handle_reports(calls: Calls, agency: str) -> None:
    """Report every kind of thing of an agency, and let an inspector handle it."""
    for kind, steps in HANDLED:
        report = {
            "kind": kind,
            "agency": agency,
            "against": [2],
            "text": "Việc A",
            "author_name": "Nguyễn Thị Ví Dụ",
        }
        receipt = await calls.ask("POST", "feedback", "/reports", json=report)
        path = f"/reports/{receipt.json()['report']}/steps"
        for step in steps:
            body = {"step": step, "words": "Ghi nhận"}
            if step == "resolved":
                body["verdict"] = "false"
            await calls.ask("POST", "feedback", path, "inspector", json=body)


async def read_records(kafka: str) -> list[Record]:
    """Everything on the topics but the clock's ticks."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(list(await find_places(kafka)))
        records = []
        while batches := await consumer.getmany(timeout_ms=1_000):
            records += [
                Record(one.topic, one.partition, one.key, one.value, tuple(one.headers))
                for batch in batches.values()
                for one in batch
            ]
        return records
    finally:
        await consumer.stop()


@pytest.fixture
async def touched(world: World) -> AsyncIterator[Callable[[str], Any]]:
    """`await touched(sql)`: the verdict over a copy of the database where `sql` was run."""
    names: list[str] = []

    async def touch(sql: str) -> Verdict:
        name = f"touched_{next(_NUMBERS)}"
        await world.postgres.clone_database(DATABASE, name)
        names.append(name)
        connection = await asyncpg.connect(world.postgres.dsn(name, "postgres"))
        try:
            # Whoever damages a database does not keep its rules either.
            await connection.execute("set session_replication_role = replica")
            status = await connection.execute(sql)
            assert not status.endswith(" 0"), f"nothing was touched: {sql}"
        finally:
            await connection.close()
        return await audit(world.postgres.dsn(name, "ledger"), world.kafka)

    yield touch
    for name in names:
        await world.postgres.drop_database(name)


async def audit_of(world: World, records: Sequence[Record], directory: Path) -> Verdict:
    """The verdict over the untouched tables and topics that hold just these records."""
    broker = Tansu(directory)
    broker.begin()
    try:
        broker.wait_until_ready()
        await create_topics(broker.bootstrap_servers, with_local=True)
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers)
        await producer.start()
        try:
            for record in records:
                await producer.send(
                    record.topic,
                    record.value,
                    key=record.key,
                    headers=list(record.headers),
                    partition=record.partition,
                )
        finally:
            await producer.stop()
        return await audit(world.postgres.dsn(DATABASE, "ledger"), broker.bootstrap_servers)
    finally:
        broker.stop()


def blamed(verdict: Verdict) -> dict[str, set[str]]:
    return {
        check.sentence: {fault.value for fault in check.faults}
        for check in verdict.checks
        if not check.holds
    }


async def test_a_world_the_services_made_balances(world: World) -> None:
    verdict = await audit(world.postgres.dsn(DATABASE, "ledger"), world.kafka)
    assert verdict.balances, as_json(verdict)
    assert verdict.events == len(world.records)
    assert all(verdict.count(fault) == 0 for fault in Fault)
    empty = {check.sentence for check in verdict.checks if check.examined == 0}
    assert empty == {"the outboxes are empty", "nothing is set aside"}


async def test_every_kind_of_event_is_in_that_world(world: World) -> None:
    kinds = {record.kind for record in world.records}
    assert {"SupplementRequested", "DossierSupplemented", "DossierReturned"} <= kinds
    assert {"DeadlineSet", "ClockStopped", "AlarmRung", "DeadlineMet", "DeadlineMissed"} <= kinds
    assert {"NoticeSent", "RatingGiven", "ConductReported"} <= kinds
    assert {"ComplaintReceived", "DenunciationReceived", "ReportMoved"} <= kinds


@pytest.mark.parametrize(
    "private",
    [
        "words from feedback.reports",
        "dossier from feedback.reports",
        "words from feedback.report_steps",
        "sealed from feedback.sealed_identities",
        "reason from feedback.openings",
        "content from feedback.report_attachments",
    ],
)
async def test_the_ledger_proves_without_reading_a_word(world: World, private: str) -> None:
    connection = await asyncpg.connect(world.postgres.dsn(DATABASE, "ledger"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"select {private}")
    finally:
        await connection.close()


async def test_the_played_friday_is_told_in_numbers_and_as_a_story(world: World) -> None:
    received = sum(numbers.received for numbers in world.tallies.values())
    assert received == world.plan.dossiers == DOSSIERS_PER_UNIT * len(world.town.units)
    assert sum(numbers.reports for numbers in world.tallies.values()) == len(world.town.reports)
    keeping = [unit.code for unit in world.town.units.values() if unit.keeps_friday]
    assert all(world.tallies[code].put_off == 0 for code in keeping)
    assert "handed in" in world.story
    assert "xin chào" in world.story
    assert "What was promised, and why" in world.story


@pytest.mark.parametrize("damage", DAMAGE)
async def test_it_does_not_balance_when(damage: str, touched: Callable[[str], Any]) -> None:
    sql, sentence, fault = DAMAGE[damage]
    verdict: Verdict = await touched(sql)
    assert not verdict.balances
    found = blamed(verdict)
    assert fault in found.get(sentence, set()), found


@pytest.fixture
async def pruned(world: World) -> AsyncIterator[str]:
    """A copy of the database in which everything that ended is older than any policy keeps, and was pruned."""
    name = f"pruned_{next(_NUMBERS)}"
    await world.postgres.clone_database(DATABASE, name)
    for service, (_, plan) in PLANS.items():
        connection = await asyncpg.connect(world.postgres.dsn(name, service))
        await connection.execute("update endings set ended_at = now() - interval '3 years'")
        assert (await prune(connection, plan(), seconds=60)).forgotten > 20
        await connection.close()
    yield name
    await world.postgres.drop_database(name)


async def test_it_balances_after_pruning_too(world: World, pruned: str) -> None:
    verdict = await audit(world.postgres.dsn(pruned, "ledger"), world.kafka)
    assert verdict.balances, as_json(verdict)


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (
            "delete from deadline.archived_clocks where kind = 'dossier'",
            "every accepted dossier and report has one clock, and what waits besides its own",
        ),
        ("update deadline.archived_clocks set alarms = alarms + 1", "every alarm rang once"),
        ("update deadline.endings set forgotten_at = null", "deadline heard all that intake said of dossiers"),
        ("update feedback.endings set forgotten_at = null", "every notice was sent once"),
    ],
)  # fmt: skip
async def test_what_pruning_leaves_is_still_proven(
    world: World, pruned: str, sql: str, sentence: str
) -> None:
    connection = await asyncpg.connect(world.postgres.dsn(pruned, "postgres"))
    await connection.execute(sql)
    await connection.close()
    assert sentence in blamed(await audit(world.postgres.dsn(pruned, "ledger"), world.kafka))


async def test_what_is_set_aside_is_listed_with_its_reason(touched: Callable[[str], Any]) -> None:
    verdict: Verdict = await touched(DAMAGE["a letter is set aside"][0])
    (check,) = (check for check in verdict.checks if check.sentence == "nothing is set aside")
    assert "H10.40.21-240322-0001" in check.examples[0]
    assert "it cannot be" in check.examples[0]


async def test_what_waits_in_an_outbox_is_stuck_and_not_lost(
    world: World, touched: Callable[[str], Any], tmp_path: Path
) -> None:
    verdict: Verdict = await touched(
        "with one as (update intake.said set last_sequence = last_sequence + 1 where ctid ="
        " (select min(ctid) from intake.said where source = 'thanthien/intake/agencies')"
        " returning source, subject, last_sequence)"
        " insert into intake.outbox (topic, source, subject, sequence, type, time, body)"
        " select 'thanthien.agencies.v1', source, subject, last_sequence, 'z', now(), '' from one"
    )
    assert blamed(verdict)["the outboxes are empty"] == {"stuck"}
    assert "agencies: all that intake said is on the topic" not in blamed(verdict)


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


async def test_it_waits_for_quiet_and_says_what_is_under_way(
    world: World, touched: Callable[[str], Any]
) -> None:
    dsn = world.postgres.dsn(DATABASE, "ledger")
    async with Quiet.watching(dsn, world.kafka) as quiet:
        await quiet.wait(rung_by=world.town.instant(world.town.until), patience_seconds=10)
        far = world.town.instant(datetime(2030, 1, 1))  # noqa: DTZ001 - made aware by the town
        with pytest.raises(NotQuietError, match="an alarm is due"):
            await quiet.wait(rung_by=far, patience_seconds=0.2)
    verdict = await prove(dsn, world.kafka, patience_seconds=5)
    assert verdict.balances


async def test_no_stack_no_proof() -> None:
    with pytest.raises(LedgerError, match="no stack named nobody runs"):
        find_stack("nobody")
    with pytest.raises(LedgerError, match="cannot be read"):
        await prove("postgresql://ledger@127.0.0.1:1/none", "127.0.0.1:1", 1)


def said(number: int, digest: int = 0) -> Said:
    return Said("source", "subject", number, "Kind", digest, {})


def test_what_overtook_is_taken_up_in_its_turn() -> None:
    sayings = Sayings()
    assert sayings.place(said(1)) is Place.NEXT
    assert sayings.place(said(3)) is Place.AHEAD
    assert sayings.place(said(3)) is Place.AGAIN
    assert sayings.missing == [2]
    assert sayings.following() is None
    assert sayings.place(said(2)) is Place.NEXT
    assert sayings.following() == said(3)
    assert sayings.following() is None
    assert (sayings.last, sayings.missing) == (3, [])
    assert sayings.place(said(2)) is Place.AGAIN
    assert sayings.place(said(2, digest=1)) is Place.CONTRADICTION
