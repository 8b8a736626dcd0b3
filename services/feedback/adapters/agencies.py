"""Agencies in PostgreSQL."""

from collections.abc import Collection, Sequence
from zoneinfo import ZoneInfo

import asyncpg

from services.feedback.usecases.ports import Agency


class PostgresAgencies:
    """`Agencies` on one connection, within its transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def store(self, agencies: Sequence[Agency]) -> None:
        if not agencies:
            return
        ordered = sorted(agencies, key=lambda agency: agency.code)
        await self._connection.execute(
            """insert into agencies (agency, name, time_zone)
               select * from unnest($1::text[], $2::text[], $3::text[])
               on conflict (agency)
                   do update set name = excluded.name, time_zone = excluded.time_zone""",
            [agency.code for agency in ordered],
            [agency.name for agency in ordered],
            [agency.time_zone.key for agency in ordered],
        )

    async def find(self, codes: Collection[str]) -> dict[str, Agency]:
        if not codes:
            return {}
        rows = await self._connection.fetch(
            "select agency, name, time_zone from agencies where agency = any($1::text[])",
            list(codes),
        )
        return {row["agency"]: _agency(row) for row in rows}

    async def all(self) -> list[Agency]:
        rows = await self._connection.fetch(
            "select agency, name, time_zone from agencies order by name, agency"
        )
        return [_agency(row) for row in rows]


def _agency(row: asyncpg.Record) -> Agency:
    return Agency(row["agency"], row["name"], ZoneInfo(row["time_zone"]))
