"""Answers given under Idempotency-Keys, in PostgreSQL."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from services.intake.usecases.ports import Answer, Key, TakenMeanwhileError


class PostgresAnswers:
    """Answers within the transaction of one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def find(self, keys: Collection[Key]) -> dict[tuple[str, str], Answer]:
        rows = await self._connection.fetch(
            """select caller, key, fingerprint, answer
               from unnest($1::text[], $2::text[]) as u (caller, key)
               join answers using (caller, key)""",
            [key.caller for key in keys],
            [key.key for key in keys],
        )
        return {
            (row["caller"], row["key"]): Answer(row["fingerprint"], orjson.loads(row["answer"]))
            for row in rows
        }

    async def keep(self, answers: Mapping[Key, Mapping[str, Any]], at: datetime) -> None:
        ordered = sorted(answers.items(), key=lambda item: (item[0].caller, item[0].key))
        try:
            await self._connection.execute(
                """insert into answers (caller, key, fingerprint, answer, answered_at)
                   select caller, key, fingerprint, answer, $5
                   from unnest($1::text[], $2::text[], $3::bytea[], $4::jsonb[])
                       as u (caller, key, fingerprint, answer)""",
                [key.caller for key, _ in ordered],
                [key.key for key, _ in ordered],
                [key.fingerprint for key, _ in ordered],
                [orjson.dumps(answer).decode() for _, answer in ordered],
                at,
            )
        except asyncpg.UniqueViolationError as error:
            raise TakenMeanwhileError("an Idempotency-Key") from error
