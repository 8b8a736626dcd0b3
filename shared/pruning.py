"""Pruning: what the policy no longer keeps is deleted, in small sets, by one process at a time.

Two ways. *By age*: rows that go by an instant of their own. *Forgetting*: all that a subject left here, some time after
its last event; its row in `endings` stays, and makes the inbox pass over whatever comes of it again.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import asyncpg
import orjson

from shared.events.catalogue import COMPACTED
from shared.outbox import short_name
from shared.retention import ENDED, FOREIGN_IDS, Policy

SET_SIZE = 500
"""Rows, or subjects, per transaction: it holds few locks, and none for longer than some milliseconds."""

REST = 1.0
"""How long it rests after each set, as a share of how long the set took: half of one connection at most."""

LEAD = "select pg_try_advisory_lock(hashtext('prune'), hashtext(current_schema()))"

TAKE = """select subject from endings where forgotten_at is null and ended_at < $1
order by ended_at limit $2 for update skip locked"""
COUNT = "select count(*) from endings where forgotten_at is null and ended_at < $1"

HELD = "select distinct subject from set_aside where subject = any($1::text[])"

# Put off by a whole term: nothing that will not end must be looked at in every run.
PUT_OFF = "update endings set ended_at = now() where subject = any($1::text[])"
FORGET = "update endings set forgotten_at = now() where subject = any($1::text[])"
FORGET_POSITIONS = "delete from heard where source = any($2::text[]) and subject = any($1::text[])"

# One entry of the primary key per source: `distinct` would read them all.
SOURCES = """with recursive s (source) as (
    select min(source) from heard
    union all
    select (select min(source) from heard where source > s.source) from s where s.source is not null
)
select source from s where source is not null"""


class PrunedElsewhereError(RuntimeError):
    """Another process prunes this schema."""


@dataclass(frozen=True, slots=True)
class ByAge:
    """Rows of a table that go so long after an instant of theirs, which is indexed."""

    term: str
    table: str
    instant: str

    def delete(self) -> str:
        return f"""delete from {self.table} where ctid = any(array(
            select ctid from {self.table} where {self.instant} < $1
            order by {self.instant} limit $2 for update skip locked))"""

    def count(self) -> str:
        return f"select count(*) from {self.table} where {self.instant} < $1"


@dataclass(frozen=True, slots=True)
class Plan:
    """What one service prunes."""

    policy: Policy
    deletions: Sequence[tuple[str, str]]
    """Of subjects that ended: table, and a statement that takes the subjects as `$1::text[]`; in this order."""
    still_open: str | None = None
    """A query of those subjects among `$1::text[]` that are not over here after all."""
    by_age: Sequence[ByAge] = ()
    first: Sequence[str] = ()
    """Statements that take the subjects as `$1::text[]` and put away what the deletions delete."""

    @property
    def every_age(self) -> tuple[ByAge, ...]:
        """With what the plumbing prunes in every service."""
        return (ByAge(FOREIGN_IDS, "heard_ids", "heard_at"), *self.by_age)


@dataclass(slots=True)
class Pruned:
    """What a run did: rows by table, subjects forgotten and put off, and whether nothing was left."""

    removed: Counter[str] = field(default_factory=Counter)
    forgotten: int = 0
    put_off: int = 0
    is_complete: bool = False


Tell = Callable[[Pruned], None]


async def count_prunable(connection: asyncpg.Connection, plan: Plan) -> dict[str, int]:
    """How many rows by table, and under `endings` how many subjects, may go now. Deletes nothing."""
    now = await connection.fetchval("select now()")
    counts = {
        sweep.table: await connection.fetchval(
            sweep.count(), _before(now, plan, sweep.term), timeout=None
        )
        for sweep in plan.every_age
    }
    subjects = await connection.fetchval(COUNT, _before(now, plan, ENDED), timeout=None)
    return {**counts, "endings": subjects}


async def prune(
    connection: asyncpg.Connection, plan: Plan, *, seconds: float, tell: Tell = lambda _: None
) -> Pruned:
    """Prune until nothing is left that may go, or `seconds` have passed; `tell` is called after every set.

    The connection must be of no pool: it holds the lock of the one that prunes until it is closed.
    Raises `PrunedElsewhereError`, `PolicyError`, and what asyncpg raises.
    """
    if not await connection.fetchval(LEAD):
        raise PrunedElsewhereError("another process prunes this schema")
    pruned, ends_at = Pruned(), monotonic() + seconds
    now = await connection.fetchval("select now()")
    run = await connection.fetchval("insert into prunings default values returning id")
    sources = await _sources(connection)
    works = [
        *(
            partial(_delete, connection, sweep, _before(now, plan, sweep.term), pruned)
            for sweep in plan.every_age
        ),
        partial(_forget, connection, plan, _before(now, plan, ENDED), sources, pruned),
    ]
    ends = [await _by_sets(work, ends_at, lambda: tell(pruned)) for work in works]
    pruned.is_complete = all(ends)
    await connection.execute(
        "update prunings set ended_at = clock_timestamp(), removed = $2::json where id = $1",
        run,
        orjson.dumps(pruned.removed).decode(),
    )
    return pruned


async def _by_sets(
    prune_a_set: Callable[[], Awaitable[int]], ends_at: float, tell: Callable[[], None]
) -> bool:
    """Set after set, with rests between; whether it came to the end in time."""
    while (began := monotonic()) < ends_at:
        if not await prune_a_set():
            return True
        tell()
        await asyncio.sleep(REST * (monotonic() - began))
    return False


async def _delete(
    connection: asyncpg.Connection, sweep: ByAge, before: datetime, pruned: Pruned
) -> int:
    count = _count(await connection.execute(sweep.delete(), before, SET_SIZE))
    pruned.removed[sweep.table] += count
    return count


async def _forget(
    connection: asyncpg.Connection,
    plan: Plan,
    before: datetime,
    sources: Collection[str],
    pruned: Pruned,
) -> int:
    """One set of subjects, in one transaction; return how many were taken up."""
    async with connection.transaction():
        taken = [row[0] for row in await connection.fetch(TAKE, before, SET_SIZE)]
        open_ = await _open_among(connection, plan, taken)
        over = [subject for subject in taken if subject not in open_]
        await connection.execute(PUT_OFF, list(open_))
        for statement in plan.first:
            await connection.execute(statement, over)
        removed = Counter(
            {table: _count(await connection.execute(sql, over)) for table, sql in plan.deletions}
        )
        removed["heard"] += _count(await connection.execute(FORGET_POSITIONS, over, sources))
        await connection.execute(FORGET, over)
    pruned.removed.update(removed)
    pruned.forgotten += len(over)
    pruned.put_off += len(open_)
    return len(taken)


async def _open_among(
    connection: asyncpg.Connection, plan: Plan, subjects: Sequence[str]
) -> set[str]:
    """Subjects that ended and are not over here: something is set aside, or the service waits for something."""
    found: set[str] = set()
    for query in (HELD, plan.still_open):
        if query is not None:
            found.update(row[0] for row in await connection.fetch(query, subjects))
    return found


async def _sources(connection: asyncpg.Connection) -> list[str]:
    """The sources whose subjects end. A dossier may share its code with an agency or a procedure."""
    lasting = tuple(f"/{short_name(topic)}" for topic in COMPACTED)
    sources = [row[0] for row in await connection.fetch(SOURCES)]
    return [source for source in sources if not source.endswith(lasting)]


def _before(now: datetime, plan: Plan, term: str) -> datetime:
    return now - timedelta(days=plan.policy.days(term))


def _count(status: str) -> int:
    """Of a command's status, `DELETE 12` or `INSERT 0 12`."""
    return int(status.rpartition(" ")[2])
