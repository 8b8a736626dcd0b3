"""What the services left behind when they had played a short Friday, and how a copy of it is judged."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.brokers import Tansu
from deploy.local.calls import Calls
from deploy.local.demo.plan import Plan
from deploy.local.demo.tally import UnitTally
from deploy.local.demo.town import Town
from deploy.local.ledger.audit import audit
from deploy.local.ledger.findings import Verdict
from deploy.local.ledger.topics import find_places
from deploy.local.postgres import Postgres
from deploy.local.stack import DATABASE
from deploy.local.topics import create_topics

DOSSIERS_PER_UNIT = 5


NUMBERS = count(1)


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
