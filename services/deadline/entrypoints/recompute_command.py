"""`recompute`: what a new decree or rule would change, and then the change itself."""

import asyncio
import getpass
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.deadline.domain.recomputations import Change
from services.deadline.usecases.ports import Begin
from services.deadline.usecases.recompute import Summary, Tell, preview, recompute
from shared.clock import Clock

WRONG = 2
"""Exit status of a command that could not be begun as it was given."""
LEFT = 1
"""Exit status of a run that had to leave clocks as they are."""

Opened = AbstractAsyncContextManager[tuple[Begin, Clock]]


def add_recompute_command(app: typer.Typer, open_books: Callable[[], Opened]) -> None:
    """Add `recompute` to the service's command line."""

    @app.command("recompute")
    def recompute_command(
        is_applied: Annotated[
            bool, typer.Option("--apply", help="Change the clocks; without it, only show.")
        ] = False,
        reason: Annotated[
            str, typer.Option(help="Why: the decree or rule. Kept with every date it moves.")
        ] = "",
        as_json: Annotated[bool, typer.Option("--json", help="One JSON value.")] = False,
    ) -> None:
        """Count every open clock anew by today's calendars and rules; closed ones never change.

        First without --apply: it shows what would change and changes nothing. A run that was broken
        off is finished by the same command.
        """
        if is_applied and not reason.strip():
            print("--apply asks for --reason: the decree or rule that moves dates", file=sys.stderr)
            raise typer.Exit(WRONG)

        async def run(tell: Tell) -> Summary:
            async with open_books() as (begin, clock):
                if is_applied:
                    by = getpass.getuser()
                    return await recompute(begin, clock.now, reason.strip(), by, tell)
                return await preview(begin, clock.now, tell)

        summary = _with_progress(run)
        if as_json:
            document = {"applied": is_applied, **_document(summary)}
            print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        else:
            _print(summary, is_applied=is_applied)
        if summary.uncounted_in_all:
            raise typer.Exit(LEFT)


def _with_progress(run: Callable[[Tell], Any]) -> Summary:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("open clocks")

        def tell(so_far: Summary) -> None:
            words = f"{so_far.examined:,} open clocks, {so_far.changed:,} change"
            progress.update(task, description=words)

        found: Summary = asyncio.run(run(tell))
        return found


def _document(summary: Summary) -> dict[str, Any]:
    return {
        "examined": summary.examined,
        "changed": summary.changed,
        "later": summary.later,
        "earlier": summary.earlier,
        "breaches_withdrawn": summary.breaches_withdrawn,
        "overdue_at_once": summary.overdue_at_once,
        "by_agency": dict(summary.by_agency.most_common()),
        "largest": [
            {
                "code": change.after.code,
                "kind": change.after.kind,
                "agency": change.after.agency,
                "legal_due_before": _iso(change.before.dues.legal_due),
                "legal_due": _iso(change.after.dues.legal_due),
                "cause": change.cause,
            }
            for change in summary.largest
        ],
        "uncounted": summary.uncounted_in_all,
        "uncounted_examples": [
            {"code": one.code, "kind": one.kind, "agency": one.agency, "why": one.why}
            for one in summary.uncounted
        ],
    }


def _print(summary: Summary, *, is_applied: bool) -> None:
    console = Console()
    if summary.largest:
        table = Table("code", "kind", "agency", "was due", "is due", box=None, pad_edge=False)
        for change in summary.largest:
            table.add_row(*_cells(change))
        console.print(table)
    verb = "changed" if is_applied else "would change"
    print(f"{summary.examined:,} open clocks examined, {summary.changed:,} {verb}:")
    print(
        f"  {summary.later:,} due later, {summary.earlier:,} earlier; "
        f"{summary.breaches_withdrawn:,} no longer overdue, {summary.overdue_at_once:,} overdue at once."
    )
    if summary.by_agency:
        most = ", ".join(f"{code} {count:,}" for code, count in summary.by_agency.most_common(5))
        print(f"  Most of them at: {most}.")
    for one in summary.uncounted:
        print(f"  {one.code} ({one.kind}, {one.agency}) cannot be counted: {one.why}")
    if summary.uncounted_in_all:
        print(f"  {summary.uncounted_in_all:,} could not be counted and stay as they are.")
    if not is_applied and summary.changed:
        print('Nothing was changed. To do it: recompute --apply --reason "the decree or rule"')


def _cells(change: Change) -> tuple[str, ...]:
    before, after = change.before.dues.legal_due, change.after.dues.legal_due
    return (
        change.after.code,
        change.after.kind,
        change.after.agency,
        _iso(before) or "–",
        _iso(after) or "–",
    )


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="minutes")
