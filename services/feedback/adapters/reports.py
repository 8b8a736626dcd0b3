"""Reports, their steps and their attachments in PostgreSQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import asyncpg

from services.feedback.domain.attachments import Attachment, MediaType
from services.feedback.domain.courtesy import Khong
from services.feedback.domain.report_steps import Step, Verdict
from services.feedback.domain.reports import Kind, Report
from services.feedback.usecases.ports import Doer, Handled, TakenStep

# All of a report but its words, its dossier and its secret: what the reported unit may be told.
UNIT_COLUMNS = "report, kind, agency, handler, against, reported_at, state, verdict, moved_at"

# Codes sort by kind, agency, day and number, so the page's last code is the whole cursor. A cursor
# is only compared: a code nobody has leads to the same page as one that exists.
OF_UNIT = f"""
select {UNIT_COLUMNS} from reports
where agency = $1 and kind <> 'denunciation' and ($2::text is null or report < $2)
order by report desc limit $3
"""
OF_HANDLER = f"""
select {UNIT_COLUMNS} from reports
where ($1::text is null or handler = $1) and ($2::text is null or agency <> $2)
  and ($3::text is null or kind = $3) and ($4::text is null or report < $4)
order by report desc limit $5
"""
FIND = """
select r.*,
       exists (select from sealed_identities i where i.report = r.report) as is_named,
       (select count(*) from report_attachments a where a.report = r.report) as attachments
from reports r where r.report = $1
"""


@contextmanager
def without_details() -> Iterator[None]:
    """PostgreSQL quotes the row it refuses; what it says goes to the log, so the quote is dropped."""
    try:
        yield
    except asyncpg.PostgresError as error:
        error.detail = None
        raise


class PostgresReports:
    """`Reports` on one connection, within its transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def next_number(self, agency: str, kind: Kind, reported_on: date) -> int:
        number: int = await self._connection.fetchval(
            """insert into report_numbers as n (agency, kind, reported_on, last_number)
               values ($1, $2, $3, 1)
               on conflict (agency, kind, reported_on)
                   do update set last_number = n.last_number + 1
               returning last_number""",
            agency,
            kind.value,
            reported_on,
        )
        return number

    async def store(self, report: Report, secret_sha256: bytes) -> None:
        with without_details():
            await self._connection.execute(
                """insert into reports (report, kind, agency, handler, dossier, against, words,
                                        secret_sha256, reported_at, state)
                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
                report.code,
                report.kind.value,
                report.agency,
                report.handler,
                report.dossier,
                [int(khong) for khong in report.against],
                report.words,
                secret_sha256,
                report.reported_at,
                report.state,
            )

    async def find(self, code: str, *, locked: bool = False) -> tuple[Report, bytes] | None:
        row = await self._connection.fetchrow(FIND + (" for update of r" if locked else ""), code)
        if row is None:
            return None
        report = _report(
            row,
            dossier=row["dossier"],
            words=row["words"],
            is_named=row["is_named"],
            attachments=row["attachments"],
        )
        return report, row["secret_sha256"]

    async def of_unit(self, agency: str, after: str | None, limit: int) -> list[Report]:
        return [_report(row) for row in await self._connection.fetch(OF_UNIT, agency, after, limit)]

    async def of_handler(self, asked: Handled, after: str | None, limit: int) -> list[Report]:
        rows = await self._connection.fetch(
            OF_HANDLER,
            asked.handler,
            asked.not_about,
            None if asked.kind is None else asked.kind.value,
            after,
            limit,
        )
        return [_report(row) for row in rows]

    async def take(self, report: Report, step: TakenStep) -> None:
        with without_details():
            await self._connection.execute(
                """insert into report_steps
                       (report, number, step, words, verdict, taken_by, role, taken_at)
                   select $1, count(*) + 1, $2, $3, $4, $5, $6, $7
                   from report_steps where report = $1""",
                report.code,
                step.step.value,
                step.words,
                step.verdict,
                step.by.subject,
                step.by.role,
                step.taken_at,
            )
            await self._connection.execute(
                """update reports set state = $2, verdict = coalesce($3, verdict), moved_at = $4
                   where report = $1""",
                report.code,
                step.step.value,
                step.verdict,
                step.taken_at,
            )

    async def steps(self, code: str) -> list[TakenStep]:
        rows = await self._connection.fetch(
            "select * from report_steps where report = $1 order by number", code
        )
        return [
            TakenStep(
                step=Step(row["step"]),
                words=row["words"],
                verdict=_verdict(row),
                by=Doer(row["taken_by"], row["role"]),
                taken_at=row["taken_at"],
            )
            for row in rows
        ]

    async def attach(self, code: str, attachments: Sequence[Attachment]) -> None:
        with without_details():
            await self._connection.executemany(
                """insert into report_attachments (report, number, media_type, content)
                   values ($1, $2, $3, $4)""",
                [
                    (code, number, one.media_type.value, one.content)
                    for number, one in enumerate(attachments, start=1)
                ],
            )

    async def attachment(self, code: str, number: int) -> Attachment | None:
        row = await self._connection.fetchrow(
            "select media_type, content from report_attachments where report = $1 and number = $2",
            code,
            number,
        )
        return None if row is None else Attachment(MediaType(row["media_type"]), row["content"])


def _report(
    row: asyncpg.Record,
    *,
    dossier: str | None = None,
    words: str = "",
    is_named: bool = False,
    attachments: int = 0,
) -> Report:
    return Report(
        code=row["report"],
        kind=Kind(row["kind"]),
        agency=row["agency"],
        handler=row["handler"],
        against=tuple(Khong(number) for number in row["against"]),
        reported_at=row["reported_at"],
        dossier=dossier,
        words=words,
        is_named=is_named,
        attachments=attachments,
        state=row["state"],
        verdict=_verdict(row),
        moved_at=row["moved_at"],
    )


def _verdict(row: asyncpg.Record) -> Verdict | None:
    return None if row["verdict"] is None else Verdict(row["verdict"])
