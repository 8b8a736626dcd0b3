"""All of feedback's books on one connection, and transactions over them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from services.feedback.adapters.agencies import PostgresAgencies
from services.feedback.adapters.dossiers import PostgresDossiers
from services.feedback.adapters.identities import PostgresIdentities
from services.feedback.adapters.notices import PostgresNotices
from services.feedback.adapters.ratings import PostgresRatings
from services.feedback.adapters.reports import PostgresReports
from services.feedback.adapters.score_rules import read_score_rules
from services.feedback.adapters.scores import PostgresScores
from services.feedback.usecases.ports import Begin, Books
from shared.outbox import Outbox
from shared.postgres import transaction

SOURCE = "thanthien/feedback"


def books_on(connection: asyncpg.Connection) -> Books:
    """The books within the connection's transaction."""
    return Books(
        agencies=PostgresAgencies(connection),
        dossiers=PostgresDossiers(connection),
        notices=PostgresNotices(connection),
        ratings=PostgresRatings(connection),
        reports=PostgresReports(connection),
        identities=PostgresIdentities(connection),
        scores=PostgresScores(connection),
        score_rules=read_score_rules(),
        outbox=Outbox(connection, SOURCE),
    )


def begin_on(pool: asyncpg.Pool) -> Begin:
    """Transactions on the pool's connections."""

    @asynccontextmanager
    async def begin() -> AsyncIterator[Books]:
        async with transaction(pool) as connection:
            yield books_on(connection)

    return begin
