"""Intake, wired: the only module that knows its settings and all its parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path

import typer
from fastapi import FastAPI

from services.intake.adapters.promises import PostgresAppointments, PostgresPromises
from services.intake.adapters.rules import eras, floors, forms
from services.intake.adapters.standings import open_standings
from services.intake.adapters.transactions import PostgresTransactions
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.http import routes
from services.intake.entrypoints.reconcile_command import add_reconcile
from services.intake.entrypoints.subscribers import EVENTS, TOPICS, keeping
from services.intake.settings import Settings
from services.intake.usecases.await_appointments import WaitingRoom
from services.intake.usecases.directory import Directory
from services.intake.usecases.reconcile_dossiers import OpensStandings
from shared import process
from shared.commands import settings_or_exit
from shared.gate import Gate
from shared.hearing import Hearing
from shared.process import Parts
from shared.slip_secrets import SlipSecrets

NAME = "intake"
MIGRATIONS = Path(__file__).parent / "migrations"


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
    )

    async def start(parts: Parts) -> None:
        secrets.must_be_kept(settings.environment)
        parts.run_beside("waiting room", waiting_room.run)
        parts.listen(f"{NAME}_appointments", waiting_room.announce)
        parts.listen(f"{NAME}_registrations", lambda _: directory.forget())
        await process.speak_and_hear(parts, TOPICS, EVENTS, keeping(PostgresPromises))

    app = process.new_app(parts, "Thân Thiện: intake", start)
    app.include_router(routes(desk))
    return app


def read_rules() -> dict[str, date]:
    """Read the rules as the start does; no calendar is among them."""
    eras(), floors(), forms()
    return {}


@asynccontextmanager
async def open_ear(settings: Settings) -> AsyncIterator[tuple[Parts, Hearing]]:
    """The ear without a broker, to hear again what was set aside."""
    parts = Parts(NAME, settings)
    async with parts.open():
        yield parts, process.ear(parts, EVENTS, keeping(PostgresPromises))


def add_commands(app: typer.Typer) -> None:
    """Intake's own commands, beside those of every service."""

    def standings() -> OpensStandings:
        return partial(open_standings, settings_or_exit(NAME, Settings).database_url)

    add_reconcile(app, eras(), standings)
