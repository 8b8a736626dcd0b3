"""Events as spans: said by the relay, heard by a batch; each in its own trace, the batch beside them.

POST ─▶ say DossierAccepted ─▶ hear DossierAccepted ─▶ say DeadlineSet ─▶ hear DeadlineSet
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from shared import tracing
from shared.clock import wall_ns
from shared.messages import Heard
from shared.tracing import SUBJECT, Member, Place, Span, Value

if TYPE_CHECKING:
    from shared.events.envelope import Envelope
    from shared.inbox import Tally
    from shared.letters import Letter
    from shared.stages import Stage


EARLY: frozenset[str] = frozenset({"waiting", "gap", "follower"})
"""What is set aside for one of these comes in its turn, by itself: where topics are heard side by side that
happens all the time, and is no fault."""


class Said(NamedTuple):
    """An event on its way to Kafka, of a trace that is kept."""

    place: Place
    parent: Place
    topic: str
    partition: int
    attributes: Mapping[str, Value]
    type: str
    began_ns: int


def saying(
    parent: Place,
    topic: str,
    partition: int,
    source: str,
    type_: str,
    subject: str,
    sequence: int,
) -> Said:
    """An event that is about to be said; its place goes with it in the header."""
    place = Place(parent.trace, tracing.span_id_of("say", source, subject, sequence))
    attributes = _named(f"{subject}/{sequence}", source, type_, subject)
    return Said(place, parent, topic, partition, attributes, type_, wall_ns())


def record_said(said: Iterable[Said]) -> None:
    """Tell of events that Kafka has acknowledged just now."""
    ended_ns = wall_ns()
    for one in said:
        attributes = {
            **one.attributes,
            "messaging.system": "kafka",
            "messaging.operation.name": "say",
            "messaging.operation.type": "send",
            "messaging.destination.name": one.topic,
            "messaging.destination.partition.id": str(one.partition),
        }
        name = f"say {short(one.type)}"
        # fmt: off
        tracing.record(Span(name, "producer", one.place, one.parent, one.began_ns, ended_ns,
                            attributes))
        # fmt: on


def entered(heard: Sequence[Heard]) -> list[Heard]:
    """The same events; what answers one of a kept trace then follows from our hearing of it."""
    return [
        one._replace(
            envelope=one.envelope._replace(traceparent=_hearing(one.envelope, parent).traceparent)
        )
        if (parent := tracing.kept(one.envelope.traceparent)) is not None
        else one
        for one in heard
    ]


def record_heard(tally: "Tally", laps: Mapping["Stage", float], began_ns: int) -> None:
    """Tell of a batch that was committed just now, and of its letters whose traces are kept.

    Duplicates were told of when they were heard.
    """
    members = [
        *_members("hear", ((letter, None) for letter in tally.heard if letter.event is not None)),
        *_members("hold", ((hold.letter, hold.cause) for hold in tally.holds)),
    ]
    attributes: dict[str, Value] = {
        "messaging.system": "kafka",
        "messaging.operation.name": "hear",
        "messaging.operation.type": "process",
        "messaging.batch.message_count": tally.applied + tally.duplicates + len(tally.holds),
        "thanthien.applied": tally.applied,
        "thanthien.duplicates": tally.duplicates,
        "thanthien.held": len(tally.holds),
    }
    attributes |= {f"thanthien.{stage}_seconds": taken for stage, taken in laps.items()}
    tracing.record_batch("hear a batch", "consumer", members, attributes, began_ns)


def _members(verb: str, letters: Iterable[tuple["Letter", str | None]]) -> Iterator[Member]:
    for letter, cause in letters:
        envelope = letter.envelope
        parent = None if envelope is None else tracing.kept(envelope.traceparent)
        if envelope is None or parent is None:
            continue
        attributes: dict[str, Value] = {
            **_named(envelope.id, envelope.source, envelope.type, envelope.subject),
            "messaging.system": "kafka",
            "messaging.operation.name": verb,
            "messaging.operation.type": "process",
            "messaging.destination.name": letter.topic,
            "messaging.destination.partition.id": str(letter.partition),
            "messaging.kafka.offset": letter.offset,
        }
        if cause is not None:
            attributes["thanthien.cause"] = cause
        place = _hearing(envelope, parent, verb)
        fault = None if cause in EARLY else cause
        yield Member(f"{verb} {short(envelope.type)}", place, parent, attributes, fault)


def _hearing(envelope: "Envelope", parent: Place, verb: str = "hear") -> Place:
    """Our hearing of an event, or its being set aside: one span a service, however often tried."""
    which = envelope.id if envelope.sequence is None else envelope.sequence
    names = (tracing.service(), envelope.source, envelope.subject, which)
    return Place(parent.trace, tracing.span_id_of(verb, *names))


def _named(event_id: str, source: str, type_: str, subject: str) -> dict[str, Value]:
    return {
        SUBJECT: subject,
        "cloudevents.event_id": event_id,
        "cloudevents.event_source": source,
        "cloudevents.event_type": type_,
    }


def short(type_name: str) -> str:
    """`thanthien.dossiers.DossierAccepted.v1` is `DossierAccepted`: names of spans are few and short."""
    parts = type_name.split(".")
    return parts[-2] if len(parts) > 1 else type_name
