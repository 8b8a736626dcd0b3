"""What use cases exchange with the plumbing: events heard, refusals, and events to be said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.events.base import Event
from shared.events.envelope import Envelope


class Heard(NamedTuple):
    """One event, decoded, known, and next in its sequence."""

    envelope: Envelope
    event: Event


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that cannot be applied: it is set aside with everything that follows for its subject.

    `waits_for` (`"agencies/H10.01"`: topic's short name, subject) says that the event is not wrong
    but early; it is tried again by itself once such an event has been applied.
    """

    heard: Heard
    reason: str
    waits_for: str | None = None


class Saying(NamedTuple):
    """An event to be said, and the instant it speaks of."""

    event: Event
    time: datetime
    traceparent: str | None = None

    @classmethod
    def answering(cls, heard: Heard, event: Event, time: datetime) -> "Saying":
        """A saying caused by what was heard: it carries the same trace on."""
        return cls(event, time, heard.envelope.traceparent)


class SaysEvents(Protocol):
    """The port through which use cases speak; `shared.outbox.Outbox` stands behind it."""

    async def say(self, sayings: Sequence[Saying]) -> None:
        """Keep the sayings, in this order, in the transaction under way; the relay says them."""
