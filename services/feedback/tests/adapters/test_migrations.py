"""What earlier versions kept is still there, and still true, after a migration."""

import asyncpg

from services.feedback.adapters.dossiers import PostgresDossiers
from services.feedback.adapters.notices import PostgresNotices
from services.feedback.adapters.reports import PostgresReports
from services.feedback.domain import reports as reporting
from services.feedback.domain.courtesy import Khong
from services.feedback.domain.dossiers import Acceptance, Receipt
from services.feedback.domain.notices import Kind
from services.feedback.domain.reports import Report
from services.feedback.main import MIGRATIONS
from services.feedback.tests.history import CLOSING, CODE, NOW, UNIT, at
from shared.postgres import transaction

EARLIER = (
    "0001_feedback.sql",
    "0002_reports.sql",
    "0003_scores.sql",
    "0005_overall_stars.sql",
    "0006_answers.sql",
)
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
            FIRST, reporting.Kind.FEEDBACK, UNIT, UNIT, (Khong.BUREAUCRACY,), NOW, words="lời kể"
        )
        assert await reports.next_number(UNIT, reporting.Kind.FEEDBACK, NOW.date()) == 8
        assert await reports.next_number(UNIT, reporting.Kind.COMPLAINT, NOW.date()) == 1


async def test_who_was_greeted_before_is_told_of_what_comes_and_not_of_the_acceptance_again(
    pool: asyncpg.Pool,
) -> None:
    async with transaction(pool) as connection:
        tables = [
            line.split()[2]
            for name in EARLIER
            for line in sql(name).splitlines()
            if line.startswith("create table")
        ]
        await connection.execute(f"drop table {', '.join(tables)} cascade")
        for name in EARLIER:
            await connection.execute(sql(name))
        await connection.execute(
            """insert into dossiers values
                   ($1, $2, 2, $2, $3, $4, true, $5, '{greeting}'),
                   ('WAITS', $2, 2, $2, $3, $4, false, null, '{greeting}'),
                   ('CLOCK', null, null, null, null, null, true, $5, '{}')""",
            CODE, UNIT, at(8), at(8, 5), CLOSING,
        )  # fmt: skip
        await connection.execute(
            "insert into notices values ($1, 'greeting', $2, $3, $3, 'vi', 'en')", CODE, UNIT, at(8)
        )
        await connection.execute(sql("0007_every_change_is_told.sql"))
        found = await PostgresDossiers(connection).lock([CODE, "WAITS", "CLOCK"])
        greeted = found[CODE]
        assert greeted.receipt == Receipt(UNIT, at(8))
        assert greeted.acceptance == Acceptance(UNIT, at(8, 5))
        assert (greeted.limits, greeted.appointments) == (1, (CLOSING,))
        assert greeted.told == (Kind.GREETING, Kind.ACCEPTED)
        assert (found["WAITS"].told, found["WAITS"].appointments) == ((Kind.GREETING,), ())
        assert (found["CLOCK"].limits, found["CLOCK"].appointments) == (0, (CLOSING,))
        (kept,) = await PostgresNotices(connection).of(CODE)
        assert (kept.number, kept.handler) == (1, None)
