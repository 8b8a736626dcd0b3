"""`replay`, told what it cannot do: the option, its value and the rule are named, and nothing is touched."""

from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest
import typer
from typer.testing import CliRunner

from deploy.local.postgres import Database
from shared.inbox import Apply
from shared.postgres import PLUMBING, migrate
from shared.replaying import sibling
from shared.replaying.command import OPERATOR, add_replay_command
from shared.replaying.plan import Plan, ReplayError
from shared.settings import ServiceSettings

OWN = Path(__file__).parents[2] / "services" / "deadline" / "migrations"


async def never(connection: asyncpg.Connection, live: str) -> Apply:
    raise AssertionError("nothing is to be heard")


def told(*words: str, environment: Mapping[str, str]) -> tuple[int, str]:
    app = typer.Typer()
    settings = ServiceSettings(
        database_url="postgresql://deadline:x@127.0.0.1:1/none",
        kafka_bootstrap_servers="127.0.0.1:1",
    )
    plan = Plan("deadline", OWN, (), "", "", frozenset(), (), never)
    add_replay_command(app, plan, lambda: settings)
    answer = CliRunner(env={OPERATOR: "", **environment, "COLUMNS": "300"}).invoke(app, words)
    return answer.exit_code, answer.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "yesterday"), "'yesterday': `beginning` or an instant"),
        (("--from", "2026-08-21T00:00:00"), "it has no offset"),
        (("--from", "beginning", "--into", "Public; drop"), "a name of a-z, 0-9 and _"),
        (("--from", "beginning", "--into", "deadline"), "not 'deadline'"),
    ],
)
def test_a_wrong_option_is_named_with_its_value_and_rule(words: tuple[str, ...], says: str) -> None:
    address = {OPERATOR: "postgresql://replayer:x@127.0.0.1:1/none"}
    code, output = told(*words, environment=address)
    assert (code, says in output) == (2, True), output


def test_without_an_operators_address_it_is_asked_for_with_an_example() -> None:
    code, output = told("--from", "beginning", environment={})
    assert (code, "OPERATOR_DATABASE_URL is asked: postgresql://ROLE" in output) == (2, True), (
        output
    )


async def test_a_role_that_may_not_make_a_schema_is_told_what_it_lacks(database: Database) -> None:
    await migrate(database.dsn("deadline"), [PLUMBING])
    with pytest.raises(ReplayError, match=r"OPERATOR_DATABASE_URL asks for a role"):
        await sibling.make(database.dsn("deadline"), "deadline", "anew", Path("/nowhere"))


async def test_a_schema_that_no_replay_made_is_left_alone(database: Database) -> None:
    await migrate(database.dsn("deadline"), [PLUMBING])
    with pytest.raises(ReplayError, match="schema intake is there and no replay made it"):
        await sibling.make(database.admin_dsn, "deadline", "intake", Path("/nowhere"))


async def test_a_schema_of_another_version_is_not_compared_with(database: Database) -> None:
    await migrate(database.dsn("deadline"), [PLUMBING])
    with pytest.raises(ReplayError, match="schema deadline is not of this version"):
        await sibling.make(database.admin_dsn, "deadline", "anew", OWN)
