"""What a dossier weighs: `python -m bench.weight` prints bytes per dossier on disk and on the wire.

Not a contest and no part of `make bench`: docs/capacity.md reckons with what it prints.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any

import asyncpg
import typer
from aiokafka import AIOKafkaConsumer

from bench.submissions import PROCEDURES, UNITS, register, submission
from deploy.local.calls import Calls, all_at_once
from deploy.local.ledger.topics import find_places
from deploy.local.postgres import SERVICES
from deploy.local.quiesce import Quiet
from deploy.local.stack import Stack, run

SILENT_POLLS = 10
AT_ONCE = 16
SIZES = """
    select schemaname, sum(pg_total_relation_size(relid))::bigint
    from pg_stat_user_tables where schemaname = any($1) group by schemaname
"""


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes, and events by topic, of so many dossiers from submission to return."""

    dossiers: int
    by_schema: dict[str, int]
    events: Counter[str]
    wire_bytes: int


async def weigh(dossiers: int) -> Weights:
    """Let so many dossiers live through a fresh stack and see what they leave."""
    async with Stack("weight") as stack:
        await register(stack)
        before = await _sizes(stack)
        urls = {service: stack.url(service) for service in SERVICES}
        async with Calls(urls, stack.token) as calls:
            await all_at_once(
                _live(calls, range(first, dossiers, AT_ONCE)) for first in range(AT_ONCE)
            )
        async with Quiet.watching(stack.dsn("ledger"), stack.kafka) as quiet:
            await quiet.wait(patience_seconds=120)
        after = await _sizes(stack)
        events, wire_bytes = await _read(stack.kafka)
    grown = {service: after[service] - before[service] for service in SERVICES}
    return Weights(dossiers, grown, events, wire_bytes)


async def _live(calls: Calls, numbers: range) -> None:
    for number in numbers:
        unit = UNITS[number % len(UNITS)]
        body = submission(unit, number)
        headers = {"content-type": "application/json"}
        taken = await calls.ask(
            "POST", "intake", "/dossiers", "officer", unit, content=body, headers=headers
        )
        code = taken.json()["code"]
        for move in ("resolution", "return"):
            await calls.ask("POST", "intake", f"/dossiers/{code}/{move}", "officer", unit, json={})


async def _sizes(stack: Stack) -> dict[str, int]:
    """Tables, indexes and what is stored beside them, swept of dead rows as autovacuum would."""
    connection = await asyncpg.connect(stack.dsn("postgres"))
    try:
        await connection.execute("vacuum")
        return {row[0]: row[1] for row in await connection.fetch(SIZES, list(SERVICES))}
    finally:
        await connection.close()


async def _read(bootstrap_servers: str) -> tuple[Counter[str], int]:
    """Events by topic, and the bytes of their keys, values and headers, uncompressed."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    await consumer.start()
    try:
        places = await find_places(bootstrap_servers)
        consumer.assign(list(places))
        await consumer.seek_to_beginning(*places)
        events: Counter[str] = Counter()
        size, silent = 0, 0
        while silent < SILENT_POLLS:
            batches = await consumer.getmany(timeout_ms=500)
            silent = 0 if batches else silent + 1
            for place, records in batches.items():
                events[places[place]] += len(records)
                size += sum(_size(record) for record in records)
        return events, size
    finally:
        await consumer.stop()


def _size(record: Any) -> int:
    headers = sum(len(name.encode()) + len(value) for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers


def _print(weights: Weights) -> None:
    for service, size in weights.by_schema.items():
        print(
            f"{service:<10} {size / weights.dossiers:>8,.0f} bytes per dossier, tables and indexes"
        )
    whole = sum(weights.by_schema.values()) / weights.dossiers
    print(f"{'PostgreSQL':<10} {whole:>8,.0f} bytes per dossier in all")
    registered = len(UNITS) + len(PROCEDURES)
    events = weights.events.total()
    print(f"Kafka      {weights.wire_bytes / events:>8,.0f} bytes per event, uncompressed")
    print(f"Kafka      {(events - registered) / weights.dossiers:>8.2f} events per dossier")
    for topic, count in sorted(weights.events.items()):
        print(f"           {count:>8,} {topic}")


def main(
    dossiers: Annotated[int, typer.Option(help="How many lives are led.", min=100)] = 4_000,
) -> None:
    """Print what a dossier weighs, from submission to return."""
    found: list[Weights] = []

    async def note() -> None:
        found.append(await weigh(dossiers))

    run(note())
    _print(found[0])


if __name__ == "__main__":
    typer.run(main)
