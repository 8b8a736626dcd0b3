"""`python -m services.intake deliveries`, and the settings of delivery."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import pytest
import typer
from pydantic import ValidationError
from typer.testing import CliRunner, Result

from deploy.local.postgres import Database
from services.intake.adapters.deliveries import PostgresDeliveries
from services.intake.entrypoints.delivery_commands import add_delivery_commands
from services.intake.settings import Settings
from services.intake.usecases.delivery_ports import Deliveries
from shared.postgres import open_pool
from shared.settings import settings_in_words

NOW = datetime(2026, 11, 13, 2, 0, tzinfo=UTC)

Ask = Callable[..., Result]


@pytest.fixture
async def asked(database: Database, pool: asyncpg.Pool) -> Ask:
    """Runs the command in a thread: it has a loop of its own."""
    await pool.executemany(
        """insert into deliveries (dossier, notice, state, attempts, next_attempt_at, reason, settled_at)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        [
            ("A", "greeting", "failed", 12, NOW, "Smtp 451", NOW),
            ("A", "thanks", "delivered", 1, NOW, None, NOW),
            ("B", "greeting", "undeliverable", 1, NOW, "NoAddress", NOW),
            ("C", "greeting", "pending", 0, NOW, None, None),
        ],
    )

    @asynccontextmanager
    async def opened() -> AsyncIterator[Deliveries]:
        own = await open_pool(database.dsn("intake"))
        yield PostgresDeliveries(lambda: own)
        await own.close()

    app = typer.Typer()

    @app.command("other")
    def _other() -> None:
        """So that `deliveries` is a command among others."""

    add_delivery_commands(app, opened, lambda: NOW)

    def ask(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["deliveries", *arguments])

    return ask


async def run(asked: Ask, *arguments: str) -> Result:
    return await asyncio.to_thread(asked, *arguments)


async def test_failures_are_listed_with_their_reason(asked: Ask) -> None:
    told = await run(asked, "--failed", "--json")
    assert told.exit_code == 0, told.output
    found = {(one["dossier"], one["state"], one["reason"]) for one in json.loads(told.stdout)}
    assert found == {("A", "failed", "Smtp 451"), ("B", "undeliverable", "NoAddress")}
    every = json.loads((await run(asked, "--json")).stdout)
    assert every[0]["state"] == "pending"
    assert len(every) == 4


async def test_people_get_a_table(asked: Ask) -> None:
    assert "failed" in (await run(asked, "--failed")).stdout


async def test_one_dossier_or_all_are_put_back(asked: Ask, pool: asyncpg.Pool) -> None:
    assert (await run(asked, "retry", "A")).stdout == "1 to be tried again\n"
    states = await pool.fetch("select state, attempts from deliveries order by dossier, notice")
    assert [tuple(row) for row in states] == [
        ("pending", 0),
        ("delivered", 1),
        ("undeliverable", 1),
        ("pending", 0),
    ]
    assert (await run(asked, "retry", "--all")).exit_code == 0
    assert (await run(asked, "retry", "--all")).exit_code == 1
    assert (await run(asked, "retry")).exit_code == 2
    assert (await run(asked, "retry", "A", "--all")).exit_code == 2


@pytest.mark.parametrize(
    ("channel", "missing"),
    [
        ("file", {"NOTICES_URL", "NOTICES_TOKEN_FILE", "DELIVERY_DIRECTORY"}),
        ("smtp", {"NOTICES_URL", "NOTICES_TOKEN_FILE", "SMTP_HOST", "SMTP_FROM"}),
        ("webhook", {"NOTICES_URL", "NOTICES_TOKEN_FILE", "WEBHOOK_URL", "WEBHOOK_SECRET_FILE"}),
    ],
)
def test_a_channel_without_what_it_needs_is_refused_by_name(
    channel: str, missing: set[str]
) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(
            database_url="postgresql://intake:quiet-word@127.0.0.1:5432/thanthien",
            kafka_bootstrap_servers="127.0.0.1:9092",
            delivery_channel=channel,
        )
    words = settings_in_words(refused.value, Settings)
    assert {line.partition(":")[0] for line in words.splitlines()} == missing
    assert f"DELIVERY_CHANNEL={channel} needs it" in words
    assert "quiet-word" not in words


def test_without_a_channel_nothing_is_needed() -> None:
    found = Settings(
        database_url="postgresql://x:y@127.0.0.1:5432/z",
        kafka_bootstrap_servers="127.0.0.1:9092",
        notices_url="",
    )
    assert (found.delivery_channel, found.delivery_directory) == ("", None)
