"""The inbox's SQL: every statement takes and gives sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import asyncpg
import orjson

from shared.letters import Letter, Opener

if TYPE_CHECKING:
    from shared.inbox import Hold, Pair

Positions = Mapping[tuple[str, int], int]
"""The next offset to be read, by topic and partition."""

PLACE = """insert into progress (topic, partition, next_offset)
select * from unnest({}::text[], {}::int[], {}::bigint[])
order by 1, 2
on conflict (topic, partition) do update set next_offset = excluded.next_offset"""

MOVE_ON = f"""with placed as (
    {PLACE.format("$5", "$6", "$7")}
),
ended as (
    insert into endings (subject) select * from unnest($8::text[]) order by 1 on conflict do nothing
),
moved as (
    insert into heard as h (source, subject, last_sequence, previous_sequence)
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
    order by 1, 2
    on conflict (source, subject) do update
        set last_sequence = excluded.last_sequence,
            previous_sequence = excluded.previous_sequence
        where h.last_sequence = excluded.previous_sequence
    returning 1
)
select count(*) from moved"""


class Known(NamedTuple):
    """What the tables know of a batch's subjects."""

    last: dict[Pair, int]
    """The last sequence heard of each source and subject; what was never heard is left out."""
    is_any_held: bool
    """Whether anything is set aside for one of them: mostly not, and then nobody need look."""
    forgotten: frozenset[str]
    """Subjects that ended, and of which all but that was deleted since."""


async def load_last(
    connection: asyncpg.Connection, sources: Collection[str], subjects: Collection[str]
) -> Known:
    """How far each source and subject was heard, and what stands against hearing on."""
    rows = await connection.fetch(
        """select source, subject, last_sequence from heard
           where source = any($1::text[]) and subject = any($2::text[])
           union all
           select null, subject, null from endings
           where subject = any($2::text[]) and forgotten_at is not null
           union all
           select null, null, null
           where exists (select from set_aside where subject = any($2::text[]))""",
        list(sources),
        list(subjects),
    )
    last = {(row[0], row[1]): row[2] for row in rows if row[0] is not None}
    others = {row[1] for row in rows if row[0] is None}
    return Known(last, None in others, frozenset(others - {None}))


async def load_known_ids(connection: asyncpg.Connection, pairs: Collection[Pair]) -> set[Pair]:
    """Which (source, id) of foreign events we have heard."""
    if not pairs:
        return set()
    rows = await connection.fetch(
        """select source, id from heard_ids
           join unnest($1::text[], $2::text[]) as pair (source, id) using (source, id)""",
        [source for source, _ in pairs],
        [event_id for _, event_id in pairs],
    )
    return {(row[0], row[1]) for row in rows}


async def load_held(
    connection: asyncpg.Connection, subjects: Collection[str], opener: Opener
) -> list[Letter]:
    """The letters set aside for these subjects, oldest first, opened anew."""
    rows = await connection.fetch(
        """select id, topic, partition, "offset", key, headers, value, cause
           from set_aside where subject = any($1::text[]) order by id""",
        list(subjects),
    )
    return [
        opener.open(
            row["topic"],
            row["partition"],
            row["offset"],
            row["key"],
            [(name, value.encode("latin-1")) for name, value in orjson.loads(row["headers"])],
            row["value"],
            row["id"],
            row["cause"],
        )
        for row in rows
    ]


async def move_on(
    connection: asyncpg.Connection,
    moved: Mapping[Pair, int],
    before: Mapping[Pair, int],
    positions: Positions,
    ended: Collection[str] = (),
) -> int:
    """Set the last sequences, each only if it still is what it was; return how many were.

    In the same statement the positions are noted, and which subjects ended.
    """
    pairs = sorted(moved)
    count: int = await connection.fetchval(
        MOVE_ON,
        [source for source, _ in pairs],
        [subject for _, subject in pairs],
        [moved[pair] for pair in pairs],
        [before.get(pair, 0) for pair in pairs],
        *_places(positions),
        list(ended),
    )
    return count


async def note_positions(connection: asyncpg.Connection, positions: Positions) -> None:
    """Note how far we have read. A position may go back: a broker may lose its topics."""
    await connection.execute(PLACE.format("$1", "$2", "$3"), *_places(positions))


def _places(positions: Positions) -> tuple[list[str], list[int], list[int]]:
    return (
        [topic for topic, _ in positions],
        [partition for _, partition in positions],
        [*positions.values()],
    )


async def keep_ids(connection: asyncpg.Connection, pairs: Collection[Pair], now: datetime) -> int:
    """Remember foreign events' ids; return how many were new."""
    if not pairs:
        return 0
    status = await connection.execute(
        """insert into heard_ids (source, id, heard_at)
           select source, id, $3 from unnest($1::text[], $2::text[]) as u (source, id)
           order by source, id
           on conflict do nothing""",
        [source for source, _ in pairs],
        [event_id for _, event_id in pairs],
        now,
    )
    return int(status.rpartition(" ")[2])


async def release(connection: asyncpg.Connection, ids: Collection[int]) -> None:
    """Take letters out of the set-aside table: they have been applied, or were heard before."""
    if ids:
        await connection.execute("delete from set_aside where id = any($1::bigint[])", list(ids))


async def set_aside(connection: asyncpg.Connection, holds: Collection[Hold], now: datetime) -> None:
    """Keep letters aside; one that is there already keeps its place, its newest reason, its count."""
    if not holds:
        return
    await connection.executemany(
        """insert into set_aside as s (identity, topic, partition, "offset", key, headers, value,
               source, subject, sequence, type, cause, reason, waits_for, set_aside_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
           on conflict (identity) do update set cause = excluded.cause, reason = excluded.reason,
               waits_for = excluded.waits_for, attempts = s.attempts + 1
           where s.cause not in ('refused', 'undecodable', 'unknown_type', 'waiting')
              or excluded.cause not in ('gap', 'follower')""",
        [_row(hold, now) for hold in holds],
    )


def _row(hold: Hold, now: datetime) -> tuple[object, ...]:
    letter = hold.letter
    # Latin-1 turns any bytes into text and back without loss.
    headers = [(name, (value or b"").decode("latin-1")) for name, value in letter.headers]
    # fmt: off
    return (letter.identity, letter.topic, letter.partition, letter.offset, letter.key,
            orjson.dumps(headers).decode(), letter.value, letter.source, letter.subject,
            letter.sequence, letter.envelope.type if letter.envelope else None,
            hold.cause, hold.reason.replace("\0", "\ufffd"), hold.waits_for, now)
    # fmt: on
