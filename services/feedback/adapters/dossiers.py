"""What feedback knows of dossiers, in PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg
import orjson

from services.feedback.domain.dossiers import Acceptance, Dossier, Receipt, Waiting
from services.feedback.domain.notices import Kind

# Both statements take their rows in the order of the codes, so that two batches cannot deadlock.
BEGIN = """
insert into dossiers (dossier)
select code from unnest($1::text[]) as code order by code
on conflict (dossier) do nothing
"""
LOCK = "select * from dossiers where dossier = any($1::text[]) order by dossier for update"

# unnest would flatten an array of arrays, so each row's lists travel as one text.
STORE = """
update dossiers d
set agency = u.agency, status = u.status, received_by = u.received_by,
    received_at = u.received_at, procedure = u.procedure, accepted_by = u.accepted_by,
    accepted_at = u.accepted_at, accepted_handler = u.accepted_handler, limits = u.limits,
    appointments = u.appointments::timestamptz[], moved_to = u.moved_to,
    told = case when u.told = '' then '{}' else string_to_array(u.told, ' ') end,
    waiting = u.waiting::jsonb
from unnest(
    $1::text[], $2::text[], $3::smallint[], $4::text[], $5::timestamptz[], $6::text[], $7::text[],
    $8::timestamptz[], $9::text[], $10::smallint[], $11::text[], $12::timestamptz[], $13::text[],
    $14::text[]
) as u (
    dossier, agency, status, received_by, received_at, procedure, accepted_by, accepted_at,
    accepted_handler, limits, appointments, moved_to, told, waiting
)
where d.dossier = u.dossier
"""


class PostgresDossiers:
    """`Dossiers` on one connection, within its transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def lock(self, codes: Collection[str]) -> dict[str, Dossier]:
        if not codes:
            return {}
        wanted = list(codes)
        await self._connection.execute(BEGIN, wanted)
        return {row["dossier"]: _dossier(row) for row in await self._connection.fetch(LOCK, wanted)}

    async def store(self, dossiers: Sequence[Dossier]) -> None:
        if not dossiers:
            return
        receipts = [dossier.receipt for dossier in dossiers]
        acceptances = [dossier.acceptance for dossier in dossiers]
        await self._connection.execute(
            STORE,
            [dossier.code for dossier in dossiers],
            [dossier.agency for dossier in dossiers],
            [dossier.status for dossier in dossiers],
            [receipt and receipt.agency for receipt in receipts],
            [receipt and receipt.received_at for receipt in receipts],
            [receipt and receipt.procedure for receipt in receipts],
            [acceptance and acceptance.agency for acceptance in acceptances],
            [acceptance and acceptance.accepted_at for acceptance in acceptances],
            [acceptance and acceptance.handler for acceptance in acceptances],
            [dossier.limits for dossier in dossiers],
            [_instants(dossier.appointments) for dossier in dossiers],
            [dossier.moved_to for dossier in dossiers],
            [" ".join(dossier.told) for dossier in dossiers],
            [_as_json(dossier.waiting) for dossier in dossiers],
        )

    async def find(self, code: str) -> Dossier | None:
        row = await self._connection.fetchrow("select * from dossiers where dossier = $1", code)
        return None if row is None else _dossier(row)


def _dossier(row: asyncpg.Record) -> Dossier:
    receipt = acceptance = None
    if row["received_at"] is not None:
        receipt = Receipt(row["received_by"], row["received_at"], row["procedure"])
    if row["accepted_at"] is not None:
        acceptance = Acceptance(row["accepted_by"], row["accepted_at"], row["accepted_handler"])
    return Dossier(
        code=row["dossier"],
        agency=row["agency"],
        status=row["status"],
        receipt=receipt,
        acceptance=acceptance,
        limits=row["limits"],
        appointments=tuple(row["appointments"]),
        moved_to=row["moved_to"],
        told=tuple(Kind(told) for told in row["told"]),
        waiting=() if row["waiting"] is None else _from_json(row["waiting"]),
    )


def _instants(appointments: Sequence[datetime | None]) -> str:
    """As PostgreSQL writes an array."""
    found = ("null" if at is None else f'"{at.isoformat()}"' for at in appointments)
    return f"{{{','.join(found)}}}"


def _as_json(waiting: Sequence[Waiting]) -> str | None:
    return orjson.dumps(waiting).decode() if waiting else None


def _from_json(text: str) -> tuple[Waiting, ...]:
    return tuple(
        Waiting(
            Kind(one["kind"]),
            one["number"],
            one["agency"],
            datetime.fromisoformat(one["at"]),
            one["limit"],
            one["handler"],
        )
        for one in orjson.loads(text)
    )
