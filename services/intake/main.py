"""Intake, wired: the only module that knows its settings and all its parts."""

import random
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import typer
from fastapi import FastAPI

from services.intake.adapters.channels.file_outbox import FileOutbox
from services.intake.adapters.channels.smtp import Mail, MailServer
from services.intake.adapters.channels.webhook import Webhook, key_of
from services.intake.adapters.deliveries import PostgresDeliveries, PostgresQueue
from services.intake.adapters.promises import PostgresAppointments, PostgresPromises
from services.intake.adapters.replayed_tables import HEARD, NEEDED, ONLY_HERE
from services.intake.adapters.retention import plan
from services.intake.adapters.rules import eras, floors, forms, sentences
from services.intake.adapters.standings import open_standings
from services.intake.adapters.transactions import PostgresTransactions
from services.intake.adapters.words import FeedbackWords
from services.intake.entrypoints.deliverer import CHANNEL, Deliverer
from services.intake.entrypoints.delivery_commands import add_delivery_commands
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.http import routes
from services.intake.entrypoints.reconcile_command import add_reconcile
from services.intake.entrypoints.subscribers import EVENTS, TOPICS, keeping
from services.intake.settings import Settings
from services.intake.usecases.await_appointments import WaitingRoom
from services.intake.usecases.deliver_notices import Carrier
from services.intake.usecases.delivery_ports import Channel, Deliveries
from services.intake.usecases.directory import Directory
from services.intake.usecases.reconcile_dossiers import OpensStandings
from shared import process
from shared.clock import SystemClock
from shared.commands import settings_or_exit
from shared.gate import Gate
from shared.hearing import Hearing
from shared.inbox import Apply
from shared.process import Parts
from shared.prune_command import add_prune_command
from shared.replaying.command import add_replay_command
from shared.replaying.plan import Plan
from shared.slip_secrets import SlipSecrets

NAME = "intake"
MIGRATIONS = Path(__file__).parent / "migrations"
LIFE = SystemClock()
"""Letters go into the world: they are tried, and waited for, in its time, whatever a replay's clock says."""


def build(settings: Settings) -> FastAPI:
    """The whole service."""
    parts = Parts(NAME, settings)
    parts.migrations = MIGRATIONS
    appointments = PostgresAppointments(lambda: parts.pool)
    directory, waiting_room = Directory(), WaitingRoom(appointments)
    secrets = SlipSecrets.read(settings.slip_keys.get_secret_value())
    desk = Desk(
        PostgresTransactions(lambda: parts.pool),
        appointments,
        directory,
        waiting_room,
        eras(),
        floors(),
        forms(),
        parts.clock,
        settings.public_base_url,
        secrets,
        Gate(settings.public_requests_per_minute, settings.trusted_proxies),
        sentences(),
        settings.rating_base_url,
    )

    async def start(parts: Parts) -> None:
        secrets.must_be_kept(settings.environment)
        parts.run_beside("waiting room", waiting_room.run)
        parts.listen(f"{NAME}_appointments", waiting_room.announce)
        parts.listen(f"{NAME}_registrations", lambda _: directory.forget())
        if settings.delivery_channel:
            _deliver(parts, settings)
        await process.speak_and_hear(
            parts, TOPICS, EVENTS, keeping(PostgresPromises, _queue(settings))
        )

    app = process.new_app(parts, "Thân Thiện: intake", start)
    app.include_router(routes(desk))
    return app


def read_rules() -> dict[str, date]:
    """Read the rules as the start does; no calendar is among them."""
    eras(), floors(), forms(), sentences()
    return {}


@asynccontextmanager
async def open_ear(settings: Settings) -> AsyncIterator[tuple[Parts, Hearing]]:
    """The ear without a broker, to hear again what was set aside."""
    parts = Parts(NAME, settings)
    async with parts.open():
        yield parts, process.ear(parts, EVENTS, keeping(PostgresPromises, _queue(settings)))


def _queue(settings: Settings) -> Callable[[asyncpg.Connection], PostgresQueue] | None:
    return partial(PostgresQueue, now=LIFE.now) if settings.delivery_channel else None


def _deliver(parts: Parts, settings: Settings) -> None:
    # Feedback is a neighbour; a gateway may stand behind the administration's proxy.
    inside, outside = httpx.AsyncClient(trust_env=False), httpx.AsyncClient()
    assert settings.notices_token_file is not None  # settings refuse a channel without it
    carrier = Carrier(
        PostgresDeliveries(lambda: parts.pool),
        FeedbackWords(inside, settings.notices_url, settings.notices_token_file),
        _channel(settings, outside),
        LIFE.now,
        random.random,
    )
    deliverer = Deliverer(carrier, LIFE)

    async def run() -> None:
        async with inside, outside:
            await deliverer.run()

    parts.run_beside("deliverer", run)
    parts.listen(CHANNEL, deliverer.wake)


def _channel(settings: Settings, client: httpx.AsyncClient) -> Channel:
    """Raises `OSError` or `ValueError` where a secret cannot be read: the start then stops."""
    if settings.delivery_channel == "file":
        assert settings.delivery_directory is not None
        return FileOutbox(settings.delivery_directory)
    if settings.delivery_channel == "webhook":
        assert settings.webhook_secret_file is not None
        key = key_of(settings.webhook_secret_file.read_text())
        return Webhook(client, settings.webhook_url, key, LIFE.now)
    password = settings.smtp_password_file
    server = MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_from,
        settings.smtp_tls,
        settings.smtp_username or None,
        None if password is None else lambda: password.read_text().strip(),
    )
    return Mail(server, LIFE.now)


@asynccontextmanager
async def open_deliveries(settings: Settings) -> AsyncIterator[Deliveries]:
    """Deliveries without a broker: what a command puts back, the service delivers."""
    parts = Parts(NAME, settings)
    async with parts.open():
        yield PostgresDeliveries(lambda: parts.pool)


def replay_plan() -> Plan:
    """How what intake heard of its dossiers is heard again, and compared."""

    async def prepare(connection: asyncpg.Connection, live: str) -> Apply:
        return keeping(PostgresPromises)  # nothing is delivered again

    return Plan(
        service=NAME,
        migrations=MIGRATIONS,
        heard=TOPICS,
        said="",
        source="",
        understood=frozenset(EVENTS),
        tables=HEARD,
        prepare=prepare,
        carried_first=NEEDED,
        why_no_switch=ONLY_HERE,
    )


def add_commands(app: typer.Typer) -> None:
    """What intake's command line has beyond every service's."""
    add_replay_command(app, replay_plan(), lambda: settings_or_exit(NAME, Settings, sys.stderr))
    add_delivery_commands(app, lambda: open_deliveries(settings_or_exit(NAME, Settings)), LIFE.now)

    def standings() -> OpensStandings:
        return partial(open_standings, settings_or_exit(NAME, Settings).database_url)

    add_reconcile(app, eras(), standings)
    add_prune_command(app, NAME, _quiet_settings, lambda _: plan())


def _quiet_settings() -> Settings:
    # What is printed is read by programs too: the log goes beside it.
    return settings_or_exit(NAME, Settings, log_to=sys.stderr)
