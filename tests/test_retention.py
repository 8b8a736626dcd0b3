"""Every table of every service is in its policy: pruned after so long, or kept for a reason."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import asyncpg
import pytest

from deploy.local.postgres import Database
from services.deadline.adapters import retention as deadline
from services.feedback.adapters import retention as feedback
from services.intake.adapters import retention as intake
from shared.pruning import LEAD, Plan
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


@pytest.mark.parametrize("service", PLANS)
async def test_the_command_tells_what_may_go_and_deletes_it(
    database_of: DatabaseOf, service: str
) -> None:
    dsn = (await database_of(service)).dsn(service)
    connection = await asyncpg.connect(dsn)
    await connection.execute("insert into endings values ('A', '2001-01-01'), ('B', now())")

    async def told_by(*options: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"services.{service}", "prune", *options),
            env={**os.environ, "DATABASE_URL": dsn, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"},
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await process.communicate()
        return process.returncode, told.decode()

    async def pruned(*options: str) -> tuple[int | None, Any]:
        code, told = await told_by("--json", *options)
        return code, json.loads(told)

    code, told = await pruned("--dry-run")
    assert (code, told["prunable"]["endings"]) == (0, 1)
    await connection.execute(LEAD)
    code, told = await pruned()
    assert (code, told) == (1, {"error": "another process prunes this schema"})
    await connection.execute("select pg_advisory_unlock_all()")
    code, told = await pruned()
    assert (code, told["forgotten"], told["is_complete"]) == (0, 1, True)
    assert told["removed"]["heard"] == 0
    kept = "select subject from endings where forgotten_at is null"
    assert await connection.fetchval(kept) == "B"
    code, words = await told_by()
    assert (code, f"{service}: 0 subjects forgotten, 0 put off" in words) == (0, True)
    await connection.close()


def test_a_rating_link_outlives_no_policy() -> None:
    with pytest.raises(PolicyError, match="RATING_DAYS"):
        feedback.plan(rating_days=701)
