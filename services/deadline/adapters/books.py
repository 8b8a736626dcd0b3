"""All of deadline's books on one connection, and transactions over them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from services.deadline.adapters.archive import PostgresArchive
from services.deadline.adapters.clocks import PostgresClocks
from services.deadline.adapters.directories import Memory, PostgresDirectories
from services.deadline.adapters.recomputations import PostgresRecomputations
from services.deadline.usecases.ports import Begin, Books
from shared.outbox import Outbox
from shared.postgres import transaction

SOURCE = "thanthien/deadline"


def books_on(memory: Memory) -> Callable[[asyncpg.Connection], Books]:
    """The books within a connection's transaction, with what this process remembers."""

    def books(connection: asyncpg.Connection) -> Books:
        return Books(
            clocks=PostgresClocks(connection),
            archive=PostgresArchive(connection),
            directories=PostgresDirectories(connection, memory),
            recomputations=PostgresRecomputations(connection),
            outbox=Outbox(connection, SOURCE),
        )

    return books


def begin_on(pool: Callable[[], asyncpg.Pool], memory: Memory) -> Begin:
    """Transactions on a pool's connections; the pool is asked for when it is needed."""
    books = books_on(memory)

    @asynccontextmanager
    async def begin() -> AsyncIterator[Books]:
        async with transaction(pool()) as connection:
            yield books(connection)

    return begin
