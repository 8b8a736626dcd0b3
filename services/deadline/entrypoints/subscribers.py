"""What deadline hears, and how a batch of it is applied."""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg

from services.deadline.adapters.clocks import PostgresClocks
from services.deadline.adapters.directories import Memory, PostgresDirectories
from services.deadline.domain.alarms import Bell
from services.deadline.usecases.keep_clocks import ROUTES, keep_clocks
from shared.clock import Clock, VirtualClock
from shared.events import agencies, dossiers, feedback, procedures
from shared.events.base import Event
from shared.inbox import Apply
from shared.messages import Heard, Refusal
from shared.outbox import Outbox

SOURCE = "thanthien/deadline"

TOPICS: tuple[str, ...] = (agencies.TOPIC, procedures.TOPIC, dossiers.TOPIC, feedback.TOPIC)

EVENTS: frozenset[type[Event]] = frozenset(ROUTES)
"""What deadline understands; other known events of its topics are passed over."""


def apply_with(clock: Clock, memory: Memory) -> Apply:
    """The effect of a batch, for the inbox to call within its transaction."""

    async def apply(connection: asyncpg.Connection, heard: Sequence[Heard]) -> list[Refusal]:
        return await keep_clocks(
            heard,
            PostgresClocks(connection),
            PostgresDirectories(connection, memory),
            Outbox(connection, SOURCE),
            bell(clock, memory),
        )

    return apply


def bell(clock: Clock, memory: Memory) -> Bell:
    """The bell at this instant; on a virtual clock every alarm rings at its own."""
    seconds = memory.directory.rule_book.late_ring_seconds
    return Bell(clock.now(), timedelta(seconds=seconds), isinstance(clock, VirtualClock))
