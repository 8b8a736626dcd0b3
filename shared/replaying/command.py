"""The command replay: rebuild the schema beside the live one, compare, and switch if asked."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import asyncpg
import orjson
import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shared.postgres import MigrationError
from shared.replaying import sibling
from shared.replaying.plan import Plan, ReplayError
from shared.replaying.rebuild import Order, Outcome, Tell, replay
from shared.replaying.telling import lines_of
from shared.settings import ServiceSettings

DIFFER = 1
"""Exit status where the schemas differ and nothing was switched."""
WRONG = 2
"""Exit status where it could not be done."""

BEGINNING = "beginning"
OPERATOR = "OPERATOR_DATABASE_URL"


def add_replay_command(
    app: typer.Typer, plan: Plan, settings: Callable[[], ServiceSettings]
) -> None:
    """Add `replay` to a service's commands."""

    @app.command("replay")
    def replay_command(
        since: Annotated[
            str,
            typer.Option("--from", help="`beginning`, or an instant: 2026-08-21T00:00:00+07:00."),
        ],
        into: Annotated[
            str | None,
            typer.Option(help="The new schema's name; it stays afterwards, to be looked at."),
        ] = None,
        is_switched: Annotated[
            bool,
            typer.Option("--switch", help="Put it in the live one's place; all replicas stopped."),
        ] = False,
        operator_url: Annotated[
            str,
            typer.Option(envvar=OPERATOR, help="A role that may create schemas.", hidden=True),
        ] = "",
        as_json: Annotated[bool, typer.Option("--json", help="One JSON value.")] = False,
    ) -> None:
        """Rebuild the schema from the topics beside the live one, and compare (docs/runbooks/replay.md).

        Without --switch the service may run, and nothing of it is changed. Ends with 1 where the two differ
        and nothing was switched, with 2 where it could not be done.
        """
        operator_dsn = _operator(operator_url)
        if into is not None:
            _refuse_name(into, plan.service)
        found = settings()
        order = Order(
            operator_dsn=operator_dsn,
            servers=found.kafka_bootstrap_servers,
            into=into or f"{plan.service}_anew",
            since=_instant(since),
            is_switched=is_switched,
            is_kept=into is not None,
            sign_in=found.kafka_sign_in,
        )
        outcome = _run(plan, order)
        if as_json:
            print(
                orjson.dumps(document(plan.service, outcome), option=orjson.OPT_INDENT_2).decode()
            )
        else:
            for line in lines_of(plan.service, outcome):
                print(line)
        if outcome.differing and outcome.kept_as is None:
            raise typer.Exit(DIFFER)


def _operator(url: str) -> str:
    if not url:
        raise typer.BadParameter(
            f"{OPERATOR} is asked: postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE of a role that may create "
            "schemas there and is a member of the service's role"
        )
    return url


def _refuse_name(into: str, live: str) -> None:
    try:
        sibling.refuse_name(into, live)
    except ReplayError as error:
        raise typer.BadParameter(str(error)) from error


def _instant(text: str) -> datetime | None:
    if text == BEGINNING:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"--from {text!r}: `beginning` or an instant in ISO 8601 is asked"
        raise typer.BadParameter(message) from error
    if instant.tzinfo is None:
        raise typer.BadParameter(f"--from {text!r}: it has no offset; for example {text}+07:00")
    return instant.astimezone(UTC)


def _run(plan: Plan, order: Order) -> Outcome:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("reading the topics")
            tell: Tell = lambda words: progress.update(task, description=words)  # noqa: E731
            return asyncio.run(replay(plan, order, tell))
    except (
        ReplayError, MigrationError, KafkaError, OSError, TimeoutError, asyncpg.PostgresError,
    ) as error:  # fmt: skip
        what = str(error) if isinstance(error, ReplayError) else repr(error)[:500]
        print(f"{plan.service}: {what}", file=sys.stderr)
        raise typer.Exit(WRONG) from error


def document(service: str, outcome: Outcome) -> dict[str, Any]:
    """The outcome as one JSON value."""
    return {"service": service, **asdict(outcome), "differing": outcome.differing}
