"""Dead letters in order: what is set aside, as operators list, show, retry and discard it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from shared.hearing import Hearing
from shared.postgres import transaction


class NotSetAsideError(LookupError):
    """Nothing is set aside under that id or for that subject."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One subject that is held back: why, since when, and how many letters follow."""

    subject: str
    letters: int
    first_id: int
    cause: str
    reason: str
    since: datetime


WAITING = """
select subject, count(*) as letters,
       (array_agg(id order by cause in ('gap', 'follower'), sequence, id))[1] as first_id,
       (array_agg(cause order by cause in ('gap', 'follower'), sequence, id))[1] as cause,
       (array_agg(reason order by cause in ('gap', 'follower'), sequence, id))[1] as reason,
       min(set_aside_at) as since
from set_aside where {} group by subject order by since, subject"""


async def list_waiting(pool: asyncpg.Pool, limit: int = 100) -> list[Waiting]:
    """The subjects held back, longest first, each with the letter that holds it."""
    rows = await pool.fetch(WAITING.format("true") + " limit $1", limit)
    return [Waiting(**dict(row)) for row in rows]


async def head_of(pool: asyncpg.Pool, subject: str) -> Waiting | None:
    """One subject as `list_waiting` has it; None when nothing is set aside for it."""
    row = await pool.fetchrow(WAITING.format("subject = $1"), subject)
    return None if row is None else Waiting(**dict(row))


async def subject_of_discarded(pool: asyncpg.Pool, letter_id: int) -> str:
    """Whose letter it was that was given up. Raises `NotSetAsideError`."""
    subject: str | None = await pool.fetchval(
        "select subject from discarded where id = $1", letter_id
    )
    if subject is None:
        raise NotSetAsideError(f"no letter {letter_id} was discarded")
    return subject


async def show(pool: asyncpg.Pool, subject: str) -> list[dict[str, Any]]:
    """Every letter set aside for a subject, in order, with headers and body as they came.

    Raises `NotSetAsideError`.
    """
    rows = await pool.fetch("select * from set_aside where subject = $1 order by id", subject)
    if not rows:
        raise NotSetAsideError(f"nothing is set aside for {subject!r}")
    return [
        {
            **dict(row),
            "headers": orjson.loads(row["headers"]),
            "key": _readable(row["key"]),
            "value": _readable(row["value"]),
        }
        for row in rows
    ]


def _readable(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8", errors="backslashreplace")


async def retry(hearing: Hearing, pool: asyncpg.Pool, subject: str) -> int:
    """Try a subject's letters again, in order; return how many were applied.

    Raises `NotSetAsideError`.
    """
    if not await pool.fetchval("select exists (select from set_aside where subject = $1)", subject):
        raise NotSetAsideError(f"nothing is set aside for {subject!r}")
    return await hearing.retry(subject)


async def discard(
    hearing: Hearing, pool: asyncpg.Pool, letter_id: int, *, because: str, by: str, now: datetime
) -> int:
    """Give one letter up, keep it among the discarded, and let those behind it go on.

    Only the letter at the head of its sequence may go, else the hole it leaves would be a gap.
    Returns how many letters behind it were applied. Raises `NotSetAsideError`, and `ValueError`
    without a reason or for a letter that is not at the head.
    """
    if not because.strip():
        raise ValueError("a reason must be given")
    async with transaction(pool) as connection:
        row = await connection.fetchrow(
            """with gone as (delete from set_aside where id = $1 returning *)
               insert into discarded (id, identity, topic, key, headers, value, source, subject,
                   sequence, type, cause, reason, discarded_because, discarded_by, discarded_at)
               select id, identity, topic, key, headers, value, source, subject,
                   sequence, type, cause, reason, $2, $3, $4 from gone
               returning source, subject, sequence""",
            letter_id,
            because,
            by,
            now,
        )
        if row is None:
            raise NotSetAsideError(f"no letter {letter_id} is set aside")
        if row["sequence"] is not None:
            await _step_over(connection, row["source"], row["subject"], row["sequence"])
    return await hearing.retry(row["subject"])


async def _step_over(
    connection: asyncpg.Connection, source: str, subject: str, sequence: int
) -> None:
    status = await connection.execute(
        """insert into heard as h (source, subject, last_sequence, previous_sequence)
           select $1, $2, $3::bigint, $3::bigint - 1
           where $3::bigint = 1 or exists (select from heard where source = $1 and subject = $2)
           on conflict (source, subject) do update
               set last_sequence = excluded.last_sequence,
                   previous_sequence = excluded.previous_sequence
               where h.last_sequence = excluded.previous_sequence""",
        source,
        subject,
        sequence,
    )
    if status != "INSERT 0 1":
        raise ValueError(f"sequence {sequence} is not next for {subject!r}; discard the first one")
