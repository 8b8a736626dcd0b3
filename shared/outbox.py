"""The outbox: what is to be said, kept in the transaction that makes it true."""

from collections import Counter
from collections.abc import Sequence

import asyncpg

from shared import telemetry, tracing
from shared.events.base import Event
from shared.messages import Saying

# One statement: count each subject's sayings on (the row lock orders them until commit), number
# them, and keep them. Subjects are locked in order, so that two batches cannot deadlock. A batch has
# many events of few kinds: topic, source and type are given once a kind.
SAY = """
with saying as (
    select ($1::text[])[kind] as topic, ($2::text[])[kind] as source, ($3::text[])[kind] as type,
           subject, later, time, traceparent, body, place
    from unnest($4::int[], $5::text[], $6::int[], $7::timestamptz[], $8::text[], $9::bytea[])
        with ordinality as u (kind, subject, later, time, traceparent, body, place)
),
counted as (
    insert into said as s (source, subject, last_sequence)
    select source, subject, count(*) from saying group by source, subject order by source, subject
    on conflict (source, subject)
        do update set last_sequence = s.last_sequence + excluded.last_sequence
    returning source, subject, last_sequence
),
ended as (
    insert into endings (subject) select distinct subject from saying where type = any($10::text[])
    order by subject on conflict do nothing
)
insert into outbox (topic, source, subject, sequence, type, time, traceparent, body)
select topic, source, subject, last_sequence - later, type, time, traceparent, body
from saying join counted using (source, subject)
order by place
"""


def short_name(topic: str) -> str:
    """`thanthien.dossiers.v1` is `dossiers`."""
    return topic.split(".")[1]


class Outbox:
    """Says events for one service, within the transaction of one connection."""

    def __init__(self, connection: asyncpg.Connection, source: str) -> None:
        self._connection = connection
        self._source = source

    async def say(self, sayings: Sequence[Saying]) -> None:
        """Keep the sayings in this order, each with the next sequence of its source and subject.

        The source names the topic too (`thanthien/intake/dossiers`), so that a dossier and a
        procedure which happen to share a code do not share a sequence.
        """
        if not sayings:
            return
        events = [saying.event for saying in sayings]
        counts: Counter[type[Event]] = Counter(type(event) for event in events)
        kinds = {kind: place for place, kind in enumerate(counts, 1)}
        here = tracing.kept_here()
        trace = None if here is None else here.traceparent
        for kind, count in counts.items():
            telemetry.SAYINGS.labels(kind.TYPE).inc(count)
        await self._connection.execute(
            SAY,
            [kind.TOPIC for kind in kinds],
            [f"{self._source}/{short_name(kind.TOPIC)}" for kind in kinds],
            [kind.TYPE for kind in kinds],
            [kinds[type(event)] for event in events],
            [event.subject for event in events],
            _later(events),
            [saying.time for saying in sayings],
            [saying.traceparent or trace for saying in sayings],
            [event.body() for event in events],
            [kind.TYPE for kind in kinds if kind.ENDS_SUBJECT],
        )


def _later(events: Sequence[Event]) -> list[int]:
    """How many events of the same topic and subject follow each."""
    counts: dict[tuple[str, str], int] = {}
    later = []
    for event in reversed(events):
        key = (event.TOPIC, event.subject)
        count = counts.get(key, 0)
        counts[key] = count + 1
        later.append(count)
    return later[::-1]
