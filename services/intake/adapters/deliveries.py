"""Deliveries in PostgreSQL, claimed by lease."""

from collections.abc import Callable, Collection
from datetime import datetime

import asyncpg
import orjson

from services.intake.domain.deliveries import Settlement, State
from services.intake.domain.hand_overs import Contact as Officer
from services.intake.domain.handlers import PERSONS, code_of
from services.intake.usecases.delivery_ports import Addressee, Claim, Contact, KeptDelivery

WAKE = "select pg_notify(current_schema() || '_deliveries', '')"

CLAIM = """
update deliveries d set attempts = d.attempts + 1, next_attempt_at = $2
from (select dossier, notice, number from deliveries
      where state = 'pending' and next_attempt_at <= $1
      order by next_attempt_at limit $3 for update skip locked) due
where d.dossier = due.dossier and d.notice = due.notice and d.number = due.number
returning d.dossier, d.notice, d.number, d.attempts
"""

# Another attempt than ours means that the lease ran out and somebody else took it over.
SETTLE = """
update deliveries set state = $5, reason = $6, next_attempt_at = coalesce($7, next_attempt_at),
    settled_at = case when $5 = 'pending' then null else $8::timestamptz end
where dossier = $1 and notice = $2 and number = $3 and attempts = $4 and state = 'pending'
returning true
"""

# Whom to ask: who was named last by the agency that has the dossier now. A transfer names the sender's.
ADDRESSEE = """
select d.language, a.phone, a.email, last.actor as subject, last.role,
    (select m.contact from moves m
     where m.dossier = d.code and m.agency = d.agency and m.verb <> 'transfer'
       and m.contact is not null
     order by m.number desc limit 1) as officer
from dossiers d
left join applicants a on a.dossier = d.code
left join lateral (
    select m.actor, m.role from moves m where m.dossier = d.code and m.role = any($2::text[])
    order by m.number desc limit 1) last on true
where d.code = $1
"""


class PostgresQueue:
    """`QueuesDeliveries` within the transaction of one connection."""

    def __init__(self, connection: asyncpg.Connection, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._now = now

    async def add(self, notices: Collection[tuple[str, str, int]]) -> None:
        await self._connection.execute(
            """insert into deliveries (dossier, notice, number, state, next_attempt_at)
               select dossier, notice, number, 'pending', $4
               from unnest($1::text[], $2::text[], $3::integer[]) as u (dossier, notice, number)
               order by 1, 2, 3
               on conflict do nothing""",
            [dossier for dossier, _, _ in notices],
            [notice for _, notice, _ in notices],
            [number for _, _, number in notices],
            self._now(),
        )
        await self._connection.execute(WAKE)


class PostgresDeliveries:
    """`Deliveries` on the connections of a pool, which need not be open yet."""

    def __init__(self, pool: Callable[[], asyncpg.Pool]) -> None:
        self._pool = pool

    async def claim(self, now: datetime, lease_until: datetime, size: int) -> list[Claim]:
        rows = await self._pool().fetch(CLAIM, now, lease_until, size)
        return [Claim(*row.values()) for row in rows]

    async def earliest(self) -> datetime | None:
        found: datetime | None = await self._pool().fetchval(
            "select min(next_attempt_at) from deliveries where state = 'pending'"
        )
        return found

    async def addressee(self, dossier: str) -> Addressee:
        row = await self._pool().fetchrow(ADDRESSEE, dossier, list(PERSONS))
        if row is None:
            raise LookupError(f"a delivery is of dossier {dossier}, which intake does not have")
        subject = row["subject"]
        return Addressee(
            Contact(row["language"], row["phone"], row["email"]),
            None if subject is None else code_of(subject, row["role"]),
            None if row["officer"] is None else Officer(**orjson.loads(row["officer"])),
        )

    async def settle(self, claim: Claim, settlement: Settlement, now: datetime) -> bool:
        return bool(
            await self._pool().fetchval(
                SETTLE,
                claim.dossier,
                claim.notice,
                claim.number,
                claim.attempts,
                settlement.state,
                settlement.reason,
                settlement.next_attempt_at,
                now,
            )
        )

    async def list(self, states: Collection[State], limit: int) -> list[KeptDelivery]:
        rows = await self._pool().fetch(
            """select dossier, notice, number, state, attempts,
                      case when state = 'pending' then next_attempt_at end as next_attempt_at,
                      reason, settled_at
               from deliveries where state = any($1)
               order by settled_at desc nulls first, next_attempt_at, dossier, notice, number limit $2""",
            list(states),
            limit,
        )
        return [KeptDelivery(*row.values()) for row in rows]

    async def retry(self, dossier: str | None, now: datetime) -> int:
        retried = await self._pool().fetch(
            """update deliveries set state = 'pending', attempts = 0, next_attempt_at = $2,
                      settled_at = null
               where state in ('failed', 'undeliverable') and ($1::text is null or dossier = $1)
               returning true""",
            dossier,
            now,
        )
        await self._pool().execute(WAKE)
        return len(retried)
