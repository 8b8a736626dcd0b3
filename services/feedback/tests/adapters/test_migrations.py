"""What earlier versions kept is still there, and still true, after a migration."""

import asyncpg

from services.feedback.adapters.reports import PostgresReports
from services.feedback.domain.courtesy import Khong
from services.feedback.domain.reports import Kind, Report
from services.feedback.main import MIGRATIONS
from services.feedback.tests.history import NOW, UNIT
from shared.postgres import transaction

FIRST = "PA-H10-01-20261113-0007"


def sql(name: str) -> str:
    return (MIGRATIONS / name).read_text(encoding="utf-8")


async def test_reports_of_before_become_feedback_handled_by_their_own_agency(
    pool: asyncpg.Pool,
) -> None:
    async with transaction(pool) as connection:
        mine = "select tablename from pg_tables where schemaname = 'feedback'"
        first = [
            line.split()[2]
            for line in sql("0001_feedback.sql").splitlines()
            if line.startswith("create table")
        ]
        second = [
            line.split()[2]
            for line in sql("0002_reports.sql").splitlines()
            if line.startswith("create table")
        ]
        assert {row["tablename"] for row in await connection.fetch(mine)} >= {*first, *second}
        await connection.execute(f"drop table {', '.join([*second, *first])}")
        await connection.execute(sql("0001_feedback.sql"))
        await connection.execute("insert into agencies values ($1, 'A', 'UTC')", UNIT)
        await connection.execute(
            "insert into reports values ($1, $2, null, '{2}', 'lời kể', '\\x00', $3)",
            FIRST,
            UNIT,
            NOW,
        )
        await connection.execute("insert into report_numbers values ($1, $2, 7)", UNIT, NOW.date())
        await connection.execute(sql("0002_reports.sql"))
        reports = PostgresReports(connection)
        found = await reports.find(FIRST)
        assert found is not None
        assert found[0] == Report(
            FIRST, Kind.FEEDBACK, UNIT, UNIT, (Khong.BUREAUCRACY,), NOW, words="lời kể"
        )
        assert await reports.next_number(UNIT, Kind.FEEDBACK, NOW.date()) == 8
        assert await reports.next_number(UNIT, Kind.COMPLAINT, NOW.date()) == 1
