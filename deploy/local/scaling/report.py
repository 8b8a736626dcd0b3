"""What a run came to, for people and for programs."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.ledger.report import as_json as ledger_as_json
from deploy.local.ledger.report import conclusion, render
from deploy.local.scaling.campaign import LONGEST_WAIT_SECONDS, MOST_GROWTH, Run
from deploy.local.scaling.measures import percentile

MOST_SHOWN = 20


def show(run: Run, console: Console) -> None:
    """The steps, who took over, the renewal, the ledger, and whether all held."""
    console.print(_steps(run))
    console.print(
        "CPU-s/1,000: process time of all replicas per thousand events said; growth: against one"
        f" replica, at most {MOST_GROWTH:.0%}; wait: for the appointment, also while replicas came or went.",
        markup=False,
        highlight=False,
    )
    idle = f"A replica that has nothing to do takes {run.idle_share:.1%} of a core."
    for line in (idle, *_takeovers(run), *_renewal(run)):
        console.print(line, markup=False, highlight=False)
    if run.verdict is not None and not run.verdict.balances:
        console.print(render(run.verdict))
    for what in run.wrong[:MOST_SHOWN]:
        console.print(f"Not so: {what}", style="red", markup=False)
    if (more := len(run.wrong) - MOST_SHOWN) > 0:
        console.print(f"… and {more} more", style="red")
    if run.verdict is not None:
        console.print(conclusion(run.verdict))
    console.print(_end(run))


def as_json(run: Run) -> dict[str, Any]:
    """The same as one JSON value; milliseconds, seconds and shares as the names say."""
    return {
        "holds": run.holds,
        "wrong": run.wrong,
        "seconds": round(run.seconds, 1),
        "steps": [
            {
                "replicas": step.replicas,
                "dossiers_per_second": round(step.stretch.dossiers / step.stretch.seconds, 2),
                "events_per_second": round(step.stretch.events / step.stretch.seconds, 1),
                "cpu_seconds_per_thousand_events": round(step.stretch.cpu_per_thousand, 3),
                "growth_against_one": round(run.growth(step), 3),
                "appointment_p50_ms": _ms(step.waits, 0.5),
                "appointment_p99_ms": _ms(step.waits, 0.99),
                "appointment_p99_while_changing_ms": _ms(step.changing, 0.99),
            }
            for step in run.steps
        ],
        "takeover_seconds": {what: round(seconds, 3) for what, seconds in run.killed.items()},
        "renewal": run.renewal
        and {
            "replicas": run.renewal.replicas,
            "seconds": round(run.renewal.seconds, 1),
            "dossiers": len(run.renewal.waits),
            "appointment_p99_ms": _ms(run.renewal.waits, 0.99),
            "appointment_longest_ms": _ms(run.renewal.waits, 1),
            "is_judged": run.broker_keeps_places,
        },
        "idle_cpu_share_of_a_replica": round(run.idle_share, 4),
        "without_appointment": run.without_appointment,
        "ledger": run.verdict and ledger_as_json(run.verdict),
    }


def _steps(run: Run) -> Table:
    services = ", ".join(run.orders.services)
    table = Table(
        title=f"Replicas of {services} under {run.orders.dossiers_per_second:g} dossiers/s",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for heading in (
        *("replicas", "dossiers/s", "events/s", "CPU-s/1,000", "growth"),
        *("wait p50", "wait p99", "changing p99"),
    ):
        table.add_column(heading, justify="right")
    for step in run.steps:
        growth = run.growth(step)
        table.add_row(
            str(step.replicas),
            f"{step.stretch.dossiers / step.stretch.seconds:.1f}",
            f"{step.stretch.events / step.stretch.seconds:.0f}",
            f"{step.stretch.cpu_per_thousand:.2f}",
            f"{growth:+.0%}",
            *(f"{_ms(step.waits, share):,} ms" for share in (0.5, 0.99)),
            f"{_ms(step.changing, 0.99):,} ms",
            style="bold red" if growth > MOST_GROWTH else None,
        )
    return table


def _takeovers(run: Run) -> list[str]:
    return [
        f"{what} was killed: another handled the first event of its partitions after {seconds:.1f} s"
        f" (Kafka keeps a silent member's for {run.session_seconds:g} s)."
        for what, seconds in run.killed.items()
    ]


def _renewal(run: Run) -> list[str]:
    if run.renewal is None:
        return []
    waits = run.renewal.waits
    limit = (
        f"p99 under {LONGEST_WAIT_SECONDS:g} s is promised"
        if run.broker_keeps_places
        else "not judged: the embedded broker itself holds a group up for seconds; KAFKA=apache does not"
    )
    return [
        f"Rolling restart: {run.renewal.replicas} replicas in {run.renewal.seconds:.0f} s, and"
        f" {len(waits):,} dossiers meanwhile: appointment p50 {_ms(waits, 0.5):,} ms,"
        f" p99 {_ms(waits, 0.99):,} ms, longest {_ms(waits, 1):,} ms ({limit})."
    ]


def _ms(sorted_seconds: list[float], share: float) -> int:
    return round(1_000 * percentile(sorted_seconds, share))


def _end(run: Run) -> Text:
    """One line to remember."""
    if run.holds:
        said = "Replicas came, went, died and were renewed; nothing was lost or said twice."
        return Text(f"{said} {run.seconds:.0f} s.", style="bold green")
    return Text(
        f"The run FAILED ({run.seconds:.0f} s): see docs/runbooks/scaling.md", style="bold red"
    )
