"""Doctor and readiness: each thing is broken for real, and the line says so."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.brokers import Broker
from deploy.local.postgres import Database
from deploy.local.topics import create_on, create_topics
from shared import outbox
from shared.clock import Clock, SystemClock, VirtualClock
from shared.doctor.examination import examine
from shared.doctor.findings import Finding, in_words
from shared.events import dossiers
from shared.messages import Saying
from shared.postgres import open_pool
from shared.process import foundations_in_words
from shared.settings import ServiceSettings
from shared.topics import Topic

MIGRATIONS = Path(__file__).parents[2] / "services" / "deadline" / "migrations"
DatabaseOf = Callable[..., Awaitable[Database]]
FAR = {"vn": date(2999, 12, 31)}


async def look(
    settings: ServiceSettings, clock: Clock | None = None, last_days: dict[str, date] = FAR
) -> list[Finding]:
    found = examine(
        settings, [dossiers.TOPIC], MIGRATIONS, lambda: last_days, clock or SystemClock()
    )
    return [finding async for finding in found]


async def wrong(settings: ServiceSettings, clock: Clock | None = None) -> dict[str, str]:
    """The bad lines, but for the relay's: none runs here."""
    findings = await look(settings, clock)
    return {one.part: one.says for one in findings if not one.is_good and one.part != "relay"}


async def ready(settings: ServiceSettings) -> dict[str, str]:
    pool = await open_pool(settings.database_url)
    try:
        return await foundations_in_words(pool, settings, MIGRATIONS)
    finally:
        await pool.close()


async def as_admin(settings: ServiceSettings, database: str, *statements: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def test_a_broker_that_restarts_is_told_by_doctor_and_stops_no_replica() -> None:
    passing = Finding("topics", "t has 1 replicas in sync", "bring the brokers back", passes=True)
    lasting = Finding("topics", "t is missing", "create it")
    assert not passing.is_good
    assert in_words([passing]) == {}
    assert in_words([passing, lasting]) == {"topics": "t is missing"}


async def test_all_is_good_but_the_relay_that_does_not_run(settings: ServiceSettings) -> None:
    findings = await look(settings)
    assert [one.part for one in findings if not one.is_good] == ["relay"]
    assert {one.part for one in findings} == {
        "broker", "topics", "database", "schema", "role", "clocks", "relay", "outbox", "pruning", "lag", "rules",
    }  # fmt: skip
    assert await ready(settings) == {}


async def test_what_ended_and_was_never_pruned_is_told(
    settings: ServiceSettings, database_of: DatabaseOf
) -> None:
    await as_admin(
        settings, settings.database_url,
        "insert into endings (subject, ended_at) values ('A', now() - interval '3 days')",
    )  # fmt: skip
    assert await wrong(settings) == {"pruning": "it has never come to its end"}
    await as_admin(
        settings, settings.database_url, "insert into prunings (ended_at) values (now())"
    )
    assert await wrong(settings) == {}


async def test_who_holds_the_relays_lock_leads(settings: ServiceSettings) -> None:
    leader = await asyncpg.connect(settings.database_url)
    try:
        await leader.execute("select pg_advisory_lock(hashtext('relay'), hashtext('deadline'))")
        assert all(one.is_good for one in await look(settings))
    finally:
        await leader.close()


async def test_a_missing_topic_and_wrong_partitions_are_named(
    settings: ServiceSettings, empty_broker: Broker
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=empty_broker.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics([dossiers.TOPIC])
        said = "thanthien.dossiers.v1 is missing"
        assert (await wrong(settings))["topics"] == said
        assert await ready(settings) == {"topics": said}
        await create_on(admin, [Topic(dossiers.TOPIC, 3, "delete", 30, is_local=False)], 1)
    finally:
        await admin.close()
    said = "thanthien.dossiers.v1 has 3 partitions; 12 are listed"
    assert (await wrong(settings))["topics"] == said
    assert await ready(settings) == {"topics": said}


async def test_too_few_replicas_are_named(settings: ServiceSettings) -> None:
    three = settings.model_copy(update={"kafka_replicas": 3})
    lines = [one.says for one in await look(three) if one.part == "topics" and not one.is_good]
    assert "thanthien.dossiers.v1 has 1 replicas; 3 are asked" in lines
    assert "has 1 replicas; 3 are asked" in (await ready(three))["topics"]


async def test_a_broker_that_is_away_is_one_line_and_the_rest_is_looked_at(
    settings: ServiceSettings,
) -> None:
    away = settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    findings = await look(away)
    assert "127.0.0.1:1 does not answer" in {one.part: one.says for one in findings}["broker"]
    assert {"schema", "role", "rules"} <= {one.part for one in findings if one.is_good}


async def test_a_database_that_is_away_is_one_line(settings: ServiceSettings) -> None:
    away = settings.model_copy(update={"database_url": "postgresql://x:y@127.0.0.1:1/z"})
    assert list(await wrong(away)) == ["database"]


async def test_a_schema_of_the_next_version_is_told_and_its_predecessor_goes_on(
    settings: ServiceSettings,
) -> None:
    await run(settings, "insert into migrations values ('deadline/9999_new.sql', 'x')")
    said = "the schema is ahead: it has had deadline/9999_new.sql, which only add"
    assert await wrong(settings) == {"schema": said}
    assert await ready(settings) == {}


async def test_a_schema_from_the_future_or_behind_is_named(settings: ServiceSettings) -> None:
    await run(settings, "insert into migrations values ('deadline/9999_contract_old.sql', 'x')")
    said = "the schema is from the future: it has had deadline/9999_contract_old.sql"
    assert await wrong(settings) == {"schema": said}
    assert await ready(settings) == {"schema": said}
    await run(settings, "delete from migrations where name ~ '9999' or name ~ 'deadline/0001'")
    assert "behind: deadline/0001" in (await wrong(settings))["schema"]


async def run(settings: ServiceSettings, statement: str) -> None:
    connection = await asyncpg.connect(settings.database_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_schema_that_no_migration_ran_in_is_behind(
    database: Database, empty_broker: Broker
) -> None:
    await create_topics(empty_broker.bootstrap_servers, with_local=False)
    bare = ServiceSettings(
        database_url=database.dsn("deadline"),
        kafka_bootstrap_servers=empty_broker.bootstrap_servers,
    )
    assert "behind: " in (await wrong(bare))["schema"]


async def test_a_role_that_reaches_another_schema_is_named(
    settings: ServiceSettings, database_of: DatabaseOf
) -> None:
    database = await database_of("deadline")
    own = settings.model_copy(update={"database_url": database.dsn("deadline")})
    await as_admin(own, database.admin_dsn, "grant usage on schema intake to deadline")
    said = "role deadline can reach other schemas: intake"
    assert await wrong(own) == {"role": said}
    assert await ready(own) == {"role": said}


async def test_a_superuser_is_named(settings: ServiceSettings, database_of: DatabaseOf) -> None:
    database = await database_of("deadline")
    url = f"{database.admin_dsn}?options=-csearch_path%3Ddeadline"
    said = (await wrong(settings.model_copy(update={"database_url": url})))["role"]
    assert "has too many rights: superuser" in said


async def test_a_clock_that_is_wrong_is_named(settings: ServiceSettings) -> None:
    slow = VirtualClock(SystemClock().now() - timedelta(minutes=5))
    assert "ahead of this machine's" in (await wrong(settings, slow))["clocks"]


async def test_an_old_outbox_row_and_unheard_records_are_named(settings: ServiceSettings) -> None:
    at = datetime(2026, 8, 21, tzinfo=UTC)
    event = dossiers.DossierReturned(dossier="A-1", agency="H10.01", status=10, returned_at=at)
    connection = await asyncpg.connect(settings.database_url)
    try:
        async with connection.transaction():
            await outbox.Outbox(connection, "thanthien/deadline").say([Saying(event, at)])
    finally:
        await connection.close()
    assert "s old: A-1 for thanthien.dossiers.v1" in (await wrong(settings))["outbox"]


async def test_records_nobody_hears_are_counted(settings: ServiceSettings) -> None:
    from aiokafka import AIOKafkaProducer

    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()
    try:
        await producer.send_and_wait(dossiers.TOPIC, b"{}", key=b"A-1")
    finally:
        await producer.stop()
    assert (
        "1 records of thanthien.dossiers.v1 are still to be heard, and nothing moved"
        in ((await wrong(settings))["lag"])
    )


async def test_a_calendar_that_ends_soon_is_named(settings: ServiceSettings) -> None:
    soon = date(2026, 1, 1)
    clock = VirtualClock(datetime(2025, 12, 1, tzinfo=UTC))
    findings = await look(settings, clock, {"vn": soon})
    assert "calendar vn ends on 2026-01-01" in [one.says for one in findings if not one.is_good]
