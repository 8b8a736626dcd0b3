"""The verdict for people, and for programs."""

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.local.ledger.findings import Check, Fault, Verdict

EXAMPLES_SHOWN = 5


def render(verdict: Verdict) -> RenderableType:
    """A table of checks, examples of what contradicts them, the counts, one line to remember."""
    table = Table(title="The ledger", title_justify="left")
    table.add_column("what must hold")
    table.add_column("examined", justify="right")
    for fault in Fault:
        table.add_column(fault.value, justify="right")
    for check in verdict.checks:
        counts = [str(check.faults.get(fault, 0)) for fault in Fault]
        style = None if check.holds else "bold red"
        table.add_row(check.sentence, f"{check.examined:,}", *counts, style=style)
    table.add_section()
    table.add_row(
        "all in all",
        f"{sum(check.examined for check in verdict.checks):,}",
        *(str(verdict.count(fault)) for fault in Fault),
        style="bold",
    )
    lines = [Text(line, style="red") for line in _examples(verdict.checks)]
    notes = [Text(f"Note: {note}") for note in verdict.notes]
    return Group(table, *lines, *notes, conclusion(verdict))


def conclusion(verdict: Verdict) -> Text:
    """One line: the verdict and the counts."""
    counts = ", ".join(f"{fault.value} {verdict.count(fault)}" for fault in Fault)
    said = f"{verdict.events:,} events read in {verdict.seconds:.1f} s: {counts}."
    if verdict.balances:
        return Text(f"The ledger balances. {said}", style="bold green")
    return Text(f"The ledger DOES NOT balance. {said}", style="bold red")


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The same as one JSON value."""
    return {
        "balances": verdict.balances,
        "events": verdict.events,
        "seconds": round(verdict.seconds, 3),
        **{fault.value: verdict.count(fault) for fault in Fault},
        "checks": [
            {
                "sentence": check.sentence,
                "examined": check.examined,
                "faults": {fault.value: count for fault, count in check.faults.items()},
                "examples": check.examples,
            }
            for check in verdict.checks
        ],
        "notes": list(verdict.notes),
    }


def show(verdict: Verdict, console: Console) -> None:
    """Print the verdict."""
    console.print(render(verdict))


def _examples(checks: tuple[Check, ...]) -> list[str]:
    lines = []
    for check in checks:
        if not check.holds:
            lines.append(f"Not so: {check.sentence}")
            lines += [f"  {example}" for example in check.examples[:EXAMPLES_SHOWN]]
            if (more := sum(check.faults.values()) - EXAMPLES_SHOWN) > 0:
                lines.append(f"  … and {more} more")
    return lines
