"""The command prune: what the policy no longer keeps is deleted; a summary in words or as one JSON value."""

import asyncio
from collections.abc import Callable
from dataclasses import fields
from time import monotonic
from typing import Annotated, Any, TypeVar

import asyncpg
import orjson
import typer
from rich.console import Console

from shared.pruning import Plan, Pruned, PrunedElsewhereError, count_prunable, prune
from shared.retention import ENDED, PolicyError
from shared.settings import ServiceSettings

Settings = TypeVar("Settings", bound=ServiceSettings)

WRONG = (PolicyError, PrunedElsewhereError)
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


def add_prune_command(
    app: typer.Typer,
    name: str,
    settings: Callable[[], Settings],
    read_plan: Callable[[Settings], Plan],
) -> None:
    """Add `prune` to a service's commands. `read_plan` may raise `PolicyError`."""

    @app.command("prune")
    def prune_command(
        is_dry: Annotated[
            bool, typer.Option("--dry-run", help="Count what may go, and delete nothing.")
        ] = False,
        minutes: Annotated[
            float, typer.Option(min=0.01, help="Stop after so long; the next run goes on.")
        ] = 60,
        as_json: Annotated[
            bool, typer.Option("--json", help="One JSON value instead of words.")
        ] = False,
    ) -> None:
        """Delete what rules/retention.yaml no longer keeps, in small sets, beside the running service.

        One at a time per schema. Ends with 1 when it could not, and when another prunes.
        """
        found = settings()
        began = monotonic()
        try:
            plan = read_plan(found)
            summary = asyncio.run(_run(found, plan, is_dry, minutes))
        except (*WRONG, *AWAY) as error:
            said = (
                str(error)
                if isinstance(error, WRONG)
                else f"the database cannot be asked: {error!r}"
            )
            if as_json:
                _print_json({"error": said})
            Console(stderr=True).print(said, markup=False, soft_wrap=True, highlight=False)
            raise typer.Exit(1) from error
        summary |= {"is_dry_run": is_dry, "seconds": round(monotonic() - began, 1)}
        if as_json:
            _print_json(summary)
        else:
            _print(name, plan, summary)


async def _run(
    settings: ServiceSettings, plan: Plan, is_dry: bool, minutes: float
) -> dict[str, Any]:
    # Of no pool: the lock of the one that prunes ends with the connection.
    connection = await asyncpg.connect(
        settings.database_url, timeout=10, command_timeout=60, server_settings={"timezone": "UTC"}
    )
    try:
        with Console(stderr=True).status("looking …") as status:
            if is_dry:
                return {"prunable": await count_prunable(connection, plan)}
            pruned = await prune(
                connection, plan, seconds=60 * minutes, tell=lambda p: status.update(_progress(p))
            )
            # asdict() would make a Counter of pairs of the rows by table.
            whole = {one.name: getattr(pruned, one.name) for one in fields(pruned)}
            return whole | {"removed": dict(pruned.removed)}
    finally:
        await connection.close()


def _progress(pruned: Pruned) -> str:
    return f"{pruned.removed.total():,} rows deleted, {pruned.forgotten:,} subjects forgotten …"


def _print(name: str, plan: Plan, summary: dict[str, Any]) -> None:
    for term, kept in sorted(plan.policy.pruned.items()):
        print(f"{name}: {term} is kept {kept.days} days: {kept.because}")
    if summary["is_dry_run"]:
        for table, count in summary["prunable"].items():
            what = f"subjects {ENDED} long enough ago" if table == "endings" else table
            print(f"{name}: {count:,} {what} may go")
        return
    for table, count in sorted(summary["removed"].items()):
        print(f"{name}: {count:,} deleted from {table}")
    print(f"{name}: {summary['forgotten']:,} subjects forgotten, {summary['put_off']:,} put off")
    if not summary["is_complete"]:
        print(f"{name}: its time is over and more may go; the next run goes on")


def _print_json(value: Any) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
