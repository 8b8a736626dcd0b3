"""Personal data and free text are intake's alone."""

import asyncpg
import pytest

from deploy.local.postgres import Database
from services.intake.tests.town import Town


@pytest.mark.parametrize(
    "query",
    [
        "select name from intake.applicants",
        "select answer from intake.answers",
        "select documents from intake.dossiers",
        "select reason from intake.moves",
        "select additions from intake.pledges",
        "select contact from intake.moves",
        "select reason from intake.apologies",
        "select signer from intake.apologies",
    ],
)
async def test_the_ledger_reads_no_personal_data_and_no_free_text(
    town: Town, database: Database, query: str
) -> None:
    await town.code()
    connection = await asyncpg.connect(database.dsn("ledger"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(query)
        assert await connection.fetchval("select count(*) from intake.moves") == 2
        assert await connection.fetchval("select state from intake.dossiers") == "accepted"
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["deadline", "feedback"])
async def test_other_services_reach_nothing_of_intake(database: Database, role: str) -> None:
    connection = await asyncpg.connect(database.dsn(role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select code from intake.dossiers")
    finally:
        await connection.close()
