"""`rebuild-scores`: count the scores anew from the topics, and say which figures differ."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.feedback.domain.scores.figures import Count
from services.feedback.usecases.rebuild_scores import (
    ReadsHistory,
    Scene,
    Summary,
    rebuild_beside,
)

DIFFER = 1
"""Exit status where figures differ and were left as they are."""
WRONG = 2
"""Exit status where the topics do not hold what is needed."""

Opened = AbstractAsyncContextManager[tuple[ReadsHistory, Scene]]


def add_rebuild_command(
    app: typer.Typer, open_scene: Callable[[], Opened], history_error: type[Exception]
) -> None:
    """Add `rebuild-scores` to the service's command line."""

    @app.command("rebuild-scores")
    def rebuild_command(
        is_applied: Annotated[
            bool,
            typer.Option("--apply", help="Keep what was counted anew; without it, only compare."),
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON value.")] = False,
    ) -> None:
        """Count all scores anew from the topics, beside those that are kept, and compare.

        The service may run: it waits for as long as the last part takes. Ends with 1 where figures differ
        and --apply was not given.
        """

        async def run(tell: Callable[[int], None]) -> Summary:
            async with open_scene() as (history, scene):
                return await rebuild_beside(history, scene, tell, is_applied=is_applied)

        try:
            summary = _with_progress(run)
        except history_error as error:
            print(str(error), file=sys.stderr)
            raise typer.Exit(WRONG) from error
        if as_json:
            print(orjson.dumps(_document(summary), option=orjson.OPT_INDENT_2).decode())
        else:
            _print(summary)
        if summary.differing and not summary.is_switched:
            raise typer.Exit(DIFFER)


def _with_progress(run: Callable[[Callable[[int], None]], Any]) -> Summary:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading the topics")

        def tell(events: int) -> None:
            progress.update(task, description=f"{events:,} events counted")

        found: Summary = asyncio.run(run(tell))
        return found


def _document(summary: Summary) -> dict[str, Any]:
    return {
        "events": summary.events,
        "figures": summary.figures,
        "differing": summary.differing,
        "is_switched": summary.is_switched,
        "differences": [
            {
                "agency": one.agency,
                "on": one.on.isoformat(),
                "officer": one.officer,
                "figure": one.figure.value,
                "kept": {"sum": one.kept.sum, "count": one.kept.count},
                "anew": {"sum": one.anew.sum, "count": one.anew.count},
            }
            for one in summary.differences
        ],
    }


def _print(summary: Summary) -> None:
    if summary.differences:
        table = Table("agency", "day", "officer", "figure", "kept", "anew")
        for one in summary.differences:
            # fmt: off
            table.add_row(one.agency, one.on.isoformat(), one.officer, one.figure.value,
                          _text(one.kept), _text(one.anew))
            # fmt: on
        Console().print(table)
    verdict = f"{summary.differing:,} differ" if summary.differing else "all are the same"
    kept = "; what was counted anew is kept now" if summary.is_switched else ""
    print(f"{summary.events:,} events, {summary.figures:,} figures: {verdict}{kept}")


def _text(count: Count) -> str:
    return f"{count.sum} of {count.count}"
