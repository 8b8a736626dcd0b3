"""Listening through FastStream: prompt, in batches, and no record hides another."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from shared.broker import POLL_SECONDS, Ears

pytestmark = pytest.mark.broker
MakeTopic = Callable[..., Awaitable[str]]


async def _wait_for(values: list[bytes], count: int) -> None:
    async with asyncio.timeout(30):
        while len(values) < count:
            await asyncio.sleep(0.005)


async def test_an_idle_listener_hears_at_once_and_gets_bytes_as_they_are(
    kafka: str, make_topic: MakeTopic
) -> None:
    topic = await make_topic("ears")
    heard: list[bytes] = []

    async def handle(records: Sequence[ConsumerRecord]) -> None:
        heard.extend(record.value for record in records)

    ears = Ears(
        kafka, [topic], f"{topic}-group", handle, session_timeout_ms=6_000, fetch_max_wait_ms=20
    )
    await ears.start()
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    await producer.send_and_wait(topic, b"\xff not json {")
    await _wait_for(heard, 1)
    assert ears.why_not_ready() is None
    seconds = []
    for n in range(5):
        await asyncio.sleep(0.3)  # let the listener fall idle
        began = perf_counter()
        await producer.send_and_wait(topic, b"%d" % n)
        await _wait_for(heard, n + 2)
        seconds.append(perf_counter() - began)
    await producer.stop()
    await ears.stop()
    assert heard == [b"\xff not json {", b"0", b"1", b"2", b"3", b"4"]
    # An order, not a speed: our poll lasts POLL_SECONDS, FastStream's idle pause 0.2 s more.
    assert sorted(seconds)[2] < POLL_SECONDS / 5


async def test_a_restarted_listener_goes_on_where_the_last_batch_ended(
    kafka: str, make_topic: MakeTopic
) -> None:
    topic = await make_topic("again", partitions=2)
    heard: list[bytes] = []

    async def handle(records: Sequence[ConsumerRecord]) -> None:
        heard.extend(record.value for record in records)

    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    for n in range(10):
        await producer.send_and_wait(topic, b"%d" % n, key=b"%d" % n)
    first = Ears(
        kafka, [topic], f"{topic}-group", handle, session_timeout_ms=6_000, fetch_max_wait_ms=20
    )
    await first.start()
    await _wait_for(heard, 10)
    await first.stop()
    await producer.send_and_wait(topic, b"10")
    second = Ears(
        kafka, [topic], f"{topic}-group", handle, session_timeout_ms=6_000, fetch_max_wait_ms=20
    )
    await second.start()
    await _wait_for(heard, 11)
    await second.stop()
    await producer.stop()
    assert sorted(heard, key=int) == [b"%d" % n for n in range(11)]


async def test_a_header_that_is_not_text_loses_nothing_of_its_poll(
    kafka: str, make_topic: MakeTopic
) -> None:
    topic = await make_topic("headers")
    heard: list[bytes] = []

    async def handle(records: Sequence[ConsumerRecord]) -> None:
        heard.extend(record.value for record in records)

    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    await producer.send_and_wait(topic, b"before")
    await producer.send_and_wait(topic, b"bad", headers=[("x", b"\xff\xfe")])
    await producer.send_and_wait(topic, b"after")
    await producer.stop()
    ears = Ears(
        kafka, [topic], f"{topic}-group", handle, session_timeout_ms=6_000, fetch_max_wait_ms=20
    )
    await ears.start()
    await _wait_for(heard, 3)
    await ears.stop()
    assert heard == [b"before", b"bad", b"after"]


async def test_a_poll_that_fails_is_tried_again_and_never_stepped_over(
    kafka: str, make_topic: MakeTopic
) -> None:
    topic = await make_topic("failing")
    heard: list[bytes] = []
    failures = 2
    reasons: list[str | None] = []

    async def handle(records: Sequence[ConsumerRecord]) -> None:
        nonlocal failures
        reasons.append(ears.why_not_ready())
        if failures:
            failures -= 1
            raise ArithmeticError("the table is gone")
        heard.extend(record.value for record in records)

    ears = Ears(
        kafka, [topic], f"{topic}-group", handle, session_timeout_ms=6_000, fetch_max_wait_ms=20
    )
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    await producer.send_and_wait(topic, b"first")
    await ears.start()
    await _wait_for(heard, 1)
    await producer.send_and_wait(topic, b"second")
    await _wait_for(heard, 2)
    await producer.stop()
    assert ears.why_not_ready() is None
    await ears.stop()
    assert heard == [b"first", b"second"]
    # At first it may still be catching up with what lay there.
    told = ["the table is gone" in str(reason) for reason in reasons]
    assert told == [False, True, True, False]
