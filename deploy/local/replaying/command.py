"""`python -m deploy.local replay`: read the log, start everything, replay, show what came of it."""

from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.calls import Calls
from deploy.local.ledger.audit import audit
from deploy.local.ledger.findings import Verdict
from deploy.local.ledger.report import render
from deploy.local.postgres import SERVICES
from deploy.local.replaying.comparison import compare
from deploy.local.replaying.log import Log, read_log
from deploy.local.replaying.mapping import LogMapping, read_mapping
from deploy.local.replaying.office import Office
from deploy.local.replaying.play import Sent, play, register
from deploy.local.replaying.script import Script, write_script
from deploy.local.replaying.tables import comparison_table, refused_lines, unit_table
from deploy.local.stack import Stack
from deploy.local.timekeeper import Timekeeper


@dataclass(frozen=True, slots=True)
class Prepared:
    """A log that was read whole and fits: nothing was started before."""

    mapping: LogMapping
    log: Log
    office: Office
    script: Script


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay is worth: the ledger's verdict, and whether every line was taken."""

    verdict: Verdict
    sent: Sent

    @property
    def is_whole(self) -> bool:
        return self.verdict.balances and not self.sent.refused


def prepare(file: Path, mapping_file: Path, limit: int | None) -> Prepared:
    """Read mapping and log. Raises `MappingError`, `LogError` and `ScriptError`."""
    mapping = read_mapping(mapping_file)
    log = read_log(file, mapping)
    if limit is not None:
        log = replace(log, cases=log.cases[:limit])
    office = Office(mapping)
    return Prepared(mapping, log, office, write_script(log, mapping, office))


async def replay(prepared: Prepared, days: int, console: Console) -> Replayed:
    """The whole replay, in steps of so many days of the log's time."""
    began = perf_counter()
    script, mapping = prepared.script, prepared.mapping
    console.print(
        f"[bold]{mapping.title}[/bold]: {len(prepared.log.cases):,} cases of"
        f" {len(script.names)} units and {len(script.procedures)} procedures,"
        f" {script.begins_at:%d/%m/%Y} to {script.lines[-1].at:%d/%m/%Y}."
    )
    if prepared.log.closed_before_opened:
        console.print(
            f"{prepared.log.closed_before_opened} cases were closed before they were opened; they"
            " are resolved when they were received."
        )
    async with Stack(
        "replay", clock="virtual", tell=lambda step: console.print(f"  {step}")
    ) as stack:
        urls = {service: stack.url(service) for service in SERVICES}
        async with (
            Calls(urls, stack.token) as calls,
            Timekeeper.driving(urls, stack.dsn("ledger"), stack.kafka) as keeper,
        ):
            sent, seconds = await _play(prepared, days, calls, keeper, console)
        dsn = stack.dsn("ledger")
        verdict = await audit(dsn, stack.kafka)
        limits = dict(script.procedures.values())
        comparison = await compare(prepared.log.cases, limits, prepared.office, dsn)
        console.print(await unit_table(script.names, mapping.zone.key, dsn))
        console.print(comparison_table(comparison, mapping.limits.regime))
    console.print(render(verdict))
    console.print(refused_lines(sent))
    console.print(
        f"{verdict.events:,} events in {seconds:.0f} s: {verdict.events / seconds:,.0f} a second"
        f" through all three services. All in all {perf_counter() - began:.0f} s."
    )
    return Replayed(verdict, sent)


async def _play(
    prepared: Prepared, days: int, calls: Calls, keeper: Timekeeper, console: Console
) -> tuple[Sent, float]:
    script = prepared.script
    await keeper.act_at(script.begins_at)
    await register(script, prepared.mapping, calls)
    await keeper.ring_until(script.begins_at)
    began = perf_counter()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("lines"),
        TimeElapsedColumn(),
        console=console,
    ) as progress:
        task = progress.add_task("the log", total=len(script.lines))
        sent = await play(
            script,
            calls,
            keeper,
            days,
            lambda at, lines: progress.update(task, completed=lines, description=f"{at:%d/%m/%Y}"),
        )
    return sent, perf_counter() - began
