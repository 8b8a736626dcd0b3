"""Nothing said is lost, per-dossier order end to end, and the relay's place is taken over."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError

from deploy.local.postgres import Database
from shared.events.dossiers import DossierReturned
from shared.events.envelope import Envelope
from shared.messages import Saying
from shared.outbox import Outbox
from shared.postgres import transaction
from shared.relay import READ, Relay, new_producer
from shared.tests.conftest import NOW

MakeTopic = Callable[..., Awaitable[str]]
SOURCE = "thanthien/intake"


def said(dossier: str) -> Saying:
    return Saying(DossierReturned(dossier=dossier, agency="H10", status=10, returned_at=NOW), NOW)


async def say(pool: asyncpg.Pool, *dossiers: str) -> None:
    async with transaction(pool) as connection:
        await Outbox(connection, SOURCE).say([said(dossier) for dossier in dossiers])


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = new_producer(kafka)
    await producer.start()
    yield producer
    await producer.stop()


async def test_sayings_are_counted_per_dossier_in_the_order_they_were_said(
    pool: asyncpg.Pool,
) -> None:
    await say(pool, "A", "B", "A")
    await say(pool, "A", "B")
    rows = await pool.fetch("select subject, sequence from outbox order by id")
    assert [tuple(row) for row in rows] == [("A", 1), ("B", 1), ("A", 2), ("A", 3), ("B", 2)]


async def test_what_is_rolled_back_was_never_said(pool: asyncpg.Pool) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction(pool) as connection:
            await Outbox(connection, SOURCE).say([said("A")])
            raise ZeroDivisionError
    await say(pool, "A")
    assert await pool.fetchval("select array_agg(sequence) from outbox") == [1]


async def test_concurrent_sayings_of_one_dossier_commit_in_order(pool: asyncpg.Pool) -> None:
    await asyncio.gather(*(say(pool, "A", f"B{n}", "A") for n in range(30)))
    rows = await pool.fetch("select sequence from outbox where subject = 'A' order by id")
    assert [row["sequence"] for row in rows] == list(range(1, 61))


async def _redirect(pool: asyncpg.Pool, topic: str) -> None:
    await pool.execute("update outbox set topic = $1", topic)


async def _receive(kafka: str, topic: str, count: int) -> dict[str, list[int]]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    received: dict[str, list[int]] = defaultdict(list)
    try:
        async with asyncio.timeout(20):
            for _ in range(count):
                record = await consumer.getone()
                envelope = Envelope.from_headers(record.headers)
                assert record.key == envelope.subject.encode()
                received[envelope.subject].append(envelope.sequence or 0)
    finally:
        await consumer.stop()
    return received


@pytest.mark.broker
async def test_the_relay_says_everything_in_order_and_empties_the_outbox(
    pool: asyncpg.Pool,
    database: Database,
    kafka: str,
    make_topic: MakeTopic,
    producer: AIOKafkaProducer,
) -> None:
    topic = await make_topic("order", partitions=3)
    for _ in range(5):
        await say(pool, *[f"D{n % 100}" for n in range(1000)])
    await _redirect(pool, topic)
    relay = Relay(database.dsn("deadline"), "deadline", producer)
    connection = await asyncpg.connect(database.dsn("deadline"))
    assert await relay.say_all(connection) == 5000
    await connection.close()
    received = await _receive(kafka, topic, 5000)
    assert received == {f"D{n}": list(range(1, 51)) for n in range(100)}
    assert await pool.fetchval("select count(*) from outbox") == 0


@pytest.mark.broker
async def test_a_relay_that_stands_by_holds_no_snapshot_so_that_dead_rows_can_be_removed(
    pool: asyncpg.Pool, database: Database, producer: AIOKafkaProducer
) -> None:
    relays = [Relay(database.dsn("deadline"), "deadline", producer) for _ in range(2)]
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    async with asyncio.timeout(10):
        # Of those that ask to lead, the one that stands by asks last.
        while [row["holds"] for row in await pool.fetch(STANDING_BY)] != [False]:
            await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


STANDING_BY = """select backend_xmin is not null as holds from pg_stat_activity
where datname = current_database() and query like '%advisory_lock(%'
    and pid <> pg_backend_pid()"""


async def test_the_relay_is_woken_and_a_dead_leader_is_replaced_soon(
    pool: asyncpg.Pool,
    database: Database,
    kafka: str,
    make_topic: MakeTopic,
    producer: AIOKafkaProducer,
) -> None:
    topic = await make_topic("woken")
    await pool.execute(f"alter table outbox add check (topic = '{topic}') not valid")
    await pool.execute(
        f"""create function redirect() returns trigger language plpgsql as
            $$ begin new.topic := '{topic}'; return new; end $$"""
    )
    await pool.execute(
        "create trigger redirect before insert on outbox for each row execute function redirect()"
    )
    relays = [Relay(database.dsn("deadline"), "deadline", producer) for _ in range(2)]
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    await _until(lambda: any(relay.is_leader for relay in relays))
    await say(pool, "A")
    assert await _receive(kafka, topic, 1) == {"A": [1]}
    await _until_empty(pool)
    leader = relays.index(next(relay for relay in relays if relay.is_leader))
    tasks[leader].cancel()
    await _until(lambda: relays[1 - leader].is_leader)
    assert not relays[leader].is_leader
    await say(pool, "A")
    assert await _receive(kafka, topic, 2) == {"A": [1, 2]}
    await _until_empty(pool)
    tasks[1 - leader].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_leader_that_is_to_stop_says_what_it_has_and_calls_the_next(
    pool: asyncpg.Pool,
    database: Database,
    producer: AIOKafkaProducer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # So long that who leads next was called, and did not merely ask again.
    monkeypatch.setattr("shared.leadership.STANDBY_SECONDS", 60)
    rounds, is_saying = [], asyncio.Event()

    async def takes_a_while(relay: Relay, connection: asyncpg.Connection) -> int:
        rounds.append(relay)
        is_saying.set()
        await asyncio.sleep(0.1)
        rounds.append(relay)
        return 0

    monkeypatch.setattr(Relay, "say_all", takes_a_while)
    leads, stands_by = (Relay(database.dsn("deadline"), "deadline", producer) for _ in range(2))
    leading = asyncio.create_task(leads.run())
    await is_saying.wait()
    standing_by = asyncio.create_task(stands_by.run())
    async with asyncio.timeout(10):
        while not await pool.fetch(STANDING_BY):
            await asyncio.sleep(0.02)
    await leads.hand_over(leading)
    assert leading.done() and not leads.is_leader
    assert rounds.count(leads) % 2 == 0  # the round under way was said to its end
    await _until(lambda: stands_by.is_leader)
    await stands_by.hand_over(standing_by)
    assert standing_by.exception() is None


async def test_a_relay_that_stands_by_can_be_ended(
    pool: asyncpg.Pool, database: Database, producer: AIOKafkaProducer
) -> None:
    relays = [Relay(database.dsn("deadline"), "deadline", producer) for _ in range(2)]
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    await _until(lambda: any(relay.is_leader for relay in relays))
    by = next(n for n, relay in enumerate(relays) if not relay.is_leader)
    async with asyncio.timeout(3):
        await relays[by].hand_over(tasks[by])
    assert tasks[by].done()
    assert relays[1 - by].is_leader
    await relays[1 - by].hand_over(tasks[1 - by])


@pytest.mark.parametrize(
    "fault",
    [
        asyncpg.InternalClientError("cannot switch to state 12; another operation is in progress"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        ConnectionResetError("the server is gone"),
        KafkaTimeoutError(),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_the_relay_outlives_every_lost_connection(
    pool: asyncpg.Pool, database: Database, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    faults, was_well = [fault], asyncio.Event()

    async def breaks_once(relay: Relay, connection: asyncpg.Connection) -> int:
        if faults:
            raise faults.pop()
        was_well.set()
        return 0

    monkeypatch.setattr(Relay, "say_all", breaks_once)
    relaying = asyncio.create_task(Relay(database.dsn("deadline"), "deadline", None).run())
    async with asyncio.timeout(10):
        await was_well.wait()
    assert not faults
    relaying.cancel()
    await asyncio.gather(relaying, return_exceptions=True)


@pytest.mark.broker
async def test_only_what_kafka_acknowledged_is_deleted(
    pool: asyncpg.Pool,
    database: Database,
    make_topic: MakeTopic,
    producer: AIOKafkaProducer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    topic = await make_topic("partly", partitions=2)
    await say(pool, *[f"D{n}" for n in range(40)])
    await _redirect(pool, topic)
    send_batch = producer.send_batch

    async def fails_on_partition_one(batch: object, topic: str, *, partition: int) -> object:
        if partition == 1:
            raise KafkaTimeoutError
        return await send_batch(batch, topic, partition=partition)

    monkeypatch.setattr(producer, "send_batch", fails_on_partition_one)
    relay = Relay(database.dsn("deadline"), "deadline", producer)
    connection = await asyncpg.connect(database.dsn("deadline"))
    with pytest.raises(KafkaTimeoutError):
        await relay.say_all(connection)
    left = len(await connection.fetch(READ, 0, 100))
    assert 0 < left < 40
    monkeypatch.undo()
    assert await relay.say_all(connection) == left
    await connection.close()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


async def _until_empty(pool: asyncpg.Pool) -> None:
    async with asyncio.timeout(10):
        while await pool.fetchval("select count(*) from outbox"):
            await asyncio.sleep(0.01)
