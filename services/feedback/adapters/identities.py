"""Sealed identities and who opened them, in PostgreSQL."""

import asyncpg

from services.feedback.adapters.reports import without_details
from services.feedback.usecases.ports import Doer, Opening, Sealed


class PostgresIdentities:
    """`Identities` on one connection, within its transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def store(self, code: str, sealed: Sealed) -> None:
        with without_details():
            await self._connection.execute(
                "insert into sealed_identities (report, key_id, sealed) values ($1, $2, $3)",
                code,
                sealed.key_id,
                sealed.text,
            )

    async def find(self, code: str) -> Sealed | None:
        row = await self._connection.fetchrow(
            "select key_id, sealed from sealed_identities where report = $1", code
        )
        return None if row is None else Sealed(row["key_id"], row["sealed"])

    async def log(self, code: str, opening: Opening) -> None:
        with without_details():
            await self._connection.execute(
                """insert into openings (report, number, what, opened_by, role, reason, opened_at)
                   select $1, count(*) + 1, $2, $3, $4, $5, $6 from openings where report = $1""",
                code,
                opening.what,
                opening.by.subject,
                opening.by.role,
                opening.reason,
                opening.opened_at,
            )

    async def openings(self, code: str) -> list[Opening]:
        rows = await self._connection.fetch(
            "select * from openings where report = $1 order by number", code
        )
        return [
            Opening(
                what=row["what"],
                by=Doer(row["opened_by"], row["role"]),
                reason=row["reason"],
                opened_at=row["opened_at"],
            )
            for row in rows
        ]

    async def key_ids(self) -> frozenset[str]:
        rows = await self._connection.fetch("select distinct key_id from sealed_identities")
        return frozenset(row["key_id"] for row in rows)
