"""What one service has set aside or given up of a subject."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

HELD = """
select id, source, sequence, type, cause, reason, waits_for, set_aside_at as since,
       null::text as discarded_because, null::text as discarded_by
from set_aside where subject = $1
union all
select id, source, sequence, type, cause, reason, null, discarded_at, discarded_because, discarded_by
from discarded where subject = $1
order by id
"""

CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class AsideLetter:
    """One dead letter: set aside, or discarded where it says by whom and why."""

    id: int
    source: str
    sequence: int | None
    type: str | None
    cause: str
    reason: str
    waits_for: str | None
    since: datetime
    """Since when it is set aside, or when it was discarded."""
    discarded_because: str | None
    discarded_by: str | None


async def look_aside(database_url: str, subject: str) -> list[AsideLetter]:
    """The subject's letters in this service's schema, in order. Raises what asyncpg raises."""
    connection = await asyncpg.connect(database_url, timeout=CONNECT_SECONDS)
    try:
        return [AsideLetter(**dict(row)) for row in await connection.fetch(HELD, subject)]
    finally:
        await connection.close()
