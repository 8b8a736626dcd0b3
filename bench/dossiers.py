"""What is measured with: a town's agencies and procedures, and dossiers they accept."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from hashlib import blake2b

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.structs import RecordMetadata

from shared.events import agencies
from shared.events.agencies import AgencyRegistered, Pledge, Shift
from shared.events.base import Event
from shared.events.dossiers import DossierAccepted
from shared.events.envelope import Envelope
from shared.events.procedures import Limit, ProcedureRegistered
from shared.outbox import short_name

AGENCIES = tuple(f"H10.{unit:02}" for unit in range(1, 10))
PROCEDURES = tuple(f"1.{number:06}" for number in range(1, 51))
SOURCE = "thanthien/intake"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
KEPT_TRACES = 100
"""Of so many dossiers, one is of a trace that is kept, where there is a collector."""
IN_FORCE = date(2020, 1, 1)

SENT_AT_ONCE = 5_000


def registrations() -> list[Event]:
    """Nine agencies with office hours and a pledge, fifty procedures of five to twenty days.

    No limit is shorter, so that no alarm rings while something else is measured.
    """
    shifts = (Shift(opens=time(7), closes=time(11, 30)), Shift(opens=time(13, 30), closes=time(17)))
    weekdays: tuple[agencies.Weekday, ...] = (
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
    )
    pledge = Pledge(version=1, valid_from=IN_FORCE, hours=dict.fromkeys(weekdays, shifts))
    return [
        *(
            AgencyRegistered(agency=agency, name=agency, valid_from=IN_FORCE, pledges=(pledge,))
            for agency in AGENCIES
        ),
        *(
            ProcedureRegistered(
                procedure=procedure,
                name=procedure,
                limits=(Limit(valid_from=IN_FORCE, kind="working_days", amount=5 + number % 16),),
            )
            for number, procedure in enumerate(PROCEDURES)
        ),
    ]


def accepted_dossiers(label: str, count: int, now: datetime) -> Iterator[DossierAccepted]:
    """Distinct dossiers of the day before `now`, every second another, over all agencies."""
    for number in range(count):
        received_at = now.replace(microsecond=0) - timedelta(seconds=1 + number % 86_400)
        agency = AGENCIES[number % len(AGENCIES)]
        yield DossierAccepted(
            dossier=f"{agency}-{label}-{number:07}",
            agency=agency,
            status=2,
            procedure=PROCEDURES[number % len(PROCEDURES)],
            channel="counter",
            received_at=received_at,
            complete_at=received_at,
            accepted_at=received_at,
        )


async def publish(
    producer: AIOKafkaProducer, events: Sequence[Event], now: datetime
) -> dict[TopicPartition, int]:
    """Say events as intake's relay would, each the first of its subject; the next offset of every
    partition that got one."""
    ends: dict[TopicPartition, int] = {}
    for start in range(0, len(events), SENT_AT_ONCE):
        waiting = [
            await send(producer, event, now) for event in events[start : start + SENT_AT_ONCE]
        ]
        for acknowledgement in waiting:
            said = await acknowledgement
            place = TopicPartition(said.topic, said.partition)
            ends[place] = max(ends.get(place, 0), said.offset + 1)
    return ends


async def send(
    producer: AIOKafkaProducer, event: Event, now: datetime
) -> asyncio.Future[RecordMetadata]:
    """Hand one event to the producer; what is returned waits for the acknowledgement."""
    return await producer.send(  # type: ignore[no-any-return]  # aiokafka has no types
        event.TOPIC,
        event.model_dump_json().encode(),
        key=event.subject.encode(),
        headers=_envelope(event, now).to_headers(),
    )


def _envelope(event: Event, now: datetime) -> Envelope:
    return Envelope(
        id=f"{event.subject}/1",
        source=f"{SOURCE}/{short_name(event.TOPIC)}",
        type=event.TYPE,
        subject=event.subject,
        time=now,
        sequence=1,
        traceparent=traceparent_of(event.subject),
    )


def traceparent_of(subject: str) -> str:
    """A trace for each; which are kept is told by their ids."""
    trace = blake2b(subject.encode(), digest_size=16).hexdigest()
    is_kept = int(trace, 16) % KEPT_TRACES == 0
    return f"00-{trace}-b7ad6b7169203331-0{is_kept:d}"
