"""Reads clocks, their past and their alarms, for people."""

from datetime import date, datetime

import asyncpg

from services.deadline.adapters.clocks import SELECT
from services.deadline.adapters.rows import CLOCK_COLUMNS, RUNG_COLUMNS, clock_from
from services.deadline.domain.alarms import Alarm, Uncomputable
from services.deadline.domain.clocks import Clock, PastGeneration, State
from services.deadline.domain.ladder import Call, Rung
from services.deadline.domain.lateness import Lateness
from services.deadline.domain.reappointments import Issued, Reappointment

ALARMS = "select kind, code, generation, rung, agency, due_at, rang_at, is_late, calls from alarms"

REAPPOINTMENT = """select kind, code, agency, legal_due, original_appointment_at, appointment_at, reason,
       signer, asked_by, reappointed_at
from reappointments where code = $1 and kind = 'dossier'"""

LATENESS = """select agency, kind,
       coalesce(sum(count) filter (where outcome = 'called'), 0)::int,
       coalesce(sum(count) filter (where outcome = 'out_of_sync'), 0)::int,
       coalesce(sum(count) filter (where outcome = 'recomputed'), 0)::int
from lateness
where ($1::text is null or agency = $1) and ($2::date is null or due_on >= $2)
  and ($3::date is null or due_on <= $3)
group by agency, kind order by agency, kind <> 'dossier', kind"""

UNCOMPUTABLE = """select kind, code, generation, agency, cause, why, found_at from uncomputable u
where ($1::text is null or agency = $1)
  and not exists (select from clocks c
                  where c.code = u.code and c.kind = u.kind and c.generation >= u.generation)
order by found_at, code limit $2"""

# What `prune` has put away: no explanation, and nothing that could still ring.
_GONE = {"steps": "'[]' as steps"} | {c.name: f"null::{c.type} as {c.name}" for c in RUNG_COLUMNS}
ARCHIVED = f"""select {", ".join(_GONE.get(column.name, column.name) for column in CLOCK_COLUMNS)}
from archived_clocks where code = $1 order by kind <> 'dossier', kind"""

PAST = """select kind, generation, complete_at, legal_due, pledge_due, appointment_at, stopped_at,
       agency, state, resolved_at
from past_generations where code = $1 order by kind, generation"""


class PostgresArchive:
    """The port `Archive`."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def clocks(self, code: str) -> list[Clock]:
        rows = await self._connection.fetch(
            f"{SELECT} where code = $1 order by kind <> 'dossier', kind", code
        )
        return [clock_from(row) for row in rows or await self._connection.fetch(ARCHIVED, code)]

    async def past_generations(self, code: str) -> list[PastGeneration]:
        return [past_from(row) for row in await self._connection.fetch(PAST, code)]

    async def alarms_of(self, code: str) -> list[Alarm]:
        rows = await self._connection.fetch(
            f"{ALARMS} where code = $1 order by rang_at, due_at, kind", code
        )
        return [_alarm(row) for row in rows]

    async def lateness(
        self, agency: str | None, first_on: date | None, last_on: date | None
    ) -> list[Lateness]:
        rows = await self._connection.fetch(LATENESS, agency, first_on, last_on)
        return [Lateness(*row) for row in rows]

    async def uncomputable(self, agency: str | None, limit: int) -> list[Uncomputable]:
        rows = await self._connection.fetch(UNCOMPUTABLE, agency, limit)
        return [Uncomputable(*row) for row in rows]

    async def reappointment_of(self, code: str) -> Issued | None:
        row = await self._connection.fetchrow(REAPPOINTMENT, code)
        if row is None:
            return None
        kind, code, agency, legal_due, *says = row
        return Issued(kind, code, agency, legal_due, Reappointment(*says))

    async def alarms_since(
        self, since: datetime | None, agency: str | None, limit: int
    ) -> list[Alarm]:
        rows = await self._connection.fetch(
            f"""{ALARMS} where ($1::timestamptz is null or rang_at >= $1)
                and ($2::text is null or agency = $2)
                order by rang_at, due_at, code, kind limit $3""",
            since,
            agency,
            limit,
        )
        return [_alarm(row) for row in rows]


def _alarm(row: asyncpg.Record) -> Alarm:
    return Alarm(
        kind=row["kind"],
        code=row["code"],
        generation=row["generation"],
        rung=Rung(row["rung"]),
        agency=row["agency"],
        due_at=row["due_at"],
        rang_at=row["rang_at"],
        is_late=row["is_late"],
        calls=None if row["calls"] is None else Call(row["calls"]),
    )


def past_from(row: asyncpg.Record) -> PastGeneration:
    """A past generation as it was stored."""
    fields = dict(row)
    fields.pop("code", None)
    state = fields.pop("state")
    return PastGeneration(**fields, state=None if state is None else State(state))
