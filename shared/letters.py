"""Letters: records as they came from Kafka or from the set-aside table, opened as far as they can be."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic import ValidationError

from shared.events.base import Event
from shared.events.catalogue import COMPACTED, EVENTS
from shared.events.envelope import LONGEST_ATTRIBUTE, Envelope, EnvelopeError, Headers

Cause = Literal["undecodable", "unknown_type", "refused", "waiting", "gap", "follower"]

POISON: frozenset[str] = frozenset({"undecodable", "unknown_type", "refused", "waiting"})
"""Causes that hold a whole subject back until they are retried, released or discarded."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a letter cannot be opened."""

    cause: Cause
    reason: str


class Letter(NamedTuple):
    """One record. Exactly one of: `event` (for us), `fault`, or neither (known, not for us)."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: Headers
    value: bytes | None
    source: str
    subject: str
    envelope: Envelope | None
    event: Event | None
    fault: Fault | None
    held_id: int | None = None
    """Its row in `set_aside`, when it comes from there."""
    held_cause: str | None = None

    @property
    def sequence(self) -> int | None:
        return None if self.envelope is None else self.envelope.sequence

    @property
    def may_skip(self) -> bool:
        """Compacted topics carry whole states: a hole in the sequence is no gap."""
        return self.topic in COMPACTED

    @property
    def identity(self) -> str:
        """The same for the same saying, however often it is delivered."""
        if self.envelope is None:
            digest = hashlib.sha256(self.value or b"").hexdigest()[:16]
            return f"record:{self.topic}/{self.partition}/{self.offset}/{digest}"
        if self.envelope.sequence is None:
            return f"id:{self.source}/{self.envelope.id}"
        return f"sequence:{self.source}/{self.subject}/{self.envelope.sequence}"


class Opener:
    """Opens records for one service: the types it understands, and those it lets pass."""

    def __init__(self, understood: Collection[type[Event]]) -> None:
        self._understood: Mapping[str, type[Event]] = {event.TYPE: event for event in understood}

    @property
    def understood(self) -> Collection[type[Event]]:
        """The types it opens."""
        return self._understood.values()

    def open(
        self,
        topic: str,
        partition: int,
        offset: int,
        key: bytes | None,
        headers: Headers,
        value: bytes | None,
        held_id: int | None = None,
        held_cause: str | None = None,
    ) -> Letter:
        """Open one record; what is wrong with it becomes its `fault`, never an exception."""
        envelope: Envelope | None = None
        event: Event | None = None
        fault: Fault | None = None
        try:
            envelope = Envelope.from_headers(headers)
            event = self._event(envelope.type, value)
        except EnvelopeError as error:
            fault = Fault("undecodable", str(error))
        except UnknownTypeError as error:
            fault = Fault("unknown_type", str(error))
        except ValidationError as error:
            fault = Fault("undecodable", _in_words(error))
        if envelope is None:
            source = ""
            subject = _printable(key or b"") or f"{topic}/{partition}/{offset}"
        else:
            source, subject = envelope.source, envelope.subject
            if event is not None and event.subject != subject:
                fault = Fault(
                    "undecodable", f"ce_subject is {subject!r}, the body's is {event.subject!r}"
                )
                event = None
        # fmt: off
        return Letter(topic, partition, offset, key, headers, value,
                      source, subject, envelope, event, fault, held_id, held_cause)
        # fmt: on

    def _event(self, type_name: str, value: bytes | None) -> Event | None:
        model = self._understood.get(type_name)
        if model is not None:
            return model.hear(value or b"")
        if type_name not in EVENTS:
            raise UnknownTypeError(f"no version of ours knows the type {type_name!r}")
        return None


def _printable(key: bytes) -> str:
    text = key.decode(errors="replace")[:LONGEST_ATTRIBUTE]
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


class UnknownTypeError(LookupError):
    """A type that is not in the catalogue."""


def _in_words(error: ValidationError) -> str:
    """The faults of a body by field and rule; never the value, which may be anything at all."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'body'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    )
