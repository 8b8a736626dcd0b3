"""Agencies in PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from services.feedback.domain.congratulating import Congratulating
from services.feedback.usecases.ports import Agency

COLUMNS = "agency, name, time_zone, congratulating"
NONE = "[]"


class PostgresAgencies:
    """`Agencies` on one connection, within its transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def store(self, agencies: Sequence[Agency]) -> None:
        if not agencies:
            return
        ordered = sorted(agencies, key=lambda agency: agency.code)
        await self._connection.execute(
            """insert into agencies (agency, name, time_zone, congratulating)
               select * from unnest($1::text[], $2::text[], $3::text[], $4::jsonb[])
               on conflict (agency)
                   do update set name = excluded.name, time_zone = excluded.time_zone,
                       congratulating = excluded.congratulating""",
            [agency.code for agency in ordered],
            [agency.name for agency in ordered],
            [agency.time_zone.key for agency in ordered],
            [_as_json(agency.congratulating) for agency in ordered],
        )

    async def find(self, codes: Collection[str]) -> dict[str, Agency]:
        if not codes:
            return {}
        rows = await self._connection.fetch(
            f"select {COLUMNS} from agencies where agency = any($1::text[])",
            list(codes),
        )
        return {row["agency"]: _agency(row) for row in rows}

    async def all(self) -> list[Agency]:
        rows = await self._connection.fetch(f"select {COLUMNS} from agencies order by name, agency")
        return [_agency(row) for row in rows]


def _agency(row: asyncpg.Record) -> Agency:
    pledged = row["congratulating"]
    congratulating = () if pledged == NONE else _from_json(pledged)
    return Agency(row["agency"], row["name"], ZoneInfo(row["time_zone"]), congratulating)


def _as_json(congratulating: Sequence[Congratulating]) -> str:
    found = [
        {"from": one.valid_from, "to": one.valid_to, "procedures": sorted(one.procedures)}
        for one in congratulating
    ]
    return orjson.dumps(found).decode()


def _from_json(text: str) -> tuple[Congratulating, ...]:
    return tuple(
        Congratulating(
            date.fromisoformat(one["from"]),
            None if one["to"] is None else date.fromisoformat(one["to"]),
            frozenset(one["procedures"]),
        )
        for one in orjson.loads(text)
    )
