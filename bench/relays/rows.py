"""The same events for every relay: three for each dossier, the second after the first of all."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.dossiers import AGENCIES, TRACEPARENT
from shared.events.deadlines import DeadlineSet
from shared.events.envelope import Envelope

EVENTS_PER_DOSSIER = 3
SOURCE = "thanthien/deadline/deadlines"
BEGAN_AT = datetime(2026, 11, 23, 8, 30, 15, 123_456, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Said:
    """One event as its outbox is to keep it."""

    envelope: Envelope
    body: bytes


def sayings(count: int) -> Iterator[Said]:
    """`count` events of a third as many dossiers; neighbours are of different dossiers, so that a
    relay which goes dossier by dossier has enough of them at hand."""
    dossiers = max(1, count // EVENTS_PER_DOSSIER)
    for number in range(count):
        said_at = BEGAN_AT + timedelta(milliseconds=number)
        yield _said(number % dossiers, number // dossiers + 1, said_at)


def _said(dossier: int, sequence: int, said_at: datetime) -> Said:
    due_at = BEGAN_AT + timedelta(days=7)
    code = f"{AGENCIES[dossier % len(AGENCIES)]}-261123-{dossier:07}"
    event = DeadlineSet(
        code=code,
        kind="dossier",
        agency=AGENCIES[dossier % len(AGENCIES)],
        generation=sequence,
        received_at=said_at,
        legal_due=due_at,
        pledge_due=None,
        appointment_at=due_at,
        regime="nd61",
        rules_version="nd61-0123456789ab",
        calendar_version="vn-0123456789ab",
    )
    envelope = Envelope(
        id=f"{code}/{sequence}",
        source=SOURCE,
        type=event.TYPE,
        subject=code,
        time=said_at,
        sequence=sequence,
        traceparent=TRACEPARENT,
    )
    return Said(envelope, event.model_dump_json().encode())
