"""`python -m services.intake reconcile FILE`: every code on which two systems differ (rule 30)."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from services.intake.domain.codes import Era
from services.intake.domain.refused import RefusedError
from services.intake.entrypoints.stated_codes import LineError, read_stated
from services.intake.usecases.reconcile_dossiers import (
    OpensStandings,
    Reconciliation,
    reconcile_dossiers,
)
from shared.commands import Json

DIFFER, BAD_INPUT = 1, 2


def add_reconcile(
    app: typer.Typer, eras: Sequence[Era], standings: Callable[[], OpensStandings]
) -> None:
    """Add the command. `standings` is asked only once the file has been read."""

    @app.command("reconcile")
    def reconcile_command(
        file: Annotated[
            Path,
            typer.Argument(help="CSV or NDJSON with code and status.", dir_okay=False, exists=True),
        ],
        agency: Annotated[
            str | None, typer.Option(help="Whose dossiers FILE should have; all if not given.")
        ] = None,
        as_json: Json = False,
    ) -> None:
        """List every code on which FILE and our dossiers differ. Ends with 1 where any does."""
        try:
            there = read_stated(file, eras)
        except (LineError, RefusedError, UnicodeDecodeError) as error:
            print(f"{file.name}: {error}", file=sys.stderr)
            raise typer.Exit(BAD_INPUT) from error
        found = asyncio.run(reconcile_dossiers(there, agency, standings()))
        if as_json:
            print(orjson.dumps(asdict(found), option=orjson.OPT_INDENT_2).decode())
        else:
            _print(found)
        if found.differences:
            raise typer.Exit(DIFFER)


def _print(found: Reconciliation) -> None:
    print(f"{found.compared} codes compared, {len(found.differences)} differ")
    if not found.differences:
        return
    table = Table("code", "differs", "status here", "status there")
    for one in found.differences:
        table.add_row(one.code, one.kind, str(one.here or "–"), str(one.there or "–"))
    Console().print(table)
