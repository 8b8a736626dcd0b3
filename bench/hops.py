"""The floor of an appointment: two bare Kafka hops between two processes, and three durable commits."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.contestant import Result, contest

THERE, BACK = "bench.there", "bench.back"
TABLE = """create schema if not exists bench;
create table if not exists bench.kept (id bigint generated always as identity, body bytea)"""
KEEP = "insert into bench.kept (body) values ($1)"


@dataclass(frozen=True, slots=True)
class Route:
    """Where the hops go."""

    dsn: str
    kafka: str
    fetch_wait_ms: int = int(os.environ.get("KAFKA_FETCH_MAX_WAIT_MS", "500"))


class Hopper:
    """One end: it keeps, and says to the one topic what comes from the other."""

    def __init__(
        self, connection: asyncpg.Connection, producer: AIOKafkaProducer, consumer: AIOKafkaConsumer
    ) -> None:
        self._connection = connection
        self._producer = producer
        self._consumer = consumer

    async def keep_and_say(self, topic: str, key: bytes, body: bytes) -> None:
        await self._connection.execute(KEEP, body)
        await self._producer.send(topic, body, key=key)

    async def hear(self) -> tuple[bytes, bytes]:
        record = await self._consumer.getone()
        return record.key, record.value

    async def there_and_back(self, key: bytes, body: bytes) -> float:
        """Keep and say, wait for the answer, keep that too; how many milliseconds it took."""
        began = perf_counter()
        await self.keep_and_say(THERE, key, body)
        while (await self.hear())[0] != key:
            pass
        await self._connection.execute(KEEP, body)
        return (perf_counter() - began) * 1000


@asynccontextmanager
async def open_hopper(route: Route, hears: str) -> AsyncIterator[Hopper]:
    connection = await asyncpg.connect(route.dsn)
    producer = AIOKafkaProducer(bootstrap_servers=route.kafka, acks="all")
    consumer = AIOKafkaConsumer(
        hears, bootstrap_servers=route.kafka, fetch_max_wait_ms=route.fetch_wait_ms
    )
    await producer.start()
    await consumer.start()
    await consumer.seek_to_end()
    try:
        yield Hopper(connection, producer, consumer)
    finally:
        await consumer.stop()
        await producer.stop()
        await connection.close()


async def answer_for_ever(route: Route) -> Result:
    """The other end: it keeps whatever comes, and says it back."""
    async with open_hopper(route, THERE) as hopper:
        while True:
            key, body = await hopper.hear()
            await hopper.keep_and_say(BACK, key, body)


if __name__ == "__main__":
    contest(Route, answer_for_ever)
