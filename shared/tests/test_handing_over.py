"""A member that stops hands its partitions over, what is in hand is finished, and ready means ready."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from time import monotonic, perf_counter

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from deploy.local.brokers import Broker
from deploy.local.faults.campaign import session_timeout_ms
from shared.broker import CATCH_UP_SECONDS, Drain, Ears, HandleRecords

pytestmark = pytest.mark.broker
MakeTopic = Callable[..., Awaitable[str]]
PARTITIONS = 4
SHORTEST_SECONDS = session_timeout_ms() / 1_000
"""The embedded broker holds a new member up for half of it."""
SESSION_SECONDS = 30
"""Of named members: longer than anything here waits, so that nothing can hang on its end."""


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    yield producer
    await producer.stop()


@asynccontextmanager
async def listening(
    kafka: str,
    topic: str,
    handle: HandleRecords,
    instance: str | None = None,
    session_seconds: float = SHORTEST_SECONDS,
) -> AsyncIterator[Ears]:
    # fmt: off
    ears = Ears(
        kafka, [topic], f"{topic}-group", handle, instance=instance, fetch_max_wait_ms=20,
        session_timeout_ms=int(session_seconds * 1000),
    )
    # fmt: on
    await ears.start()
    try:
        yield ears
    finally:
        await ears.stop()


def assigned(ears: Ears) -> set[TopicPartition]:
    assert ears.consumer is not None
    found: set[TopicPartition] = ears.consumer.assignment()
    return found


async def fill(producer: AIOKafkaProducer, topic: str, what: bytes) -> None:
    """One record in every partition."""
    for partition in range(PARTITIONS):
        await producer.send_and_wait(topic, what, partition=partition)


async def until(holds: Callable[[], bool], seconds: float = 20) -> float:
    """Seconds it took."""
    began = perf_counter()
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)
    return perf_counter() - began


async def test_a_named_member_that_stops_leaves_its_partitions_to_the_others_at_once(
    kafka: str, kafka_broker: Broker, make_topic: MakeTopic, producer: AIOKafkaProducer
) -> None:
    if not kafka_broker.keeps_places:
        pytest.skip("the embedded broker knows no named members")
    topic = await make_topic("left", partitions=PARTITIONS)
    heard: list[bytes] = []

    async def handle(records: Sequence[ConsumerRecord]) -> None:
        heard.extend(record.value for record in records)

    async with listening(kafka, topic, handle, "stays", SESSION_SECONDS) as stays:
        assert stays.why_not_ready() is None
        async with listening(kafka, topic, handle, "goes", SESSION_SECONDS) as goes:
            await until(lambda: len(assigned(goes)) == PARTITIONS / 2)
        await fill(producer, topic, b"left")
        # A heartbeat, and no session: the citizen who waits is answered within the second.
        assert await until(lambda: len(heard) == PARTITIONS) < 3


async def test_a_named_member_that_died_has_its_partitions_again_when_it_is_back(
    kafka: str, kafka_broker: Broker, make_topic: MakeTopic, producer: AIOKafkaProducer
) -> None:
    if not kafka_broker.keeps_places:
        pytest.skip("the embedded broker knows no named members")
    topic = await make_topic("died", partitions=PARTITIONS)
    heard: list[bytes] = []

    async def handle(records: Sequence[ConsumerRecord]) -> None:
        heard.extend(record.value for record in records)

    async with listening(kafka, topic, handle, "stays", SESSION_SECONDS) as stays:
        async with listening(kafka, topic, handle, "dies", SESSION_SECONDS) as dies:
            await until(lambda: len(assigned(dies)) == PARTITIONS / 2)
            kept = assigned(stays)
            # As SIGKILL: it says no good-bye, and is back before the session ends.
            dies.consumer._coordinator._maybe_leave_group = nothing  # type: ignore[union-attr]
        async with listening(kafka, topic, handle, "dies", SESSION_SECONDS) as back:
            assert len(assigned(back)) == PARTITIONS / 2
            assert assigned(stays) == kept
            await fill(producer, topic, b"back")
            await until(lambda: len(heard) == PARTITIONS)


async def nothing() -> None:
    """Instead of leaving."""


async def test_the_batch_in_hand_is_heard_and_noted_before_its_partitions_go(
    kafka: str, make_topic: MakeTopic, producer: AIOKafkaProducer
) -> None:
    topic = await make_topic("drain", partitions=PARTITIONS)
    heard: list[tuple[str, int, int]] = []
    in_hand = asyncio.Event()

    def hearer(name: str, seconds: float) -> HandleRecords:
        async def handle(records: Sequence[ConsumerRecord]) -> None:
            in_hand.set()
            await asyncio.sleep(seconds)
            heard.extend((name, record.partition, record.offset) for record in records)

        return handle

    await fill(producer, topic, b"before")
    async with listening(kafka, topic, hearer("slow", 0.6)):
        await in_hand.wait()
        async with listening(kafka, topic, hearer("new", 0)):
            await until(lambda: len(heard) >= PARTITIONS)
            await fill(producer, topic, b"after")
            await until(lambda: len(heard) >= 2 * PARTITIONS)
    assert sorted(place for _, *place in heard) == [
        [partition, offset] for partition in range(PARTITIONS) for offset in (0, 1)
    ]


async def test_a_drain_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.broker.DRAIN_SECONDS", 0.05)
    drain = Drain()
    with drain:
        began = perf_counter()
        await drain.on_partitions_revoked({TopicPartition("t", 0)})
    assert 0.04 < perf_counter() - began < 1
    await drain.on_partitions_revoked({TopicPartition("t", 0)})


async def test_a_replica_is_ready_when_it_has_heard_what_lay_there(
    kafka: str, make_topic: MakeTopic, producer: AIOKafkaProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await make_topic("behind", partitions=PARTITIONS)
    await fill(producer, topic, b"before")
    goes_on = asyncio.Event()
    heard: list[bytes] = []

    async def handle(records: Sequence[ConsumerRecord]) -> None:
        await goes_on.wait()
        heard.extend(record.value for record in records)

    async with listening(kafka, topic, handle) as ears:
        assert "catching up: " in str(ears.why_not_ready())
        goes_on.set()
        await until(lambda: ears.why_not_ready() is None)
        assert heard.count(b"before") == PARTITIONS
        # What comes later is lag, and keeps nobody from taking requests.
        goes_on.clear()
        await fill(producer, topic, b"later")
        assert ears.why_not_ready() is None
        goes_on.set()
        await until(lambda: len(heard) == 2 * PARTITIONS)
    async with listening(kafka, topic, handle) as again:
        assert again.why_not_ready() is None
    await fill(producer, topic, b"more")
    goes_on.clear()
    async with listening(kafka, topic, handle) as late:
        assert "catching up: " in str(late.why_not_ready())
        # Whatever lies in Kafka, intake must take dossiers.
        monkeypatch.setattr("shared.broker.monotonic", lambda: monotonic() + CATCH_UP_SECONDS)
        assert "catching up: " not in str(late.why_not_ready())
        monkeypatch.undo()
        goes_on.set()
