"""What is kept of units, in PostgreSQL: sets, and each in one statement."""

from collections.abc import Callable, Mapping
from datetime import datetime

import asyncpg

# Where most clocks are closed, through the index the timer has: it costs what is open. An index by unit would cost
# every clock that rings at closing time an entry.
RUNNING = """select agency, count(*)::int as running from clocks
where next_rung_at is not null and state = 'running' group by agency"""

HEARD = """select agency, heard_at from units_heard join agencies using (agency)
where coalesce((body ->> 'valid_to')::date, 'infinity') >= $1::timestamptz::date"""

# In one order, so that two replicas cannot wait for each other.
KEEP_HEARD = """insert into units_heard (agency, heard_at)
select * from unnest($1::text[], $2::timestamptz[]) as given (agency, heard_at) order by agency
on conflict (agency) do update set heard_at = excluded.heard_at
where units_heard.heard_at < excluded.heard_at"""


class PostgresUnits:
    """The port `Units`."""

    def __init__(self, pool: Callable[[], asyncpg.Pool]) -> None:
        self._pool = pool

    async def running(self) -> dict[str, int]:
        async with self._pool().acquire() as connection, connection.transaction(readonly=True):
            # In one process: nobody waits for it, and alarms need the others.
            await connection.execute("set local max_parallel_workers_per_gather = 0")
            return {row[0]: row[1] for row in await connection.fetch(RUNNING)}

    async def heard(self, now: datetime) -> dict[str, datetime]:
        return {row[0]: row[1] for row in await self._pool().fetch(HEARD, now)}

    async def keep_heard(self, heard: Mapping[str, datetime]) -> None:
        await self._pool().execute(KEEP_HEARD, list(heard), list(heard.values()))
