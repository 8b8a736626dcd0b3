"""What deadline hears, and how a batch of it is applied."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import asyncpg

from services.deadline.domain.alarms import Bell
from services.deadline.domain.rules import RuleBook
from services.deadline.usecases.keep_clocks import ROUTES, keep_clocks
from services.deadline.usecases.ports import Books
from services.deadline.usecases.rebuild_clocks import Annals, OldCalendars, rebuild_clocks
from shared.clock import Clock, VirtualClock
from shared.events import agencies, dossiers, feedback, procedures
from shared.events.base import Event
from shared.inbox import Apply
from shared.messages import Heard, Refusal

TOPICS: tuple[str, ...] = (agencies.TOPIC, procedures.TOPIC, dossiers.TOPIC, feedback.TOPIC)

EVENTS: frozenset[type[Event]] = frozenset(ROUTES)
"""What deadline understands; other known events of its topics are passed over."""


def keeping(
    books_on: Callable[[asyncpg.Connection], Books], clock: Clock, rule_book: RuleBook
) -> Apply:
    """What to do with a batch: keep the clocks, in the transaction it was heard in."""

    async def apply(connection: asyncpg.Connection, heard: Sequence[Heard]) -> list[Refusal]:
        books = books_on(connection)
        return await keep_clocks(
            heard, books.clocks, books.directories, books.outbox, bell(clock, rule_book)
        )

    return apply


def rebuilding(
    books_on: Callable[[asyncpg.Connection], Books],
    annals_on: Callable[[asyncpg.Connection], Annals],
    calendars: OldCalendars,
) -> Apply:
    """What to do with a batch in a replay: come to the same clocks, and say nothing again."""

    async def apply(connection: asyncpg.Connection, heard: Sequence[Heard]) -> list[Refusal]:
        return await rebuild_clocks(heard, books_on(connection), annals_on(connection), calendars)

    return apply


def noting(apply: Apply, note: Callable[[Sequence[Heard]], None]) -> Apply:
    """The same, and tell `note` of each batch once it is applied."""

    async def apply_and_note(
        connection: asyncpg.Connection, heard: Sequence[Heard]
    ) -> Sequence[Refusal]:
        refusals = await apply(connection, heard)
        note(heard)
        return refusals

    return apply_and_note


def bell(clock: Clock, rule_book: RuleBook) -> Bell:
    """The bell at this instant; on a virtual clock every alarm rings at its own."""
    late = timedelta(seconds=rule_book.late_ring_seconds)
    return Bell(clock.now(), late, isinstance(clock, VirtualClock))
