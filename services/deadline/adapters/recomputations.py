"""Open clocks page by page, and the record of what a recomputation changed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from services.deadline.adapters.archive import past_from
from services.deadline.adapters.clocks import LOCK, SELECT
from services.deadline.adapters.rows import clock_from
from services.deadline.domain.clocks import OPEN, PastGeneration
from services.deadline.domain.ladder import Rung
from services.deadline.domain.recomputations import Change
from services.deadline.usecases.ports import ClockKey, OpenClocks, RecordedChange

BEGIN = """insert into recomputations (reason, asked_by, began_at) values ($1, $2, $3)
returning recomputation"""

END = """update recomputations set examined = $2, changed = $3, ended_at = $4
where recomputation = $1"""

# By the primary key, from the last code on: a run reads every clock once, and no page twice.
OPEN_CODES = """select distinct code from clocks
where code > $1 and state in ('running', 'breached') order by code limit $2"""

READ = f"{SELECT} where code = any($1::text[]) order by code, kind <> 'dossier', kind"

RANG = "select kind, code, generation, rung from alarms where code = any($1::text[])"

PAST = """select kind, code, generation, complete_at, legal_due, pledge_due, appointment_at,
       stopped_at, agency, state, resolved_at
from past_generations where code = any($1::text[]) order by generation"""

KEEP = """insert into recomputed
    (recomputation, kind, code, cause, generation, legal_due_before, legal_due, pledge_due_before,
     pledge_due, appointment_before, appointment_at, calendar_version_before, calendar_version,
     rules_version_before, rules_version, is_breach_withdrawn, recomputed_at)
select $1, given.*, $2 from unnest(
    $3::text[], $4::text[], $5::text[], $6::integer[], $7::timestamptz[], $8::timestamptz[],
    $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[],
    $14::text[], $15::text[], $16::text[], $17::boolean[]) as given"""

OF = """select r.recomputation, r.reason, r.asked_by, c.kind, c.cause, c.legal_due_before, c.legal_due,
       c.appointment_before, c.appointment_at, c.is_breach_withdrawn, c.recomputed_at
from recomputed c join recomputations r using (recomputation)
where c.code = $1 order by c.recomputed_at, c.kind"""


class PostgresRecomputations:
    """The port `Recomputations`."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def begin(self, reason: str, asked_by: str, began_at: datetime) -> int:
        run: int = await self._connection.fetchval(BEGIN, reason, asked_by, began_at)
        return run

    async def end(self, run: int, examined: int, changed: int, ended_at: datetime) -> None:
        await self._connection.execute(END, run, examined, changed, ended_at)

    async def open_codes(self, after: str, limit: int) -> list[str]:
        return [row["code"] for row in await self._connection.fetch(OPEN_CODES, after, limit)]

    async def read(self, codes: Sequence[str], *, lock: bool) -> OpenClocks:
        if lock:
            await self._connection.execute(LOCK, codes)
        every = [clock_from(row) for row in await self._connection.fetch(READ, codes)]
        rang: dict[ClockKey, list[tuple[int, Rung]]] = defaultdict(list)
        for row in await self._connection.fetch(RANG, codes):
            rang[row["kind"], row["code"]].append((row["generation"], Rung(row["rung"])))
        past: dict[ClockKey, list[PastGeneration]] = defaultdict(list)
        for row in await self._connection.fetch(PAST, codes):
            past[row["kind"], row["code"]].append(past_from(row))
        return OpenClocks(
            clocks=[clock for clock in every if clock.state in OPEN],
            dossiers={clock.code: clock for clock in every if clock.kind == "dossier"},
            past=past,
            rang=rang,
        )

    async def keep(self, run: int, changes: Sequence[Change], recomputed_at: datetime) -> None:
        columns = zip(*map(_row, changes), strict=True)
        await self._connection.execute(KEEP, run, recomputed_at, *map(list, columns))

    async def of(self, code: str) -> list[RecordedChange]:
        return [RecordedChange(*row) for row in await self._connection.fetch(OF, code)]


def _row(change: Change) -> tuple[object, ...]:
    before, after = change.before, change.after
    return (
        after.kind,
        after.code,
        change.cause,
        after.generation,
        before.dues.legal_due,
        after.dues.legal_due,
        before.dues.pledge_due,
        after.dues.pledge_due,
        before.appointment_at,
        after.appointment_at,
        before.dues.calendar_version,
        after.dues.calendar_version,
        before.dues.rules_version,
        after.dues.rules_version,
        change.is_breach_withdrawn,
    )
