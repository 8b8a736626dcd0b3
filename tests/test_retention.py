"""Every table of every service is in its policy: pruned after so long, or kept for a reason."""

import re
from collections.abc import Awaitable, Callable
from types import ModuleType

import asyncpg
import pytest

from deploy.local.postgres import Database
from services.deadline.adapters import retention as deadline
from services.feedback.adapters import retention as feedback
from services.intake.adapters import retention as intake
from shared.pruning import Plan
from shared.retention import PolicyError

DatabaseOf = Callable[..., Awaitable[Database]]

PLANS: dict[str, tuple[ModuleType, Callable[[], Plan]]] = {
    "intake": (intake, intake.plan),
    "deadline": (deadline, deadline.plan),
    "feedback": (feedback, lambda: feedback.plan(30)),
}


@pytest.mark.parametrize("service", PLANS)
async def test_every_table_is_pruned_or_kept_for_a_reason(
    database_of: DatabaseOf, service: str
) -> None:
    database = await database_of(service)
    connection = await asyncpg.connect(database.dsn(service))
    try:
        found = await connection.fetch(
            "select tablename from pg_tables where schemaname = current_schema()"
        )
    finally:
        await connection.close()
    policy = PLANS[service][1]().policy
    pruned = {table for term in policy.pruned.values() for table in term.tables}
    assert pruned | policy.kept.keys() == {row[0] for row in found}


@pytest.mark.parametrize("service", PLANS)
def test_what_is_deleted_is_what_the_policy_says(service: str) -> None:
    plan = PLANS[service][1]()
    deleted: dict[str, set[str]] = {"ended": {"heard"}}
    for table, statement in plan.deletions:
        assert re.match(rf"delete from {table} where \w+ = any\(\$1::text\[\]\)", statement)
        deleted["ended"].add(table)
    for sweep in plan.every_age:
        deleted.setdefault(sweep.term, set()).add(sweep.table)
    assert deleted == {name: set(term.tables) for name, term in plan.policy.pruned.items()}


def test_a_rating_link_outlives_no_policy() -> None:
    with pytest.raises(PolicyError, match="RATING_DAYS"):
        feedback.plan(rating_days=701)
