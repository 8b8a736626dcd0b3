"""`python -m deploy.local demo`: start everything, play the Friday, show what came of it."""

from time import perf_counter
from urllib.parse import quote

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.calls import Calls
from deploy.local.demo.deliveries import delivered_in_words
from deploy.local.demo.evening import render_evening
from deploy.local.demo.plan import Plan, draw_plan
from deploy.local.demo.play import Played, play, register
from deploy.local.demo.story import choose, tell_story
from deploy.local.demo.tally import tally
from deploy.local.demo.town import Town, read_town
from deploy.local.ledger.audit import audit
from deploy.local.ledger.findings import Verdict
from deploy.local.ledger.report import render
from deploy.local.postgres import SERVICES
from deploy.local.stack import Stack
from deploy.local.timekeeper import Timekeeper


async def demo(console: Console) -> Verdict:
    """The whole demo; the ledger's verdict is what it is worth."""
    began = perf_counter()
    town = read_town()
    plan = draw_plan(town)
    console.print(
        "[bold]Thân Thiện: one Friday in Chơn Thành.[/bold] Nine units,"
        f" {plan.dossiers} dossiers, three services; everything is started for this run.",
    )
    async with Stack(
        "demo",
        clock="virtual",
        is_delivering=True,
        tell=lambda step: console.print(f"  {step}"),
    ) as stack:
        urls = {service: stack.url(service) for service in SERVICES}
        async with (
            Calls(urls, stack.token) as calls,
            Timekeeper.driving(urls, stack.dsn("ledger"), stack.kafka) as keeper,
        ):
            played, play_seconds = await _play(town, plan, calls, keeper, console)
            verdict = await audit(stack.dsn("ledger"), stack.kafka)
            await _show(town, stack, calls, console)
            console.print(await delivered_in_words(stack.dsn("ledger"), stack.outbox))
        console.print(render(verdict))
        console.print(_speed(verdict, played, play_seconds, perf_counter() - began))
    return verdict


async def _play(
    town: Town, plan: Plan, calls: Calls, keeper: Timekeeper, console: Console
) -> tuple[Played, float]:
    await keeper.act_at(town.instant(town.opens_at))
    await register(town, calls)
    await keeper.ring_until(town.instant(town.opens_at))
    began = perf_counter()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps"),
        TimeElapsedColumn(),
        console=console,
    ) as progress:
        task = progress.add_task("Friday", total=len(plan.steps))
        played = await play(
            town,
            plan,
            calls,
            keeper,
            lambda at, done: progress.update(
                task, completed=done, description=f"{at:%A %d/%m %H:%M}"
            ),
        )
    return played, perf_counter() - began


async def _show(town: Town, stack: Stack, calls: Calls, console: Console) -> None:
    tallies = await tally(town, stack.dsn("ledger"))
    ratings = {
        code: await calls.get("feedback", f"/agencies/{quote(code)}/rating") for code in town.units
    }
    console.print(render_evening(town, tallies, ratings))
    code, agency = await choose(stack.dsn("ledger"))
    console.print(await tell_story(code, agency, calls, town.zone))


def _speed(verdict: Verdict, played: Played, play_seconds: float, all_seconds: float) -> str:
    waited = sorted(played.appointment_milliseconds)
    median = waited[len(waited) // 2] if waited else 0.0
    return (
        f"{verdict.events:,} events in {play_seconds:.1f} s of play: "
        f"{verdict.events / play_seconds:,.0f} a second, held back by the clock, which waits for"
        f" everybody. {len(waited)} citizens at a counter had their appointment in the answer:"
        f" {median:.0f} ms at the median. All in all {all_seconds:.0f} s."
    )
