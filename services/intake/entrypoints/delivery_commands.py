"""`deliveries`: what was not carried to citizens, and to try it again."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from services.intake.domain.deliveries import State
from services.intake.usecases.delivery_ports import Deliveries, KeptDelivery

Opened = AbstractAsyncContextManager[Deliveries]

FAILED: tuple[State, ...] = ("failed", "undeliverable")
EVERY: tuple[State, ...] = ("pending", "delivered", *FAILED)


def add_delivery_commands(
    app: typer.Typer, open_deliveries: Callable[[], Opened], now: Callable[[], datetime]
) -> None:
    """Add `deliveries` and `deliveries retry` to the service's command line."""
    group = typer.Typer(help="Notices on their way to citizens.")

    @group.callback(invoke_without_command=True)
    def list_command(
        context: typer.Context,
        is_failed: Annotated[
            bool, typer.Option("--failed", help="Only what was given up or had no address.")
        ] = False,
        limit: Annotated[int, typer.Option(min=1)] = 100,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON value.")] = False,
    ) -> None:
        """List deliveries: those pending first, then the last settled."""
        if context.invoked_subcommand is not None:
            return

        async def run() -> Sequence[KeptDelivery]:
            async with open_deliveries() as deliveries:
                return await deliveries.list(FAILED if is_failed else EVERY, limit)

        found = asyncio.run(run())
        if as_json:
            document = orjson.dumps([asdict(one) for one in found], option=orjson.OPT_INDENT_2)
            print(document.decode())
        else:
            _print(found)

    @group.command("retry")
    def retry_command(
        dossier: Annotated[str | None, typer.Argument(help="A dossier's code.")] = None,
        is_all: Annotated[bool, typer.Option("--all", help="Of every dossier.")] = False,
    ) -> None:
        """Try again what failed or was undeliverable, of DOSSIER or of --all."""
        if (dossier is None) != is_all:
            print("Name one dossier, or say --all.", file=sys.stderr)
            raise typer.Exit(2)

        async def run() -> int:
            async with open_deliveries() as deliveries:
                return await deliveries.retry(dossier, now())

        count = asyncio.run(run())
        print(f"{count} to be tried again")
        if count == 0:
            raise typer.Exit(1)

    app.add_typer(group, name="deliveries")


def _print(found: Sequence[KeptDelivery]) -> None:
    if not found:
        print("No delivery.")
        return
    table = Table("dossier", "notice", "no.", "state", "tries", "next try", "reason", "settled")
    for one in found:
        # fmt: off
        table.add_row(one.dossier, one.notice, str(one.number), one.state, str(one.attempts),
                      _iso(one.next_attempt_at), one.reason or "–", _iso(one.settled_at))
        # fmt: on
    Console().print(table)


def _iso(at: datetime | None) -> str:
    return "–" if at is None else at.isoformat(timespec="seconds")
