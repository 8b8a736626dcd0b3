"""The commands every service has: `python -m services.<name> serve | migrate | doctor | explain |
dead-letters …`."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar, cast

import orjson
import typer
from fastapi import FastAPI
from pydantic import ValidationError

from shared.dead_letter_commands import Json, Opened, dead_letter_commands
from shared.doctor.command import add_doctor_command
from shared.doctor.examination import ReadRules
from shared.explain.command import add_explain_command
from shared.postgres import PLUMBING, MigrationError, migrate
from shared.process import serve
from shared.settings import ServiceSettings, settings_in_words
from shared.telemetry import configure_logging

__all__ = ["Json", "commands", "settings_or_exit"]

Settings = TypeVar("Settings", bound=ServiceSettings)


def commands(
    name: str,
    read_settings: type[Settings],
    build: Callable[[Settings], FastAPI],
    open_ear: Callable[[Settings], Opened],
    migrations: Path,
    topics: Sequence[str],
    read_rules: ReadRules,
) -> typer.Typer:
    """The command line of one service."""
    app = typer.Typer(no_args_is_help=True, help=f"Thân Thiện: the {name} service.")

    def settings() -> Settings:
        return settings_or_exit(name, read_settings)

    @app.command("serve")
    def serve_command() -> None:
        """Run the service until it is told to stop."""
        found = settings()
        serve(build(found), found)

    @app.command("migrate")
    def migrate_command(
        contract: Annotated[
            bool,
            typer.Option("--contract", help="Also what only this version can live with."),
        ] = False,
    ) -> None:
        """Bring the service's schema up to date, before its replicas are renewed."""
        dsn = settings().database_url
        try:
            ran = asyncio.run(migrate(dsn, [PLUMBING, migrations], is_contracting=contract))
        except MigrationError as error:
            print(f"{name}: {error}", file=sys.stderr)
            raise typer.Exit(1) from error
        print(f"{name}: {len(ran)} migrations ran{': ' if ran else ''}{', '.join(ran)}")

    @app.command("openapi")
    def openapi_command() -> None:
        """Print the service's OpenAPI document; needs no server and no settings."""
        placeholders = read_settings.model_construct(kafka_bootstrap_servers="", database_url="")
        _print_json(build(cast(Settings, placeholders)).openapi())

    def quiet_settings() -> Settings:
        # What these print is read by programs too: the log goes beside it.
        return settings_or_exit(name, read_settings, log_to=sys.stderr)

    add_doctor_command(app, settings, topics, migrations, read_rules)
    add_explain_command(app, name, quiet_settings)
    letters = dead_letter_commands(name, lambda: open_ear(quiet_settings()))
    app.add_typer(letters, name="dead-letters")
    return app


def settings_or_exit(
    name: str, read_settings: type[Settings], log_to: TextIO | None = None
) -> Settings:
    """The service's settings, logging configured by them; wrong ones end the command with words."""
    try:
        found = read_settings()
    except ValidationError as error:
        print(
            f"The settings are wrong:\n{settings_in_words(error, read_settings)}", file=sys.stderr
        )
        raise typer.Exit(2) from error
    configure_logging(name, found.log_level, log_to)
    return found


def _print_json(value: Any) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())
