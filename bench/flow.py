"""A town at work: dossiers are accepted at an even pace, and whatever deadline says is heard."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.contestant import Result, contest
from bench.dossiers import accepted_dossiers, send
from bench.log import open_producer
from shared.clock import SystemClock
from shared.events import deadlines
from shared.events.deadlines import AlarmRung, DeadlineSet

MOST_DOSSIERS = 1_000_000
TYPE = "ce_type"


@dataclass(frozen=True, slots=True)
class Errand:
    """At what pace, until how many alarms were heard, and the file that is to tell of it."""

    kafka: str
    per_second: int
    alarms: int
    file: str
    fetch_wait_ms: int


@dataclass(slots=True)
class Heard:
    """Instants in seconds since 1970, as this process saw them."""

    sent: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    """By dossier."""
    alarms: list[tuple[float, bytes]] = field(default_factory=list)
    """When each was heard, and its body."""

    def is_all(self, alarms: int) -> bool:
        return len(self.alarms) >= alarms and len(self.answered) == len(self.sent)


async def flow(errand: Errand) -> Result:
    """Accept dossiers until all alarms were heard, and wait for the last answer."""
    heard = Heard()
    began = perf_counter()
    consumer = AIOKafkaConsumer(
        deadlines.TOPIC,
        bootstrap_servers=errand.kafka,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=errand.fetch_wait_ms,
    )
    await consumer.start()
    try:
        async with open_producer(errand.kafka) as producer, asyncio.TaskGroup() as group:
            group.create_task(_accept(producer, errand, heard))
            group.create_task(_hear(consumer, errand, heard))
    finally:
        await consumer.stop()
    _write(heard, Path(errand.file))
    return Result(len(heard.sent), perf_counter() - began)


async def _accept(producer: AIOKafkaProducer, errand: Errand, heard: Heard) -> None:
    began = _now()
    events = accepted_dossiers("FLOW", MOST_DOSSIERS, SystemClock().now())
    for number, event in enumerate(events):
        await asyncio.sleep(max(0.0, began + number / errand.per_second - _now()))
        if len(heard.alarms) >= errand.alarms:
            return
        heard.sent[event.dossier] = _now()
        await send(producer, event, SystemClock().now())


async def _hear(consumer: AIOKafkaConsumer, errand: Errand, heard: Heard) -> None:
    while not heard.is_all(errand.alarms):
        polled = await consumer.getmany(timeout_ms=1_000)
        now = _now()
        for record in (record for records in polled.values() for record in records):
            kind = dict(record.headers)[TYPE]
            if kind == DeadlineSet.TYPE.encode():
                heard.answered[record.key.decode()] = now
            elif kind == AlarmRung.TYPE.encode():
                heard.alarms.append((now, record.value))


def _now() -> float:
    return SystemClock().now().timestamp()


def _write(heard: Heard, file: Path) -> None:
    """As JSON: each dossier's two instants, and each alarm's code with its two."""
    alarms = []
    for heard_at, body in heard.alarms:
        rang = AlarmRung.hear(body)
        alarms.append((rang.code, rang.due_at.timestamp(), heard_at))
    answers = [(sent_at, heard.answered[code]) for code, sent_at in heard.sent.items()]
    file.write_text(json.dumps({"answers": answers, "alarms": alarms}))


if __name__ == "__main__":
    contest(Errand, flow)
