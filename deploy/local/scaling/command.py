"""`python -m deploy.local scale`."""

import json
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.postgres import SERVICES
from deploy.local.scaling.campaign import Orders, Run, scale
from deploy.local.scaling.report import as_json as run_as_json
from deploy.local.scaling.report import show
from deploy.local.stack import run as run_guarded

STEP_SECONDS, SHORT_STEP_SECONDS = 20.0, 6.0
DOSSIERS_PER_SECOND = 120.0


def scale_command(
    service: Annotated[
        list[str] | None,
        typer.Option(help="Scale only this one; may be repeated. All unless said."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help=f"Each step is measured so long ({STEP_SECONDS:g}).", min=2)
    ] = None,
    rate: Annotated[
        float, typer.Option(help="Dossiers a second; five of them waited for.", min=1, max=2_000)
    ] = DOSSIERS_PER_SECOND,
    short: Annotated[
        bool, typer.Option("--short", help=f"Steps of {SHORT_STEP_SECONDS:g} s.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value.")] = False,
) -> None:
    """Replicas 1, 2, 4, 2 under load, one killed, all renewed; exit 1 when a promise is not kept."""
    for one in service or []:
        if one not in SERVICES:
            raise typer.BadParameter(
                f"{one!r} is no service: {', '.join(SERVICES)} are", param_hint="--service"
            )
    orders = Orders(
        services=tuple(dict.fromkeys(service or SERVICES)),
        step_seconds=seconds or (SHORT_STEP_SECONDS if short else STEP_SECONDS),
        dossiers_per_second=rate,
    )
    console = Console(stderr=as_json)
    runs: list[Run] = []

    async def play() -> None:
        runs.append(await scale(orders, console))

    run_guarded(play())
    if as_json:
        print(json.dumps(run_as_json(runs[0]), ensure_ascii=False, indent=2))
    else:
        show(runs[0], console)
    if not runs[0].holds:
        raise typer.Exit(1)
