"""Where intake's transactions begin, and what is done within one."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from services.intake.adapters.answers import PostgresAnswers
from services.intake.adapters.dossiers import PostgresDossiers
from services.intake.adapters.registry import PostgresRegistry
from services.intake.adapters.slips import PostgresSlips
from shared.outbox import Outbox
from shared.postgres import transaction

SOURCE = "thanthien/intake"


class PostgresTransaction:
    """One transaction of one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.registry = PostgresRegistry(connection)
        self.dossiers = PostgresDossiers(connection)
        self.slips = PostgresSlips(connection)
        self.answers = PostgresAnswers(connection)
        self.outbox = Outbox(connection, SOURCE)


class PostgresTransactions:
    """Begins transactions on the connections of a pool, which need not be open yet."""

    def __init__(self, pool: Callable[[], asyncpg.Pool]) -> None:
        self._pool = pool

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[PostgresTransaction]:
        async with transaction(self._pool()) as connection:
            yield PostgresTransaction(connection)
