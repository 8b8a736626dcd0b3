"""The verdict for people, and for programs."""

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.local.ledger.findings import Check, Fault, Verdict

EXAMPLES_SHOWN = 5


def render(verdict: Verdict) -> RenderableType:
    """A table of checks, examples of what contradicts them, the counts, one line to remember."""
    table = Table(title="The ledger", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("what must hold")
    table.add_column("examined", justify="right")
    table.add_column("contradicted by", justify="right")
    for check in verdict.checks:
        table.add_row(
            check.sentence,
            f"{check.examined:,}",
            _faults(check),
            style=None if check.holds else "bold red",
        )
    lines = [Text(line, style="red") for line in _examples(verdict.checks)]
    notes = [Text(f"Note: {note}") for note in verdict.notes]
    return Group(table, *lines, *notes, conclusion(verdict))


def conclusion(verdict: Verdict) -> Text:
    """One line: the verdict and the counts."""
    counts = ", ".join(f"{fault.value} {verdict.count(fault)}" for fault in Fault)
    said = f"{verdict.events:,} events and every table read in {verdict.seconds:.1f} s."
    if verdict.balances:
        return Text(f"The ledger balances: {counts}. {said}", style="bold green")
    return Text(f"The ledger DOES NOT balance: {counts}. {said}", style="bold red")


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


def _faults(check: Check) -> str:
    return ", ".join(f"{count} {fault}" for fault, count in check.faults.items()) or "nothing"


def _examples(checks: tuple[Check, ...]) -> list[str]:
    lines = []
    for check in checks:
        if not check.holds:
            lines.append(f"Not so: {check.sentence}")
            lines += [f"  {example}" for example in check.examples[:EXAMPLES_SHOWN]]
            if (more := sum(check.faults.values()) - EXAMPLES_SHOWN) > 0:
                lines.append(f"  … and {more} more")
    return lines
