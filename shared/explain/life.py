"""A subject's life as a timeline, made of the records that speak of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from aiokafka import ConsumerRecord

from shared import tracing
from shared.events import agencies, deadlines, dossiers, feedback
from shared.events.envelope import Envelope, EnvelopeError
from shared.explain.words import DETAILS, UNREADABLE, Words, words_for
from shared.tracing import Place

TOPICS = (dossiers.TOPIC, deadlines.TOPIC, feedback.TOPIC)
"""Keyed by dossier or report; also the order of what is of one instant."""

ASSUMED_ZONE = timezone(timedelta(hours=7))
"""Vietnam's, where we have not heard of the agency."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event, or one record nobody can read."""

    at: datetime
    """By the event's own time; of what cannot be read, when the broker took it in (UTC)."""
    source: str
    sequence: int | None
    type: str | None
    words: Words
    agency: str | None
    details: Mapping[str, Any]
    topic: str
    partition: int
    offset: int
    fault: str | None = None
    """Why it cannot be read."""
    trace: Place | None = None
    """Where in a trace it was said."""
    times: int = 1
    """How often the topic has it; hearers apply it once."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a source's sequence that the topics do not have, both ends included."""

    source: str
    first: int
    last: int


def tell(records: Iterable[ConsumerRecord]) -> list[Happening]:
    """What the records say, in order of event time, each event once."""
    by_identity: dict[object, Happening] = {}
    for record in records:
        one = _happening(record)
        same = by_identity.setdefault(_identity(record, one), one)
        if same is not one:
            by_identity[_identity(record, one)] = replace(same, times=same.times + 1)
    return sorted(by_identity.values(), key=_place)


def _identity(record: ConsumerRecord, one: Happening) -> object:
    if one.type is None:
        return record.topic, record.partition, record.offset
    if one.sequence is None:
        return one.source, Envelope.from_headers(record.headers).id
    return one.source, one.sequence


def _place(one: Happening) -> tuple[Any, ...]:
    return one.at, TOPICS.index(one.topic), one.source, one.sequence or 0, one.offset


def _happening(record: ConsumerRecord) -> Happening:
    # fmt: off
    try:
        envelope = Envelope.from_headers(record.headers)
    except EnvelopeError as error:
        taken_in_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        return Happening(taken_in_at, "?", None, None, UNREADABLE, None, {},
                         record.topic, record.partition, record.offset, str(error))
    body, fault = _body(record.value)
    agency = body.get("agency")
    return Happening(
        envelope.time, envelope.source, envelope.sequence, envelope.type, words_for(envelope.type),
        agency if isinstance(agency, str) else None,
        {name: body[name] for name in DETAILS if body.get(name) is not None},
        record.topic, record.partition, record.offset, fault,
        tracing.read(envelope.traceparent),
    )
    # fmt: on


def _body(value: bytes | None) -> tuple[dict[str, Any], str | None]:
    try:
        body = orjson.loads(value or b"")
    except orjson.JSONDecodeError as error:
        return {}, f"the body is not JSON: {error}"
    return (body, None) if isinstance(body, dict) else ({}, "the body is not an object")


def find_gaps(happenings: Sequence[Happening]) -> list[Gap]:
    """What is missing of each source between its 1 and the last we have."""
    numbers: dict[str, list[int]] = {}
    for one in happenings:
        if one.sequence is not None:
            numbers.setdefault(one.source, []).append(one.sequence)
    return [
        Gap(source, before + 1, after - 1)
        for source, found in sorted(numbers.items())
        for before, after in zip([0, *sorted(found)], sorted(found), strict=False)
        if after > before + 1
    ]


def zones_in(records: Iterable[ConsumerRecord]) -> dict[str, ZoneInfo]:
    """The time zones of agencies, by code, as their last events have them."""
    zones = {}
    for record in records:
        try:
            event = agencies.AgencyRegistered.hear(record.value or b"")
            zones[event.agency] = ZoneInfo(event.time_zone)
        except (ValueError, OSError, LookupError):
            # Its service has set it aside and says so; here the assumed zone is noted instead.
            continue
    return zones


def zone_of(one: Happening, zones: Mapping[str, ZoneInfo]) -> tzinfo:
    """The zone of the agency it speaks of, or the assumed one."""
    return zones.get(one.agency or "", ASSUMED_ZONE)
