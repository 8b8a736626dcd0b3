"""Notices in PostgreSQL."""

from collections import Counter
from collections.abc import Sequence

import asyncpg

from services.feedback.usecases.ports import KeptNotice, Text, WrittenNotice
from shared import telemetry


class PostgresNotices:
    """`Notices` on one connection, within its transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def store(self, notices: Sequence[WrittenNotice]) -> None:
        """Raises `asyncpg.UniqueViolationError` for one said before: a defect of ours."""
        if not notices:
            return
        await self._connection.execute(
            """insert into notices
                   (dossier, notice, number, agency, handler, sent_at, written_at, text_vi, text_en)
               select * from unnest(
                   $1::text[], $2::text[], $3::integer[], $4::text[], $5::text[],
                   $6::timestamptz[], $7::timestamptz[], $8::text[], $9::text[])""",
            [written.notice.dossier for written in notices],
            [written.notice.kind.value for written in notices],
            [written.notice.number for written in notices],
            [written.notice.agency for written in notices],
            [written.notice.handler for written in notices],
            [written.notice.sent_at for written in notices],
            [written.written_at for written in notices],
            [written.text.vi for written in notices],
            [written.text.en for written in notices],
        )
        for kind, count in Counter(written.notice.kind.value for written in notices).items():
            telemetry.NOTICES.labels(kind).inc(count)

    async def of(self, dossier: str) -> list[KeptNotice]:
        rows = await self._connection.fetch(
            """select n.*, i.token
               from notices n
               left join invitations i on i.dossier = n.dossier and n.notice = 'thanks'
               where n.dossier = $1
               order by n.sent_at, n.written_at, n.notice, n.number""",
            dossier,
        )
        return [
            KeptNotice(
                dossier=row["dossier"],
                notice=row["notice"],
                number=row["number"],
                agency=row["agency"],
                handler=row["handler"],
                sent_at=row["sent_at"],
                written_at=row["written_at"],
                text=Text(row["text_vi"], row["text_en"]),
                token=row["token"],
            )
            for row in rows
        ]
