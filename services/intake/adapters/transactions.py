"""Where intake's transactions begin, and what is done within one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import asyncpg

from services.intake.adapters.answers import PostgresAnswers
from services.intake.adapters.dossiers import PostgresDossiers
from services.intake.adapters.registry import PostgresRegistry
from shared.outbox import Outbox

SOURCE = "thanthien/intake"


class PostgresTransaction:
    """One transaction of one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.registry = PostgresRegistry(connection)
        self.dossiers = PostgresDossiers(connection)
        self.answers = PostgresAnswers(connection)
        self.outbox = Outbox(connection, SOURCE)


class PostgresTransactions:
    """Begins transactions on a pool's connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[PostgresTransaction]:
        async with self._pool.acquire() as connection, connection.transaction():
            # A pool lends its connections behind a proxy, which the stubs do not take for one.
            yield PostgresTransaction(cast("asyncpg.Connection", connection))
