"""The command explain: one code's life across the services."""

import asyncio
import re
import sys
from collections.abc import Callable
from typing import Annotated

import orjson
import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from shared.explain.story import Story, as_json, gather
from shared.explain.telling import lines_of, where_looked
from shared.settings import ServiceSettings
from shared.topics import TopicError

CODE = re.compile(r"[A-Z0-9.-]{1,64}")
"""A dossier's or a report's code, as events may carry it."""


def add_explain_command(
    app: typer.Typer, name: str, settings: Callable[[], ServiceSettings]
) -> None:
    """Add `explain` to a service's commands."""

    @app.command("explain")
    def explain_command(
        code: Annotated[str, typer.Argument(callback=_checked, help="A dossier's or report's.")],
        as_one_json: Annotated[
            bool, typer.Option("--json", help="One JSON value instead of words.")
        ] = False,
    ) -> None:
        """Tell the life of CODE across all services, as the topics have it.

        In order of event time, with what is missing of it and what this service has set aside. Ends
        with 1 when nobody said anything of it, with 2 when the broker cannot be asked.
        """
        story = _gather(code, settings())
        if as_one_json:
            print(orjson.dumps(as_json(story)).decode())
        elif not story.is_empty:
            for line in lines_of(story, name):
                print(line)
        if story.is_empty:
            print(where_looked(story), file=sys.stderr)
            raise typer.Exit(1)


def _checked(code: str) -> str:
    if CODE.fullmatch(code) is None:
        raise typer.BadParameter(f"{code!r} is no code: 1 to 64 of A-Z, 0-9, dots and dashes")
    return code


def _gather(code: str, settings: ServiceSettings) -> Story:
    # On stderr, so that what is piped on is the story alone.
    console = Console(stderr=True)
    columns = (TextColumn("reading {task.completed:,.0f} of {task.total:,.0f} records"),)
    try:
        with Progress(
            *columns,
            BarColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ) as progress:
            task = progress.add_task("", total=0)

            def on_progress(read: int, total: int) -> None:
                progress.update(task, completed=read, total=total)

            return asyncio.run(gather(code, settings, on_progress))
    except (KafkaError, TopicError, TimeoutError, OSError) as error:
        servers = settings.kafka_bootstrap_servers
        print(f"{servers} cannot be asked: {error!r}"[:500], file=sys.stderr)
        raise typer.Exit(2) from error
