"""The ledger proves what pruning leaves behind."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.local.ledger.audit import audit
from deploy.local.ledger.report import as_json
from deploy.local.stack import DATABASE
from deploy.local.tests.ledger_world import NUMBERS, World, blamed
from shared.pruning import prune
from tests.test_retention import PLANS

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]


@pytest.fixture
async def pruned(world: World) -> AsyncIterator[str]:
    """A copy of the database in which everything that ended is older than any policy keeps, and was pruned."""
    name = f"pruned_{next(NUMBERS)}"
    await world.postgres.clone_database(DATABASE, name)
    for service, (_, plan) in PLANS.items():
        connection = await asyncpg.connect(world.postgres.dsn(name, service))
        await connection.execute("update endings set ended_at = now() - interval '3 years'")
        assert (await prune(connection, plan(), seconds=60)).forgotten > 20
        await connection.close()
    yield name
    await world.postgres.drop_database(name)


async def test_it_balances_after_pruning_too(world: World, pruned: str) -> None:
    verdict = await audit(world.postgres.dsn(pruned, "ledger"), world.kafka)
    assert verdict.balances, as_json(verdict)


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (
            "delete from deadline.archived_clocks where kind = 'dossier'",
            "every accepted dossier and report has one clock, and what waits besides its own",
        ),
        ("update deadline.archived_clocks set alarms = alarms + 1", "every alarm rang once"),
        ("update deadline.endings set forgotten_at = null", "deadline heard all that intake said of dossiers"),
        ("update feedback.endings set forgotten_at = null", "every notice was sent once"),
    ],
)  # fmt: skip
async def test_what_pruning_leaves_is_still_proven(
    world: World, pruned: str, sql: str, sentence: str
) -> None:
    connection = await asyncpg.connect(world.postgres.dsn(pruned, "postgres"))
    await connection.execute(sql)
    await connection.close()
    assert sentence in blamed(await audit(world.postgres.dsn(pruned, "ledger"), world.kafka))
