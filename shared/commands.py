"""The commands every service has: `python -m services.<name> serve | migrate | doctor | dead-letters …`."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

import orjson
import typer
from fastapi import FastAPI
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from shared import dead_letters
from shared.clock import SystemClock
from shared.doctor.command import add_doctor_command
from shared.doctor.examination import ReadRules
from shared.hearing import Hearing
from shared.postgres import PLUMBING, MigrationError, migrate
from shared.process import Parts, serve
from shared.settings import ServiceSettings, settings_in_words
from shared.telemetry import configure_logging

Opened = AbstractAsyncContextManager[tuple[Parts, Hearing]]
"""A service's ear without a broker, to hear set-aside letters again."""

Settings = TypeVar("Settings", bound=ServiceSettings)
Json = Annotated[bool, typer.Option("--json", help="One JSON value instead of words.")]


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
    def migrate_command() -> None:
        """Bring the service's schema up to date."""
        try:
            ran = asyncio.run(migrate(settings().database_url, [PLUMBING, migrations]))
        except MigrationError as error:
            print(f"{name}: {error}", file=sys.stderr)
            raise typer.Exit(1) from error
        print(f"{name}: {len(ran)} migrations ran{': ' if ran else ''}{', '.join(ran)}")

    @app.command("openapi")
    def openapi_command() -> None:
        """Print the service's OpenAPI document; needs no server and no settings."""
        placeholders = read_settings.model_construct(kafka_bootstrap_servers="", database_url="")
        _print_json(build(cast(Settings, placeholders)).openapi())

    add_doctor_command(app, settings, topics, migrations, read_rules)
    app.add_typer(_dead_letters(lambda: open_ear(settings())), name="dead-letters")
    return app


def settings_or_exit(name: str, read_settings: type[Settings]) -> Settings:
    """The service's settings, logging configured by them; wrong ones end the command with words."""
    try:
        found = read_settings()
    except ValidationError as error:
        print(
            f"The settings are wrong:\n{settings_in_words(error, read_settings)}", file=sys.stderr
        )
        raise typer.Exit(2) from error
    configure_logging(name, found.log_level)
    return found


def _dead_letters(open_ear: Callable[[], Opened]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Events set aside, by dossier and in order.")

    def with_ear(work: Callable[[Parts, Hearing], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with open_ear() as (parts, hearing):
                return await work(parts, hearing)

        return _answer(run())

    @app.command("list")
    def list_command(limit: int = 100, as_json: Json = False) -> None:
        """The subjects held back, the longest first."""
        waiting = with_ear(lambda parts, _: dead_letters.list_waiting(parts.pool, limit))
        if as_json:
            _print_json([_fields(one) for one in waiting])
        elif not waiting:
            print("Nothing is set aside.")
        else:
            _print_waiting(waiting)

    @app.command("show")
    def show_command(subject: str) -> None:
        """Every letter set aside for SUBJECT, as it came."""
        _print_json(with_ear(lambda parts, _: dead_letters.show(parts.pool, subject)))

    @app.command("retry")
    def retry_command(subject: str) -> None:
        """Try SUBJECT's letters again, in order."""
        applied = with_ear(lambda parts, ear: dead_letters.retry(ear, parts.pool, subject))
        print(f"{subject}: {applied} applied")
        if applied == 0:
            raise typer.Exit(1)

    @app.command("discard")
    def discard_command(
        letter: int, because: Annotated[str, typer.Option(help="Why it may be given up.")]
    ) -> None:
        """Give one LETTER up (its id, see show); those behind it go on."""
        now = SystemClock().now()
        applied = with_ear(
            lambda parts, ear: dead_letters.discard(
                ear, parts.pool, letter, because=because, by=getpass.getuser(), now=now
            )
        )
        print(f"letter {letter}: discarded; {applied} behind it applied")

    return app


def _answer(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return asyncio.run(work)
    except (dead_letters.NotSetAsideError, ValueError) as error:
        print(str(error), file=sys.stderr)
        raise typer.Exit(1) from error


def _fields(waiting: dead_letters.Waiting) -> dict[str, Any]:
    return {name: getattr(waiting, name) for name in waiting.__dataclass_fields__}


def _print_json(value: Any) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())


def _print_waiting(waiting: Sequence[dead_letters.Waiting]) -> None:
    table = Table("subject", "letters", "first id", "cause", "since", "reason")
    for one in waiting:
        # fmt: off
        table.add_row(one.subject, str(one.letters), str(one.first_id), one.cause,
                      one.since.isoformat(timespec="seconds"), one.reason)
        # fmt: on
    Console().print(table)
