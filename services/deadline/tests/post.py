"""Brings events to the deadline service as Kafka would: as letters, to its inbox."""

from datetime import datetime

from services.deadline.entrypoints.subscribers import EVENTS
from services.deadline.tests.conftest import Deadline
from shared.events.base import Event
from shared.events.envelope import Envelope
from shared.hearing import Hearing
from shared.letters import Letter, Opener
from shared.telemetry import HearingMetrics

SOURCE = "thanthien/intake/dossiers"


class Post:
    """Numbers what is said of each subject, as its one source does."""

    def __init__(self) -> None:
        self._opener = Opener(EVENTS)
        self._said: dict[str, int] = {}

    def letter(self, event: Event, time: datetime, body: bytes | None = None) -> Letter:
        """The next event of its subject; with another body, what a broken system makes of it."""
        sequence = self._said[event.subject] = self._said.get(event.subject, 0) + 1
        envelope = Envelope(
            id=f"{SOURCE}/{event.subject}/{sequence}",
            source=SOURCE,
            type=event.TYPE,
            subject=event.subject,
            time=time,
            sequence=sequence,
        )
        # fmt: off
        return self._opener.open(
            event.TOPIC, 0, sum(self._said.values()), event.subject.encode(), envelope.to_headers(),
            event.model_dump_json().encode() if body is None else body,
        )
        # fmt: on


def ear(deadline: Deadline) -> Hearing:
    """The service's ear, inbox and all, on its own clock."""
    apply = deadline.apply(deadline.clock)
    return Hearing(deadline.pool, Opener(EVENTS), apply, deadline.clock, HearingMetrics())
