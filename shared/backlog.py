"""What waits in a service's schema, looked at now and then: the outbox, what is set aside, what could be pruned.

Every look reads a bounded number of rows, whatever has piled up.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import get_args

import asyncpg
import structlog

from shared import telemetry
from shared.letters import Cause
from shared.postgres import is_transient

log = structlog.get_logger()

LOOK_SECONDS = 5.0
MOST_ROWS = 10_000
"""Counts stop here: ten thousand wait, or more."""

OUTBOX = """select (select id from outbox order by id limit 1),
    (select count(*) from (select from outbox limit $1) as first)"""

SET_ASIDE = """select cause, count(*), min(set_aside_at)
from (select cause, set_aside_at from set_aside order by id limit $1) as oldest group by cause"""

# By the server's clock, as both were written. Each reads one entry of an index.
RETENTION = """select
    coalesce(extract(epoch from now() - (
        select min(ended_at) from endings where forgotten_at is null)), 0)::float8,
    coalesce((select extract(epoch from ended_at) from prunings where ended_at is not null
              order by id desc limit 1), 0)::float8"""


for _cause in get_args(Cause):
    # A count of what has not happened yet is nought, not missing.
    telemetry.SET_ASIDE.labels(_cause)


class Backlog:
    """The gauges of one schema; every replica sets them, and all say the same."""

    def __init__(self, pool: Callable[[], asyncpg.Pool], now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._now = now
        self._oldest: int | None = None
        self._seen_at = 0.0

    async def run(self) -> None:
        """Look for ever. A database that is away is waited for."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("the backlog is out of sight", error=repr(error)[:200])
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Set the gauges."""
        [outbox] = await self._pool().fetch(OUTBOX, MOST_ROWS)
        telemetry.OUTBOX_ROWS.set(outbox[1])
        telemetry.OUTBOX_OLDEST.set(self._age_of(outbox[0]))
        [(kept_seconds, pruned_at)] = await self._pool().fetch(RETENTION)
        telemetry.ENDED_KEPT.set(kept_seconds)
        telemetry.PRUNED_AT.set(pruned_at)
        found = {row[0]: row for row in await self._pool().fetch(SET_ASIDE, MOST_ROWS)}
        now = self._now()
        for cause in get_args(Cause):
            _, count, since = found.get(cause, (cause, 0, now))
            telemetry.WAITING.labels(cause).set(count)
            telemetry.WAITING_SINCE.labels(cause).set(max(0.0, (now - since).total_seconds()))

    def _age_of(self, oldest: int | None) -> float:
        """Seconds since this row was first seen to be the oldest: at least that long it waits.

        A row does not say when it was written, only the instant it speaks of, which may be long past.
        """
        if oldest is None or oldest != self._oldest:
            self._oldest, self._seen_at = oldest, monotonic()
        return 0.0 if oldest is None else monotonic() - self._seen_at
