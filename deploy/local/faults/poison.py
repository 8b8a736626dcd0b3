"""Bad records, put on the topics as another system would; and the right cure for each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from deploy.local.faults.notebook import Entry
from shared.clock import SystemClock

DOSSIERS = "thanthien.dossiers.v1"
DEADLINES = "thanthien.deadlines.v1"
SOURCE = "urn:agency:another-system"
PARTITIONS = 12

Record = tuple[bytes, list[tuple[str, bytes]]]
"""A value and its headers."""


def illegal(entry: Entry) -> Record:
    """A supplement of a dossier that nobody asked one for: well-formed, known, and impossible."""
    now = SystemClock().now().isoformat()
    body = {
        "dossier": entry.code,
        "agency": entry.agency,
        "status": 4,
        "stage": "appraisal",
        "supplemented_at": now,
    }
    return orjson.dumps(body), _headers(entry, "thanthien.dossiers.DossierSupplemented.v1", now)


def unknown(entry: Entry) -> Record:
    """A type that only a later version of ours will know."""
    now = SystemClock().now().isoformat()
    body = {"dossier": entry.code, "archived_at": now}
    return orjson.dumps(body), _headers(entry, "thanthien.dossiers.DossierArchived.v2", now)


def undecodable() -> Record:
    """Neither envelope nor body: only the key tells whose it is."""
    return b"\x00\xff{not json", []


def _headers(entry: Entry, kind: str, now: str) -> list[tuple[str, bytes]]:
    """CloudEvents in binary mode, without a sequence: another system does not count for us."""
    attributes: dict[str, Any] = {
        "ce_specversion": "1.0",
        "ce_id": f"{kind} {entry.code}",
        "ce_source": SOURCE,
        "ce_type": kind,
        "ce_subject": entry.code,
        "ce_time": now,
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in attributes.items()]


@asynccontextmanager
async def putting(bootstrap_servers: str) -> AsyncIterator[AIOKafkaProducer]:
    """A producer of one's own."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def put(bootstrap_servers: str, topic: str, entry: Entry, record: Record) -> None:
    """Put one record on a topic, under the dossier's key."""
    value, headers = record
    key = (entry.code or "").encode()
    async with putting(bootstrap_servers) as producer:
        await producer.send_and_wait(topic, value, key=key, headers=headers)


def partition_of(code: str) -> int:
    """Where a dossier's events lie."""
    places = range(PARTITIONS)
    chosen: int = DefaultPartitioner()(code.encode(), places, places)
    return chosen
