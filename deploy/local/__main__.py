"""The local stack's commands: `python -m deploy.local up | topics | token | …`."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer
from aiokafka.errors import KafkaError
from rich.console import Console

from deploy.local.calls import RefusedCallError
from deploy.local.children import ChildError
from deploy.local.demo.command import demo as play_demo
from deploy.local.directories import LOCAL
from deploy.local.faults.command import faults
from deploy.local.issuer import LocalIssuer
from deploy.local.ledger.command import (
    LedgerError,
    find_stack,
    open_to_ledger,
    print_verdict,
    prove,
)
from deploy.local.ledger.findings import Verdict
from deploy.local.ledger.topics import HistoryError
from deploy.local.postgres import ROLES, SERVICES
from deploy.local.quiesce import NotQuietError
from deploy.local.replaying.command import prepare
from deploy.local.replaying.command import replay as play_replay
from deploy.local.replaying.mapping import BOSTON
from deploy.local.scaling.command import scale_command
from deploy.local.stack import Stack, run
from deploy.local.topics import TopicError, check_topics, create_topics

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Thân Thiện on one machine: PostgreSQL, Kafka and the three services on 127.0.0.1.",
)
console = Console()


@app.command()
def up(
    clock: Annotated[
        Literal["system", "virtual"], typer.Option(help="Whose time the services keep.")
    ] = "system",
    replicas: Annotated[int, typer.Option(help="Processes of each service.", min=1)] = 1,
) -> None:
    """Start everything, print the addresses, run until Ctrl-C."""
    run(_stay_up(clock, replicas))


async def _stay_up(clock: Literal["system", "virtual"], replicas: int) -> None:
    counts = dict.fromkeys(SERVICES, replicas)
    async with Stack(
        "up", clock=clock, replicas=counts, is_delivering=True, tell=console.print
    ) as stack:
        _print_addresses(stack)
        try:
            with open_to_ledger(stack):
                await asyncio.Event().wait()
        finally:
            console.print("Stopping…")


def _print_addresses(stack: Stack) -> None:
    lines = [
        (f"{service} {number}" if number else service, f"{replica.url}/docs")
        for (service, number), replica in stack.replicas.items()
    ]
    lines.append(("Kafka", stack.kafka))
    lines += [(f"PostgreSQL as {role}", stack.dsn(role)) for role in ROLES]
    lines.append(("logs", str(stack.directory / "logs")))
    lines.append(("notices delivered", str(stack.outbox)))
    # Plain lines and no table: an address must come whole out of any terminal.
    print("\nThân Thiện is up", *(f"  {what:<23}{where}" for what, where in lines), sep="\n")
    print(
        "\nA token:  .venv/bin/python -m deploy.local token --role officer --agency H10.40"
        f" --stack {stack.directory.name}\nCtrl-C stops it all.",
        flush=True,
    )


@app.command()
def token(
    role: Annotated[str, typer.Option(help="officer|head_of_unit|inspector|operator|integrator")],
    agency: Annotated[str | None, typer.Option(help="Whom the caller acts for.")] = None,
    subject: Annotated[str, typer.Option(help="Who calls: an opaque id.")] = "local",
    hours: Annotated[float, typer.Option(help="How long the token lives.")] = 12,
    stack: Annotated[str, typer.Option(help="The stack that will be called.")] = "up",
) -> None:
    """Print a bearer token for a stack that runs on this machine."""
    directory = LOCAL / stack / "issuer"
    if not directory.exists():
        _give_up(f"there is no stack named {stack}: start one with `python -m deploy.local up`")
    try:
        print(LocalIssuer(directory).token(role, agency, subject, hours))
    except ValueError as error:
        _give_up(str(error))


@app.command()
def topics(
    bootstrap: Annotated[str, typer.Option(help="HOST:PORT of any broker of the cluster.")],
    replicas: Annotated[int, typer.Option(help="Copies of each partition.", min=1)] = 1,
    local: Annotated[bool, typer.Option(help="Also what only a virtual clock needs.")] = False,
    check: Annotated[bool, typer.Option(help="Create nothing, only compare.")] = False,
) -> None:
    """Create the missing topics of deploy/kafka/topics.yaml; exit 1 when others differ from it."""
    try:
        differences = asyncio.run(_topics(bootstrap, replicas, local, check))
    except (TopicError, KafkaError) as error:
        _give_up(str(error))
    for difference in differences:
        print(difference, file=sys.stderr)
    if differences:
        raise typer.Exit(1)
    print("The topics are as listed.")


async def _topics(bootstrap: str, replicas: int, local: bool, check: bool) -> list[str]:
    if check:
        return await check_topics(bootstrap, with_local=local, replicas=replicas)
    report = await create_topics(bootstrap, with_local=local, replicas=replicas)
    for name in report.created:
        print(f"{name} created")
    return list(report.differences)


@app.command()
def ledger(
    stack: Annotated[str, typer.Option(help="A stack that runs on this machine.")] = "up",
    dsn: Annotated[str | None, typer.Option(help="Any database, as the role ledger.")] = None,
    kafka: Annotated[str | None, typer.Option(help="Its brokers, HOST:PORT.")] = None,
    patience: Annotated[float, typer.Option(help="Seconds to wait for quiet.", min=0)] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value.")] = False,
) -> None:
    """Prove that nothing was lost, doubled, reordered or stuck; exit 1 unless it balances."""
    if (dsn is None) != (kafka is None):
        _give_up("--dsn and --kafka go together")
    try:
        place = (dsn, kafka) if dsn and kafka else find_stack(stack)
        verdict = asyncio.run(prove(*place, patience))
    except LedgerError as error:
        _give_up(str(error))
    print_verdict(verdict, console, as_one_json=as_json)
    if not verdict.balances:
        raise typer.Exit(1)


@app.command()
def demo() -> None:
    """Play one Friday in Chơn Thành through all three services; exit 1 unless the ledger balances."""
    _end_by_verdict(play_demo(console))


@app.command()
def replay(
    log: Annotated[Path, typer.Argument(help="A CSV file with a header, plain or gzip.")],
    mapping: Annotated[Path, typer.Option(help="How its columns are meant.")] = BOSTON,
    limit: Annotated[int | None, typer.Option(help="Only so many cases.", min=1)] = None,
    days: Annotated[int, typer.Option(help="The log's days per step.", min=1)] = 7,
) -> None:
    """Replay a real log through all three services; exit 1 unless the ledger balances."""
    try:
        prepared = prepare(log, mapping, limit)
    except ValueError as error:
        _give_up(str(error))
    whole: list[bool] = []

    async def note() -> None:
        whole.append((await play_replay(prepared, days, console)).is_whole)

    run(note())
    if not whole[0]:
        raise typer.Exit(1)


app.command()(faults)
app.command("scale")(scale_command)


def _end_by_verdict(work: Coroutine[Any, Any, Verdict]) -> None:
    verdicts: list[Verdict] = []

    async def note() -> None:
        verdicts.append(await work)

    run(note())
    if not verdicts[0].balances:
        raise typer.Exit(1)


def _give_up(why: str) -> NoReturn:
    print(why, file=sys.stderr)
    raise typer.Exit(2)


def main() -> None:
    """Run a command; what a part of the stack died of is said without a traceback."""
    try:
        app()
    except (ChildError, KafkaError, RefusedCallError, NotQuietError, HistoryError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)


if __name__ == "__main__":
    main()
