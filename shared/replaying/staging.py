"""What the topics hold, laid out in the new schema by life: what was heard of a code, what was said of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import orjson
from aiokafka import ConsumerRecord

from shared.events.base import Event
from shared.events.catalogue import COMPACTED, EVENTS
from shared.letters import Letter, Opener
from shared.replaying.plan import Plan, tables_of

MAKE = """
create unlogged table replay_letters (
    place bigint not null, topic text not null, partition integer not null, "offset" bigint not null,
    key bytea, headers json not null, value bytea, identity text not null, source text not null,
    subject text not null, sequence bigint, id text
);
create unlogged table replay_said (
    subject text not null, sequence bigint not null, type text not null, time timestamptz not null,
    body bytea not null, primary key (subject, sequence)
);
create unlogged table replay_bounds (
    topic text not null, partition integer not null, next_offset bigint not null,
    primary key (topic, partition)
);
-- Every code. Those with a reason are not rebuilt.
create unlogged table replay_lives (code text primary key, left_because text);
-- Where counting anew came to something else than was said.
create unlogged table replay_contradictions (
    code text primary key, sequence bigint, said text, counted text
)"""

SCAFFOLD = (
    "replay_letters",
    "replay_said",
    "replay_bounds",
    "replay_lives",
    "replay_contradictions",
)

LETTER_COLUMNS = (
    "place", "topic", "partition", "offset", "key", "headers", "value", "identity", "source",
    "subject", "sequence", "id",
)  # fmt: skip

# A saying delivered twice is one saying.
KEEP_SAID = """
insert into replay_said (subject, sequence, type, time, body)
select * from unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[], $5::bytea[])
on conflict do nothing"""

# What was decided and is not said yet was decided all the same.
KEEP_UNSAID = """
insert into replay_said (subject, sequence, type, time, body)
select subject, sequence, type, time, body from {live}.outbox where source = $1
on conflict do nothing"""

# Only what the service has heard is replayed: what came later it hears when it runs again.
LEAVE_UNHEARD = """
delete from replay_letters l where not (
    exists (select from replay_bounds b where b.topic = l.topic and b.partition = l.partition
            and l."offset" < b.next_offset)
    or exists (select from {live}.heard h where h.source = l.source and h.subject = l.subject
               and l.sequence <= h.last_sequence)
    or exists (select from {live}.set_aside s where s.identity = l.identity)
    or (l.sequence is null
        and exists (select from {live}.heard_ids i where i.source = l.source and i.id = l.id))
)"""

BOUND = """
insert into replay_bounds
select topic, partition, greatest(u.next_offset, coalesce(p.next_offset, 0))
from unnest($1::text[], $2::integer[], $3::bigint[]) as u (topic, partition, next_offset)
left join {live}.progress p using (topic, partition)"""

OLDER = "older"
CONTRADICTS = "contradicts"
MOVED = "moved"

# A life is whole when its first event is here, from every source that was heard of it.
NAME_LIVES = """
insert into replay_lives
select subject, case when bool_and(is_whole) then null else 'older' end
from (
    select subject, source,
        topic = any($1::text[]) or coalesce(min(sequence) = 1, $2) as is_whole
    from replay_letters group by subject, source, topic = any($1::text[])
) as by_source group by subject"""

MISSING_SOURCES = """
update replay_lives set left_because = 'older'
where left_because is null and (
    exists (select from {live}.heard h where h.subject = code and not exists (
        select from replay_letters l where l.source = h.source and l.subject = h.subject))
    or (select count(*) <> max(sequence) from replay_said s where s.subject = code)
)"""


# What was said of no life is accounted for by having been said.
OF_NO_LIFE = """
with apart as (
    select subject, max(sequence) as last_sequence from replay_said
    group by subject having bool_and(type = any($2::text[]))
),
accounted as (
    insert into said (source, subject, last_sequence) select $1, subject, last_sequence from apart
)
insert into replay_lives select subject, null from apart on conflict do nothing"""


class Said(NamedTuple):
    """One of the service's own sayings, as it was said."""

    sequence: int
    event: Event
    time: datetime


class Staging:
    """The tables above, on a connection whose search path is the new schema."""

    def __init__(self, connection: asyncpg.Connection, plan: Plan) -> None:
        self._connection = connection
        self._plan = plan
        self._opener = Opener(())  # who and which, not what: the body is read when it is heard
        self._place = 0
        self.letters = 0
        self.said = 0

    async def make(self) -> None:
        await self._connection.execute(MAKE)

    async def keep(self, records: Sequence[ConsumerRecord]) -> None:
        """Lay out some records, in their order."""
        ours = [record for record in records if record.topic == self._plan.said]
        others = [record for record in records if record.topic != self._plan.said]
        if ours:
            await self._keep_said(list(map(self._opened, ours)))
        if others:
            rows = [self._row(self._opened(record)) for record in others]
            await self._connection.copy_records_to_table(
                "replay_letters", records=rows, columns=LETTER_COLUMNS
            )
            self.letters += len(rows)

    async def _keep_said(self, letters: Sequence[Letter]) -> None:
        envelopes = [
            (one.envelope, one.value)
            for one in letters
            if one.envelope is not None and one.source == self._plan.source and one.sequence
        ]
        await self._connection.execute(
            KEEP_SAID,
            [envelope.subject for envelope, _ in envelopes],
            [envelope.sequence for envelope, _ in envelopes],
            [envelope.type for envelope, _ in envelopes],
            [envelope.time for envelope, _ in envelopes],
            [value or b"" for _, value in envelopes],
        )
        self.said += len(envelopes)

    def _opened(self, r: ConsumerRecord) -> Letter:
        return self._opener.open(r.topic, r.partition, r.offset, r.key, r.headers, r.value)

    def _row(self, letter: Letter) -> tuple[object, ...]:
        self._place += 1
        # Latin-1 turns any bytes into text and back without loss.
        headers = [(name, (value or b"").decode("latin-1")) for name, value in letter.headers]
        # fmt: off
        return (self._place, letter.topic, letter.partition, letter.offset, letter.key,
                orjson.dumps(headers).decode(), letter.value, letter.identity, letter.source,
                letter.subject, letter.sequence, letter.envelope.id if letter.envelope else None)
        # fmt: on

    def _codes(self, live: str) -> list[tuple[str, str]]:
        """Where codes may stand that the topics hold nothing of, or nothing that is heard."""
        tables = [(f"{live}.{one.name}", one.life) for one in tables_of(self._plan) if one.life]
        return [*tables, ("replay_said", "subject")]

    async def settle(
        self, live: str, committed: Mapping[tuple[str, int], int], *, is_from_the_beginning: bool
    ) -> None:
        """Leave out what the service has not heard, and say which lives are here as a whole.

        `committed` is how far the group has come, by topic and partition.
        """
        topics = [topic for topic, _ in committed]
        partitions = [partition for _, partition in committed]
        run = self._connection.execute
        await run("create index on replay_letters (subject, place)")
        await run(BOUND.format(live=live), topics, partitions, [*committed.values()])
        await run(LEAVE_UNHEARD.format(live=live))
        await run(KEEP_UNSAID.format(live=live), self._plan.source)
        await run("analyze replay_letters, replay_said")
        await run(NAME_LIVES, list(COMPACTED), is_from_the_beginning)
        await run(MISSING_SOURCES.format(live=live))
        await run(OF_NO_LIFE, self._plan.source, list(self._plan.of_no_life))
        for table, column in self._codes(live):
            await run(
                f"insert into replay_lives select distinct {column}, 'older' from {table} "
                "on conflict do nothing"
            )


async def states(connection: asyncpg.Connection, after: int, limit: int) -> list[asyncpg.Record]:
    """The next rows of compacted topics, in order: agencies and procedures, before all else."""
    return await connection.fetch(
        """select place, topic, partition, "offset", key, headers, value, identity
           from replay_letters where topic = any($1::text[]) and place > $2 order by place limit $3""",
        list(COMPACTED),
        after,
        limit,
    )


async def codes(connection: asyncpg.Connection, after: str, limit: int) -> list[str]:
    """The next codes to be rebuilt, in their order."""
    rows = await connection.fetch(
        """select code from replay_lives where left_because is null and code > $1
           order by code limit $2""",
        after,
        limit,
    )
    return [row["code"] for row in rows]


async def rows_of(connection: asyncpg.Connection, of: Collection[str]) -> list[asyncpg.Record]:
    """All that was heard of some codes, in order."""
    return await connection.fetch(
        """select topic, partition, "offset", key, headers, value, identity, subject
           from replay_letters where subject = any($1::text[]) and not topic = any($2::text[])
           order by place""",
        list(of),
        list(COMPACTED),
    )


def letter_from(row: asyncpg.Record, opener: Opener, given_up: Collection[str]) -> Letter:
    """A row as a letter; what an operator has given up is passed over, its number counted."""
    headers = [(name, value.encode("latin-1")) for name, value in orjson.loads(row["headers"])]
    letter = opener.open(
        row["topic"], row["partition"], row["offset"], row["key"], headers, row["value"]
    )
    return letter._replace(event=None, fault=None) if row["identity"] in given_up else letter


async def said_of(
    connection: asyncpg.Connection, source: str, of: Collection[str]
) -> dict[str, list[Said]]:
    """What was said of some codes and is not accounted for yet, in order."""
    rows = await connection.fetch(
        """select s.subject, s.sequence, s.type, s.time, s.body
           from replay_said s left join said a on a.source = $1 and a.subject = s.subject
           where s.subject = any($2::text[]) and s.sequence > coalesce(a.last_sequence, 0)
           order by s.subject, s.sequence""",
        source,
        list(of),
    )
    found: dict[str, list[Said]] = {}
    for subject, sequence, type_, time, body in rows:
        found.setdefault(subject, []).append(Said(sequence, EVENTS[type_].hear(body), time))
    return found


async def account(connection: asyncpg.Connection, source: str, numbers: Mapping[str, int]) -> None:
    """Note up to which number the sayings of each code are accounted for."""
    subjects = sorted(numbers)
    await connection.execute(
        """insert into said (source, subject, last_sequence)
           select $1, * from unnest($2::text[], $3::bigint[])
           on conflict (source, subject) do update set last_sequence = excluded.last_sequence""",
        source,
        subjects,
        [numbers[subject] for subject in subjects],
    )


async def contradict(
    connection: asyncpg.Connection, found: Sequence[tuple[str, int | None, str, str]]
) -> None:
    """Note where counting anew came to something else: code, number, what was said, what was counted."""
    await connection.executemany(
        "insert into replay_contradictions values ($1, $2, $3, $4) on conflict do nothing", found
    )


# What was said and nothing that was heard, nor any other saying, accounts for.
UNACCOUNTED = """
insert into replay_contradictions
select distinct on (s.subject) s.subject, s.sequence, s.type, 'nothing that was heard accounts for it'
from replay_said s
join replay_lives l on l.code = s.subject and l.left_because is null
left join said a on a.source = $1 and a.subject = s.subject
where s.sequence > coalesce(a.last_sequence, 0)
order by s.subject, s.sequence
on conflict do nothing"""


async def close(connection: asyncpg.Connection, source: str) -> None:
    """All was heard: lives that contradict what was said of them are not rebuilt."""
    await connection.execute(UNACCOUNTED, source)
    await connection.execute(
        """update replay_lives l set left_because = 'contradicts'
           from replay_contradictions c where c.code = l.code and left_because is null"""
    )
