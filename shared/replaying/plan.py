"""What a service says of its schema: what the topics can give back, and what is only there."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from shared.events.base import Event
from shared.inbox import Apply


class ReplayError(RuntimeError):
    """A replay cannot be done as it was asked for; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is rebuilt and compared, row by row of its key."""

    name: str
    key: tuple[str, ...]
    life: str | None = None
    """The column with the code whose life a row belongs to; None: a row belongs to none."""
    ignored: tuple[str, ...] = ()
    """Columns that hang on when and in which order things were heard."""
    sums: tuple[str, ...] = ()
    """Columns that are summed over the key: such a table can only be rebuilt as a whole."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that is only in the live schema, held against what was said of it."""

    says: str
    """What a row found means."""
    sql: str
    """Gives one text per row that is amiss; `{live}` is the live schema, the other is the search path's."""


Prepare = Callable[[asyncpg.Connection, str], Awaitable[Apply]]
"""On a connection whose search path is the new schema, and given the live one's name: mark in `replay_lives`
what cannot be rebuilt for the service's own reasons, and return what to do with a batch. What is carried over
first is there already."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one service's schema is rebuilt."""

    service: str
    migrations: Path
    heard: tuple[str, ...]
    """The topics it hears."""
    said: str
    """The topic it speaks on, where that tells what was decided otherwise than by hearing; else empty."""
    source: str
    """Under which it speaks there."""
    understood: frozenset[type[Event]]
    tables: tuple[Table, ...]
    prepare: Prepare
    of_no_life: tuple[str, ...] = ()
    """Types of what it says that are of nothing it keeps by code."""
    carried_first: tuple[str, ...] = ()
    """Only in the live schema, and needed for hearing."""
    carried: tuple[str, ...] = ()
    """Only in the live schema."""
    checks: tuple[Check, ...] = ()
    why_no_switch: str = ""
    """What is only in the live schema, where that is its heart: such a one is compared and never replaced."""


PLUMBING_TABLES = (
    Table("heard", ("source", "subject"), "subject", ignored=("previous_sequence",)),
    Table("said", ("source", "subject"), "subject"),
    Table(
        "set_aside",
        ("identity",),
        "subject",
        ignored=("id", "headers", "reason", "attempts", "set_aside_at"),
    ),
)
"""Of every service. What was heard is the topics', and so is what was said."""

PLUMBING_CARRIED = ("outbox", "progress", "heard_ids", "discarded", "endings", "prunings")
"""Of every service: what is not said yet, how far was read, ids of foreign systems, what was given up, what is
over since when and what has been forgotten of it. That is kept far longer than the topics keep it."""


def tables_of(plan: Plan) -> Sequence[Table]:
    """The service's tables and the plumbing's; what it said only where that is heard again."""
    plumbing = [one for one in PLUMBING_TABLES if plan.said or one.name != "said"]
    return (*plan.tables, *plumbing)
