"""How far dossiers have come, as PostgreSQL has them at one moment."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import asyncpg

from services.intake.domain.reconciliation import Standing


class PostgresStandings:
    """`Standings` on one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def of_agency(self, agency: str | None) -> list[Standing]:
        rows = await self._connection.fetch(
            """select code, status from dossiers
               where $1::text is null or receiving_agency = $1 or agency = $1""",
            agency,
        )
        return [Standing(row["code"], row["status"]) for row in rows]

    async def of_codes(self, codes: Collection[str]) -> list[Standing]:
        rows = await self._connection.fetch(
            "select code, status from dossiers where code = any($1::text[])", list(codes)
        )
        return [Standing(row["code"], row["status"]) for row in rows]


@asynccontextmanager
async def open_standings(dsn: str) -> AsyncIterator[PostgresStandings]:
    """One moment's dossiers, without a pool: both readings see the same."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield PostgresStandings(connection)
    finally:
        await connection.close()
