"""Conduct reports in PostgreSQL."""

from datetime import date

import asyncpg

from services.feedback.domain.courtesy import Khong
from services.feedback.domain.reports import ConductReport


class PostgresReports:
    """`Reports` on one connection, within its transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def next_number(self, agency: str, reported_on: date) -> int:
        number: int = await self._connection.fetchval(
            """insert into report_numbers as n (agency, reported_on, last_number)
               values ($1, $2, 1)
               on conflict (agency, reported_on) do update set last_number = n.last_number + 1
               returning last_number""",
            agency,
            reported_on,
        )
        return number

    async def store(self, report: ConductReport, secret_sha256: bytes) -> None:
        await self._connection.execute(
            """insert into reports
                   (report, agency, dossier, against, words, secret_sha256, reported_at)
               values ($1, $2, $3, $4, $5, $6, $7)""",
            report.code,
            report.agency,
            report.dossier,
            [int(khong) for khong in report.against],
            report.words,
            secret_sha256,
            report.reported_at,
        )

    async def find(self, code: str) -> tuple[ConductReport, bytes] | None:
        row = await self._connection.fetchrow("select * from reports where report = $1", code)
        if row is None:
            return None
        report = ConductReport(
            code=row["report"],
            agency=row["agency"],
            against=tuple(Khong(number) for number in row["against"]),
            reported_at=row["reported_at"],
            dossier=row["dossier"],
            words=row["words"],
        )
        return report, row["secret_sha256"]
