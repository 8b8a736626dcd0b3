"""The whole campaign: a stack with two of each service, load, blow after blow, quiet, the verdict."""

import os
from dataclasses import dataclass, field
from random import Random
from time import perf_counter

import psutil
from rich.console import Console

from deploy.local.brokers import RunningBroker
from deploy.local.calls import Calls, RefusedCallError
from deploy.local.children import ChildError
from deploy.local.faults import report
from deploy.local.faults.blows import Outcome, Striker
from deploy.local.faults.client import Client, UnansweredError
from deploy.local.faults.cures import Ward
from deploy.local.faults.dead_letters import CommandError
from deploy.local.faults.desk import Desk, RefusedError
from deploy.local.faults.load import Load
from deploy.local.faults.notebook import Notebook
from deploy.local.faults.plan import KILLS, Blow, draw_plan
from deploy.local.faults.town import found_town
from deploy.local.faults.watch import Unmended, probe
from deploy.local.ledger.audit import audit
from deploy.local.ledger.findings import Verdict
from deploy.local.postgres import SERVICES
from deploy.local.quiesce import NotQuietError, Quiet
from deploy.local.stack import Stack
from shared.clock import SystemClock

REPLICAS = {"intake": 2, "deadline": 2, "feedback": 1}
"""Two can take over from each other; one alone must catch up."""
SESSION_TIMEOUT_MS = 6_000
"""The least that Apache Kafka allows: how long a dead member keeps its partitions."""
EMBEDDED_SESSION_TIMEOUT_MS = 3_000
"""The embedded broker takes twice as long to notice, even of a member that is back already."""
QUIET_SECONDS = 180.0

FAILURES = (Unmended, ChildError, CommandError, UnansweredError, RefusedError, RefusedCallError)
"""What a round may come to; anything else is a mistake of the campaign itself."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What is asked of a campaign. `per_second`: HTTP requests of the load."""

    rounds: int
    outage_seconds: float
    seed: int
    per_second: float


@dataclass(slots=True)
class Campaign:
    """What came of it."""

    orders: Orders
    notebook: Notebook = field(default_factory=Notebook)
    outcomes: list[Outcome] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    verdict: Verdict | None = None
    asked_again: int = 0
    seconds: float = 0.0

    @property
    def is_won(self) -> bool:
        return not self.wrong and self.verdict is not None and self.verdict.balances


async def fight(orders: Orders, console: Console) -> bool:
    """The whole campaign, told as it goes; whether nothing was off."""
    before = set(psutil.Process().children(recursive=True))
    began_at = perf_counter()
    campaign = Campaign(orders)
    console.print(f"Seed {orders.seed} (--seed {orders.seed} draws the same plan again)")
    async with Stack(
        "faults",
        replicas=REPLICAS,
        # Six services that ask the embedded broker a hundred times a second would leave two cores
        # little to recover with; promptness is not what is tried here.
        environment={
            "KAFKA_SESSION_TIMEOUT_MS": str(session_timeout_ms()),
            "KAFKA_FETCH_MAX_WAIT_MS": "100",
        },
        is_broker_cuttable=True,
        tell=console.print,
    ) as stack:
        await _under_load(stack, campaign, console)
        await _judge(stack, campaign, console)
    left = set(psutil.Process().children(recursive=True)) - before
    campaign.wrong += [f"{process} was left running" for process in left]
    campaign.seconds = perf_counter() - began_at
    report.show(campaign, console)
    return campaign.is_won


async def _under_load(stack: Stack, campaign: Campaign, console: Console) -> None:
    """Every round, while officers and systems work."""
    chance = Random(campaign.orders.seed)
    plan = _plan(stack, campaign.orders, chance, console)
    client = Client(_urls(stack), stack.token, campaign.notebook)
    urls = {service: stack.url(service) for service in SERVICES}
    try:
        async with Calls(urls, stack.token) as calls:
            await found_town(calls)
            desk = Desk(client, campaign.notebook, Random(f"{campaign.orders.seed} desk"))
            striker = Striker(stack, Ward(stack, desk, calls), campaign.orders.outage_seconds)
            load = Load(desk, Random(f"{campaign.orders.seed} load"), campaign.orders.per_second)
            load.start()
            try:
                await _rounds(striker, plan, campaign, console)
            finally:
                campaign.wrong += await load.stop()
            campaign.asked_again = await desk.ask_again()
    except FAILURES as failure:
        campaign.wrong.append(str(failure))
    finally:
        await client.close()


async def _rounds(striker: Striker, plan: list[Blow], campaign: Campaign, console: Console) -> None:
    await probe(striker.ward.desk)
    for number, blow in enumerate(plan, start=1):
        place = f"[{number:>{len(str(len(plan)))}}/{len(plan)}]"
        try:
            outcome = await striker.strike(blow)
        except FAILURES as failure:
            campaign.wrong.append(f"round {number}, {blow.kind}: {failure}")
            console.print(f"{place} {blow.kind}: NOT MENDED: {failure}", style="red", markup=False)
            return
        campaign.outcomes.append(outcome)
        seconds = f"{outcome.recovered_seconds:.1f} s"
        console.print(
            f"{place} {outcome.kind}: {outcome.what}; whole after {seconds}", markup=False
        )


async def _judge(stack: Stack, campaign: Campaign, console: Console) -> None:
    """Wait until all is quiet, then the ledger and the notebook."""
    console.print("The load has ended. Waiting until all is quiet…")
    ledger_dsn = stack.dsn("ledger")
    try:
        async with Quiet.watching(ledger_dsn, stack.kafka) as quiet:
            await quiet.wait(rung_by=SystemClock().now(), patience_seconds=QUIET_SECONDS)
    except NotQuietError as error:
        campaign.wrong.append(f"it never became quiet {error}")
    campaign.verdict = await audit(ledger_dsn, stack.kafka)
    campaign.wrong += campaign.notebook.strange
    campaign.wrong += await campaign.notebook.compare(stack.dsn("postgres"))


def _plan(stack: Stack, orders: Orders, chance: Random, console: Console) -> list[Blow]:
    can_lose_broker = not isinstance(stack.broker, RunningBroker)
    if not can_lose_broker:
        console.print("The broker is not ours to stop: no outage in this campaign.")
    plan = draw_plan(orders.rounds, list(stack.replicas), chance, can_lose_broker=can_lose_broker)
    kills = sum(blow.kind in KILLS for blow in plan)
    console.print(
        f"{len(plan)} rounds under {orders.per_second:g} requests/s: {kills} with SIGKILL,"
        f" {len(plan) - kills} with cuts, poison and outages"
    )
    return plan


def session_timeout_ms() -> int:
    """The shortest that the chosen broker can do with."""
    is_embedded = os.environ.get("KAFKA", "tansu") == "tansu"
    is_ours = "KAFKA_BOOTSTRAP_SERVERS" not in os.environ
    return EMBEDDED_SESSION_TIMEOUT_MS if is_embedded and is_ours else SESSION_TIMEOUT_MS


def _urls(stack: Stack) -> dict[str, list[str]]:
    urls: dict[str, list[str]] = {}
    for (service, _), replica in stack.replicas.items():
        urls.setdefault(service, []).append(replica.url)
    return urls
