"""What a campaign came to, for people."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.faults.plan import Kind
from deploy.local.ledger.report import conclusion, render

if TYPE_CHECKING:
    from deploy.local.faults.campaign import Campaign

MOST_SHOWN = 20


def show(campaign: Campaign, console: Console) -> None:
    """The table of blows, the load, the ledger, and whether it was won."""
    console.print(_blows(campaign))
    console.print(_load(campaign))
    if campaign.verdict is not None and not campaign.verdict.balances:
        console.print(render(campaign.verdict))
    for what in campaign.wrong[:MOST_SHOWN]:
        console.print(f"Wrong: {what}", style="red", markup=False)
    if (more := len(campaign.wrong) - MOST_SHOWN) > 0:
        console.print(f"… and {more} more", style="red")
    if campaign.verdict is not None:
        console.print(conclusion(campaign.verdict))
    console.print(_end(campaign))


def _blows(campaign: Campaign) -> Table:
    table = Table(title="The fault campaign", title_justify="left")
    table.add_column("what was done")
    table.add_column("rounds", justify="right")
    table.add_column("recovered, p50", justify="right")
    table.add_column("max", justify="right")
    for kind in Kind:
        seconds = [one.recovered_seconds for one in campaign.outcomes if one.kind is kind]
        if seconds:
            table.add_row(
                kind, str(len(seconds)), f"{median(seconds):.1f} s", f"{max(seconds):.1f} s"
            )
    return table


def _load(campaign: Campaign) -> str:
    book = campaign.notebook
    return (
        f"Meanwhile {sum(book.answers.values()):,} requests were answered, {book.unanswered:,} broke"
        f" off and {book.not_now:,} were put off (all asked again with the same key):"
        f" {book.dossiers:,} dossiers, {book.in_the_log:,} log lines, {len(book.ratings):,} ratings,"
        f" {len(book.reports):,} reports. {campaign.asked_again} submissions, asked once more at the"
        " end, got the code they had."
    )


def _end(campaign: Campaign) -> Text:
    """One line to remember."""
    said = (
        f"{len(campaign.outcomes)} rounds in {campaign.seconds:.0f} s, seed {campaign.orders.seed}."
    )
    if campaign.is_won:
        return Text(f"Nothing was lost, doubled, reordered or stuck. {said}", style="bold green")
    return Text(f"The campaign FAILED. {said}", style="bold red")
