"""`explain` over a real broker: one life told in order, its holes named, its dead letters beside it."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.brokers import Broker
from shared.events import agencies, deadlines, dossiers, feedback
from shared.events.base import Event
from shared.events.catalogue import EVENTS
from shared.events.envelope import Envelope
from shared.explain.life import TOPICS
from shared.explain.records import read_keys
from shared.explain.words import WORDS
from shared.partitions import partition_of
from shared.settings import ServiceSettings
from shared.tests.terminal import run
from shared.topics import TopicError

CODE = "H10.40.21-261123-0131"
AGENCY = "H10.40.21"
INTAKE, DEADLINE, FEEDBACK = (
    "thanthien/intake/dossiers",
    "thanthien/deadline/deadlines",
    "thanthien/feedback/feedback",
)
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class Sayer:
    """Says events on the broker as the relay does."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def say(
        self, source: str, sequence: int | None, event: Event, at: datetime, type_: str = ""
    ) -> None:
        envelope = Envelope(
            f"{event.subject}/{sequence}", source, type_ or event.TYPE, event.subject, at, sequence
        )
        await self.record(event.TOPIC, event.subject, envelope.to_headers(), event.body())

    async def many(self, codes: Sequence[str]) -> None:
        """One record per code, in no envelope."""
        for code in codes:
            await self._producer.send(dossiers.TOPIC, b"{}", key=code.encode())
        await self._producer.flush()

    async def record(
        self, topic: str, key: str, headers: Sequence[tuple[str, bytes]], value: bytes
    ) -> None:
        await self._producer.send_and_wait(topic, value, key=key.encode(), headers=list(headers))


@pytest.fixture
async def sayer(settings: ServiceSettings) -> AsyncIterator[Sayer]:
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()
    yield Sayer(producer)
    await producer.stop()


def submitted(code: str = CODE) -> Event:
    return dossiers.DossierSubmitted(
        dossier=code, agency=AGENCY, status=1, procedure="1.001193", channel="counter",
        received_at=AT,
    )  # fmt: skip


def resolved() -> Event:
    return dossiers.DossierResolved(dossier=CODE, agency=AGENCY, status=9, resolved_at=AT)


def alarm() -> Event:
    return deadlines.AlarmRung(
        code=CODE, kind="dossier", agency=AGENCY, generation=1, rung="breach", due_at=AT,
        rang_at=AT, is_late=False, calls="town",
    )  # fmt: skip


def notice() -> Event:
    return feedback.NoticeSent(dossier=CODE, agency=AGENCY, notice="greeting", sent_at=AT)


def minutes(count: int) -> datetime:
    return AT + timedelta(minutes=count)


async def live(sayer: Sayer) -> None:
    """A life with a hole in intake's sayings; said in another order than it happened."""
    await sayer.say(FEEDBACK, 1, notice(), minutes(1))
    await sayer.say(INTAKE, 1, submitted(), minutes(0))
    await sayer.say(INTAKE, 1, submitted(), minutes(0))
    await sayer.say(INTAKE, 4, resolved(), minutes(90))
    await sayer.say(DEADLINE, 1, alarm(), minutes(60))
    await sayer.say(INTAKE, 1, submitted("H10.40.21-261123-9999"), minutes(2))


async def test_a_life_is_told_in_order_of_event_time_with_its_gap(
    settings: ServiceSettings, sayer: Sayer
) -> None:
    await live(sayer)
    agency = agencies.AgencyRegistered(
        agency=AGENCY, name="UBND", valid_from=AT.date(), time_zone="Asia/Tokyo"
    )
    await sayer.say("thanthien/intake/agencies", 1, agency, minutes(-600))
    told = await run(settings, "explain", CODE, "--json")
    assert told.code == 0, told.errors
    events = told.json["events"]
    assert [(one["source"], one["sequence"], one["times"]) for one in events] == [
        (INTAKE, 1, 2), (FEEDBACK, 1, 1), (DEADLINE, 1, 1), (INTAKE, 4, 1),
    ]  # fmt: skip
    assert events[0]["at"] == "2026-11-23T10:00:00+09:00"
    assert [one["is_zone_assumed"] for one in events] == [False] * 4
    assert (events[2]["vi"], events[2]["en"]) == ("Cảnh báo", "An alarm rang")
    assert events[2]["details"]["rung"] == "breach"
    assert told.json["gaps"] == [
        {"source": INTAKE, "first": 2, "last": 3, "is_perhaps_expired": False}
    ]
    assert {one["partition"] for one in told.json["looked_at"]} == {partition_of(CODE.encode(), 12)}
    assert [one["end"] for one in told.json["looked_at"] if one["topic"] == deadlines.TOPIC] == [1]


async def test_in_words_the_zone_is_noted_where_the_agency_is_not_known(
    settings: ServiceSettings, sayer: Sayer
) -> None:
    await live(sayer)
    told = await run(settings, "explain", CODE)
    assert told.code == 0, told.errors
    lines = told.out.splitlines()
    assert lines[0].startswith("2026-11-23 08:00:00 +0700* thanthien/intake/dossiers")
    assert "Hồ sơ được nộp · The dossier was submitted" in lines[0]
    assert "[on the topic 2 times; applied once]" in lines[0]
    assert lines[3] == f"    !! {INTAKE}: 2–3 missing before this"
    assert "UTC+7 is assumed" in told.out
    assert f"GAP  {INTAKE}: 2–3 not on the topic; look at the publisher's relay" in told.out
    assert lines[-1] == "Dead letters of deadline: nothing is set aside."


async def test_what_cannot_be_read_or_is_not_known_is_told_by_its_name(
    settings: ServiceSettings, sayer: Sayer
) -> None:
    new = "thanthien.dossiers.DossierBlessed.v7"
    await sayer.say("urn:agency:x", None, resolved(), AT, new)
    await sayer.record(dossiers.TOPIC, CODE, [], b"\xff")
    told = await run(settings, "explain", CODE, "--json")
    assert told.code == 0, told.errors
    assert [(one["type"], one["en"]) for one in told.json["events"]] == [
        (new, new), (None, "It cannot be read"),
    ]  # fmt: skip
    assert told.json["events"][1]["fault"] == "header ce_specversion is missing"


async def test_dead_letters_stand_beside_the_life(settings: ServiceSettings, sayer: Sayer) -> None:
    await live(sayer)
    connection = await asyncpg.connect(settings.database_url)
    try:
        await connection.execute(
            """insert into set_aside (identity, topic, partition, "offset", headers, source, subject,
                   sequence, type, cause, reason, set_aside_at)
               values ('x', $1, 0, 0, '[]', $2, $3, 4, 'T', 'gap', 'waiting for 2', $4)""",
            *(dossiers.TOPIC, INTAKE, CODE, AT),
        )
    finally:
        await connection.close()
    told = await run(settings, "explain", CODE)
    assert f"T #4 from {INTAKE}, since 2026-11-23T01:00:00+00:00, gap: waiting for 2" in told.out
    assert f"dead-letters show {CODE}" in told.out


async def test_without_the_database_the_life_is_told_all_the_same(
    settings: ServiceSettings, sayer: Sayer
) -> None:
    await live(sayer)
    away = "postgresql://x:y@127.0.0.1:1/z"
    told = await run(settings, "explain", CODE, "--json", DATABASE_URL=away)
    assert (told.code, len(told.json["events"])) == (0, 4)
    assert told.json["dead_letters"] is None
    assert "ConnectionRefused" in told.json["dead_letters_not_asked_because"]


async def test_a_code_nobody_spoke_of_ends_with_1_and_says_where_was_looked(
    settings: ServiceSettings, sayer: Sayer
) -> None:
    await live(sayer)
    told = await run(settings, "explain", "H10-1", "--json")
    assert (told.code, told.json["events"]) == (1, [])
    place = f"thanthien.dossiers.v1 partition {partition_of(b'H10-1', 12)}, offsets 0 to "
    assert f"H10-1: nobody said anything of it. Looked at {place}" in told.errors


async def test_what_is_no_code_or_no_broker_ends_with_2_and_says_so(
    settings: ServiceSettings,
) -> None:
    wrong = await run(settings, "explain", "h10/1")
    assert wrong.code == 2
    assert "'h10/1' is no code" in wrong.errors
    away = await run(settings, "explain", CODE, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert away.code == 2
    assert "127.0.0.1:1 cannot be asked" in away.errors
    assert "Traceback" not in away.errors


async def test_a_missing_topic_is_named(settings: ServiceSettings, empty_broker: Broker) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=empty_broker.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics([feedback.TOPIC])
    finally:
        await admin.close()
    servers = settings.kafka_bootstrap_servers
    with pytest.raises(TopicError, match=r"thanthien\.feedback\.v1 is missing"):
        await read_keys(servers, TOPICS, [CODE], lambda read, total: None)


async def test_a_long_partition_is_read_to_its_end_and_progress_is_told(
    settings: ServiceSettings, sayer: Sayer
) -> None:
    there = [code for code in map("X-{}".format, range(60_000)) if _is_beside(code)]
    # In one batch with others: the embedded broker lists an end before it.
    await sayer.many([*there, CODE])
    told: list[tuple[int, int]] = []
    found = await read_keys(
        *(settings.kafka_bootstrap_servers, [dossiers.TOPIC], [CODE]),
        on_progress=lambda read, total: told.append((read, total)),
    )
    assert [record.offset for record in found.records] == [len(there)]
    assert told[-1] == (len(there) + 1, len(there) + 1)


def _is_beside(code: str) -> bool:
    return partition_of(code.encode(), 12) == partition_of(CODE.encode(), 12)


def test_every_type_of_a_dossier_or_report_has_words() -> None:
    of_subjects = {dossiers.TOPIC, deadlines.TOPIC, feedback.TOPIC}
    named = {t.split(".")[2] for t, event in EVENTS.items() if event.TOPIC in of_subjects}
    assert named - {"CalendarRevised"} == set(WORDS)
