"""The outbox: what is to be said, kept in the transaction that makes it true."""

from collections.abc import Sequence

import asyncpg

from shared.messages import Saying

# One statement: count each subject's sayings on (the row lock orders them until commit), number
# them, and keep them. Subjects are locked in order, so that two batches cannot deadlock.
SAY = """
with saying as (
    select * from unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::bytea[]
    ) with ordinality as u (topic, source, subject, type, time, traceparent, body, place)
),
counted as (
    insert into said as s (source, subject, last_sequence)
    select source, subject, count(*) from saying group by source, subject order by source, subject
    on conflict (source, subject)
        do update set last_sequence = s.last_sequence + excluded.last_sequence
    returning source, subject, last_sequence
)
insert into outbox (topic, source, subject, sequence, type, time, traceparent, body)
select topic, source, subject,
       last_sequence + 1 - row_number() over (partition by source, subject order by place desc),
       type, time, traceparent, body
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
        await self._connection.execute(
            SAY,
            [saying.event.TOPIC for saying in sayings],
            [f"{self._source}/{short_name(saying.event.TOPIC)}" for saying in sayings],
            [saying.event.subject for saying in sayings],
            [saying.event.TYPE for saying in sayings],
            [saying.time for saying in sayings],
            [saying.traceparent for saying in sayings],
            [saying.event.model_dump_json().encode() for saying in sayings],
        )
