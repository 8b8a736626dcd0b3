"""What feedback knows of dossiers, in PostgreSQL."""

from collections.abc import Collection, Sequence

import asyncpg

from services.feedback.domain.courtesy import Xin
from services.feedback.domain.dossiers import Acceptance, Dossier

# Both statements take their rows in the order of the codes, so that two batches cannot deadlock.
BEGIN = """
insert into dossiers (dossier)
select code from unnest($1::text[]) as code order by code
on conflict (dossier) do nothing
"""
LOCK = "select * from dossiers where dossier = any($1::text[]) order by dossier for update"

STORE = """
update dossiers d
set agency = u.agency, status = u.status, accepted_by = u.accepted_by,
    received_at = u.received_at, accepted_at = u.accepted_at,
    is_appointment_known = u.is_appointment_known, appointment_at = u.appointment_at,
    told = case when u.told = '' then '{}' else string_to_array(u.told, ' ') end
from unnest(
    $1::text[], $2::text[], $3::smallint[], $4::text[], $5::timestamptz[], $6::timestamptz[],
    $7::boolean[], $8::timestamptz[], $9::text[]
) as u (
    dossier, agency, status, accepted_by, received_at, accepted_at,
    is_appointment_known, appointment_at, told
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
        acceptances = [dossier.acceptance for dossier in dossiers]
        await self._connection.execute(
            STORE,
            [dossier.code for dossier in dossiers],
            [dossier.agency for dossier in dossiers],
            [dossier.status for dossier in dossiers],
            [acceptance and acceptance.agency for acceptance in acceptances],
            [acceptance and acceptance.received_at for acceptance in acceptances],
            [acceptance and acceptance.accepted_at for acceptance in acceptances],
            [dossier.is_appointment_known for dossier in dossiers],
            [dossier.appointment_at for dossier in dossiers],
            # unnest would flatten an array of arrays, so each row's courtesies travel as one text.
            [" ".join(sorted(dossier.told)) for dossier in dossiers],
        )

    async def find(self, code: str) -> Dossier | None:
        row = await self._connection.fetchrow("select * from dossiers where dossier = $1", code)
        return None if row is None else _dossier(row)


def _dossier(row: asyncpg.Record) -> Dossier:
    acceptance = None
    if row["accepted_at"] is not None:
        acceptance = Acceptance(row["accepted_by"], row["received_at"], row["accepted_at"])
    return Dossier(
        code=row["dossier"],
        agency=row["agency"],
        status=row["status"],
        acceptance=acceptance,
        is_appointment_known=row["is_appointment_known"],
        appointment_at=row["appointment_at"],
        told=frozenset(Xin(told) for told in row["told"]),
    )
