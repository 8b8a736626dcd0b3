"""What deadline and feedback told us, in PostgreSQL; and the bell for those who wait."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import asyncpg

from services.intake.domain.hand_overs import Wait
from services.intake.domain.promises import Promise, Reappointment
from services.intake.usecases.await_appointments import MANY
from shared.postgres import is_transient

PAYLOAD_BYTES = 7_500
"""PostgreSQL takes payloads of less than 8,000 bytes."""
NAMED_CODES = 200
RETRY_SECONDS = 0.2

KEEP = """
insert into promises (dossier, generation, appointment_at, legal_due, pledge_due, clock,
    is_at_risk, is_pledge_missed, is_breached, is_out_of_sync, is_early, steps)
select * from unnest($1::text[], $2::integer[], $3::timestamptz[], $4::timestamptz[],
    $5::timestamptz[], $6::text[], $7::boolean[], $8::boolean[], $9::boolean[], $10::boolean[],
    $11::boolean[], $12::json[])
on conflict (dossier) do update set
    generation = excluded.generation, appointment_at = excluded.appointment_at,
    legal_due = excluded.legal_due, pledge_due = excluded.pledge_due, clock = excluded.clock,
    is_at_risk = excluded.is_at_risk, is_pledge_missed = excluded.is_pledge_missed,
    is_breached = excluded.is_breached, is_out_of_sync = excluded.is_out_of_sync,
    is_early = excluded.is_early, steps = excluded.steps
"""

# What an event does not say stays as it is: a verdict brings no due instant.
KEEP_HAND_OVERS = """
insert into hand_overs as h (dossier, kind, generation, agency, due_at, verdict, ended_at)
select * from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::timestamptz[],
    $6::text[], $7::timestamptz[]) as u (dossier, kind, generation, agency, due_at, verdict, ended_at)
order by dossier, kind, generation
on conflict (dossier, kind, generation) do update set
    agency = excluded.agency, due_at = coalesce(excluded.due_at, h.due_at),
    verdict = coalesce(excluded.verdict, h.verdict),
    ended_at = coalesce(excluded.ended_at, h.ended_at)
"""


class PostgresPromises:
    """Promises within the transaction of one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def load(self, codes: Collection[str]) -> dict[str, Promise]:
        found = await load_promises(self._connection, codes)
        if missing := set(codes) - found.keys():
            found |= {code: Promise(code) for code in await self.known(missing)}
        return found

    async def keep(self, promises: Sequence[Promise]) -> None:
        # In order, so that two members of the group hearing the same cannot deadlock.
        ordered = sorted(promises, key=lambda promise: promise.dossier)
        await self._connection.execute(
            KEEP,
            [p.dossier for p in ordered],
            [p.generation for p in ordered],
            [p.appointment_at for p in ordered],
            [p.legal_due for p in ordered],
            [p.pledge_due for p in ordered],
            [p.clock for p in ordered],
            [p.is_at_risk for p in ordered],
            [p.is_pledge_missed for p in ordered],
            [p.is_breached for p in ordered],
            [p.is_out_of_sync for p in ordered],
            [p.is_early for p in ordered],
            [p.steps for p in ordered],
        )
        await self._connection.execute(
            """select pg_notify(current_schema() || '_appointments', payload)
               from unnest($1::text[]) as u (payload)""",
            payloads([p.dossier for p in ordered]),
        )

    async def keep_hand_overs(self, waits: Sequence[tuple[str, Wait]]) -> None:
        await self._connection.execute(
            KEEP_HAND_OVERS,
            [dossier for dossier, _ in waits],
            [wait.kind for _, wait in waits],
            [wait.generation for _, wait in waits],
            [wait.agency for _, wait in waits],
            [wait.due_at for _, wait in waits],
            [wait.verdict for _, wait in waits],
            [wait.ended_at for _, wait in waits],
        )

    async def keep_reappointments(self, heard: Sequence[Reappointment]) -> None:
        await self._connection.execute(
            """insert into apologies (dossier, original_at, new_at, reappointed_at)
               select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[],
                   $4::timestamptz[]) as u (dossier, original_at, new_at, reappointed_at)
               order by dossier
               on conflict do nothing""",
            [one.dossier for one in heard],
            [one.original_at for one in heard],
            [one.new_at for one in heard],
            [one.reappointed_at for one in heard],
        )

    async def known(self, codes: Collection[str]) -> set[str]:
        rows = await self._connection.fetch(
            "select code from dossiers where code = any($1)", list(codes)
        )
        return {row["code"] for row in rows}

    async def keep_notices(self, notices: Sequence[tuple[str, str, int, datetime]]) -> None:
        await self._connection.execute(
            """insert into notices (dossier, notice, number, sent_at)
               select * from unnest($1::text[], $2::text[], $3::integer[], $4::timestamptz[])
                   as u (dossier, notice, number, sent_at) order by 1, 2, 3, 4
               on conflict do nothing""",
            [dossier for dossier, _, _, _ in notices],
            [notice for _, notice, _, _ in notices],
            [number for _, _, number, _ in notices],
            [sent_at for _, _, _, sent_at in notices],
        )


class PostgresAppointments:
    """Reads promises on any connection of a pool, for those who wait."""

    def __init__(self, pool: Callable[[], asyncpg.Pool]) -> None:
        self._pool = pool

    async def read(self, codes: Collection[str]) -> dict[str, Promise]:
        """The promises set by now; waits for a database that is away."""
        while True:
            try:
                return await load_promises(self._pool(), codes)
            except Exception as error:
                if not is_transient(error):
                    raise
                await asyncio.sleep(RETRY_SECONDS)


async def load_promises(
    connection: asyncpg.Connection | asyncpg.Pool, codes: Collection[str]
) -> dict[str, Promise]:
    """The promises of `codes` that are set."""
    rows = await connection.fetch(
        """select dossier, generation, appointment_at, legal_due, pledge_due, clock, is_at_risk,
                  is_pledge_missed, is_breached, is_out_of_sync, is_early, steps
           from promises where dossier = any($1)""",
        list(codes),
    )
    return {row["dossier"]: Promise(*row.values()) for row in rows}


async def load_notices(connection: asyncpg.Connection, code: str) -> list[tuple[str, datetime]]:
    """What the citizen of one dossier was sent, in order."""
    rows = await connection.fetch(
        "select notice, sent_at from notices where dossier = $1 order by sent_at, notice, number",
        code,
    )
    return [(row["notice"], row["sent_at"]) for row in rows]


def payloads(codes: Sequence[str]) -> list[str]:
    """What to announce: the codes with spaces between, in parts that NOTIFY takes, or `many`."""
    if len(codes) > NAMED_CODES:
        return [MANY]
    parts = [""]
    for code in codes:
        if len(parts[-1]) + len(code) + 1 > PAYLOAD_BYTES:
            parts.append("")
        parts[-1] = f"{parts[-1]} {code}".strip()
    return parts
