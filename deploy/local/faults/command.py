"""`python -m deploy.local faults`."""

from secrets import randbelow
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.faults.campaign import Orders, fight
from deploy.local.stack import run

ROUNDS, OUTAGE_SECONDS = 20, 60.0
SHORT_ROUNDS, SHORT_OUTAGE_SECONDS = 4, 5.0


def faults(
    rounds: Annotated[
        int | None, typer.Option(help=f"Rounds of SIGKILL ({ROUNDS} unless said).", min=1)
    ] = None,
    outage_seconds: Annotated[
        float | None, typer.Option(help=f"The broker is gone so long ({OUTAGE_SECONDS:g}).", min=1)
    ] = None,
    short: Annotated[
        bool, typer.Option("--short", help=f"{SHORT_ROUNDS} rounds, {SHORT_OUTAGE_SECONDS:g} s.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Draws the same plan again.")] = None,
    rate: Annotated[float, typer.Option(help="HTTP requests a second.", min=1)] = 30,
) -> None:
    """Kill, cut and poison the stack under load; exit 1 when anything is lost, doubled or stuck."""
    orders = Orders(
        rounds=rounds or (SHORT_ROUNDS if short else ROUNDS),
        outage_seconds=outage_seconds or (SHORT_OUTAGE_SECONDS if short else OUTAGE_SECONDS),
        seed=randbelow(1_000_000) if seed is None else seed,
        per_second=rate,
    )
    console = Console()
    is_won = False

    async def campaign() -> None:
        nonlocal is_won
        is_won = await fight(orders, console)

    run(campaign())
    if not is_won:
        raise typer.Exit(1)
