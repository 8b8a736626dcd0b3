"""What only the forms need, in PostgreSQL."""

from datetime import date, datetime

import asyncpg
import orjson

from services.intake.domain.hand_overs import Wait
from services.intake.domain.life import State
from services.intake.domain.papers import Apology
from services.intake.domain.procedures import Limit
from services.intake.domain.promises import Reappointment
from services.intake.domain.register import Entry
from services.intake.usecases.ports import Actor, SlipFacts

# Each move's agency as it was named when the move was recorded: a later name rewrites no form.
# One registered before its registrations were written down goes by its first name.
NAMES = """
select m.number, coalesce(named.name, earliest.name, m.agency) as name
from moves m
left join lateral (
    select a.name from registrations r
    join agency_revisions a on a.agency = r.subject and a.revision = r.revision
    where r.kind = 'agency' and r.subject = m.agency and r.recorded_at <= m.recorded_at
    order by r.revision desc limit 1) named on true
left join lateral (
    select a.name from agency_revisions a where a.agency = m.agency
    order by a.revision limit 1) earliest on true
where m.dossier = $1
"""

LIMITS = """
select p.limits from dossiers d
join procedure_revisions p on p.procedure = d.procedure and p.revision = d.procedure_revision
where d.code = $1
"""

# By keyset, never by offset: a page costs the same wherever it lies. A returned dossier moves no
# more, so its last move is its return.
REGISTER_PAGE = """
select d.code, d.procedure, p.name as procedure_name, d.sets, a.name as applicant,
    coalesce(g.name, d.agency) as agency_name, d.received_at,
    pr.appointment_at as due_at,
    case when d.state = 'returned' then d.last_moved_at end as returned_at,
    d.return_by, d.state
from dossiers d
join procedure_revisions p on p.procedure = d.procedure and p.revision = d.procedure_revision
join applicants a on a.dossier = d.code
left join agencies g on g.agency = coalesce(d.resolving_agency, d.agency)
left join promises pr on pr.dossier = d.code
where d.receiving_agency = $1 and d.received_at >= $2 and d.received_at < $3
    and ($4::timestamptz is null or (d.received_at, d.code) > ($4, $5))
order by d.received_at, d.code
limit $6
"""


class PostgresSlips:
    """The forms' own data within the transaction of one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def facts(self, code: str) -> SlipFacts:
        limits = await self._connection.fetchval(LIMITS, code)
        names = await self._connection.fetch(NAMES, code)
        waits = await self._connection.fetch(
            """select kind, generation, agency, due_at, verdict, ended_at from hand_overs
               where dossier = $1 order by kind, generation""",
            code,
        )
        reappointment, apology = await self._apology(code)
        return SlipFacts(
            limits=[] if limits is None else _limits(limits),
            names={row["number"]: row["name"] for row in names},
            waits=[Wait(*row.values()) for row in waits],
            reappointment=reappointment,
            apology=apology,
        )

    async def _apology(self, code: str) -> tuple[Reappointment | None, Apology | None]:
        row = await self._connection.fetchrow("select * from apologies where dossier = $1", code)
        if row is None:
            return None, None
        heard = Reappointment(code, row["original_at"], row["new_at"], row["reappointed_at"])
        if row["issued_at"] is None:
            return heard, None
        return heard, Apology(
            row["original_at"], row["new_at"], row["reason"], row["signer"], row["issued_at"]
        )

    async def keep_apology(
        self, code: str, reason: str, signer: str, actor: Actor, at: datetime
    ) -> bool:
        kept = await self._connection.fetchval(
            """update apologies set reason = $2, signer = $3, actor = $4, role = $5,
                   actor_agency = $6, issued_at = $7
               where dossier = $1 and issued_at is null returning true""",
            code,
            reason,
            signer,
            actor.subject,
            actor.role,
            actor.agency,
            at,
        )
        return kept is True

    async def register_page(
        self,
        agency: str,
        begins: datetime,
        ends: datetime,
        after: tuple[datetime, str] | None,
        size: int,
    ) -> list[Entry]:
        at, code = after or (None, None)
        rows = await self._connection.fetch(REGISTER_PAGE, agency, begins, ends, at, code, size)
        return [Entry(**{**row, "state": State(row["state"])}) for row in rows]


def _limits(text: str) -> list[Limit]:
    return [
        Limit(
            date.fromisoformat(limit["valid_from"]),
            None if limit["valid_to"] is None else date.fromisoformat(limit["valid_to"]),
            limit["kind"],
            limit["amount"],
        )
        for limit in orjson.loads(text)
    ]
