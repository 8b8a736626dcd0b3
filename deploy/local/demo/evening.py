"""Monday evening: the table a head of the town would ask for."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.local.demo.tally import UnitTally
from deploy.local.demo.town import Town

Rating = Mapping[str, Any]
"""As GET /agencies/{agency}/rating answers."""


def render_evening(
    town: Town, tallies: Mapping[str, UnitTally], ratings: Mapping[str, Rating]
) -> RenderableType:
    """A row per unit, the town's sum, and what the columns mean."""
    table = Table(
        title=f"Chơn Thành, {town.friday:%A %d/%m/%Y}, as seen on {town.until:%A at %H:%M}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("unit", no_wrap=True)
    table.add_column("Friday\nrule", justify="center", no_wrap=True)
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for unit in town.units.values():
        table.add_row(
            unit.name.removeprefix("UBND "),
            "yes" if unit.keeps_friday else "no",
            *_numbers(tallies[unit.code]),
            _stars(ratings[unit.code]),
        )
    table.add_section()
    total = sum(tallies.values(), UnitTally())
    table.add_row("the town", "", *_numbers(total), _town_stars(ratings), style="bold")
    return Group(table, Text(LEGEND, style="dim"), Text(_in_words(total)))


COLUMNS = (
    "came\nin",
    "same\nday",
    "put\noff",
    "still\nopen",
    "alarms",
    "apol-\nogies",
    "stars\n(votes)",
)
LEGEND = (
    "Same day: resolved on the Friday. Put off: complete before closing on the Friday, of a procedure"
    " on the unit's own same-day list, and yet given a date after the weekend; with the Friday rule"
    " there is none."
    " An alarm calls the officer, then the head of unit, then the town; each rings once."
)


def _numbers(numbers: UnitTally) -> list[str]:
    share = f" {numbers.same_day / numbers.received:.0%}" if numbers.received else ""
    return [
        str(numbers.received),
        f"{numbers.same_day}{share}",
        str(numbers.put_off),
        str(numbers.still_open),
        str(numbers.alarms),
        str(numbers.apologies),
    ]


def _in_words(total: UnitTally) -> str:
    return (
        f"Of the {total.received} dossiers {total.pledged} were pledged for the day;"
        f" {total.after_closing} came after closing, {total.overdue} missed their legal date,"
        f" {total.still_open} are still under way. Citizens made {total.reports} reports of conduct."
    )


def _stars(rating: Rating) -> str:
    """A mean is withheld where few voted."""
    mean = "–" if rating["overall"] is None else f"{rating['overall']:.1f}"
    return f"{mean} ({rating['votes']})"


def _town_stars(ratings: Mapping[str, Rating]) -> str:
    """The mean over all votes whose unit's mean is shown, not over units."""
    shown = [rating for rating in ratings.values() if rating["overall"] is not None]
    votes = sum(rating["votes"] for rating in shown)
    if not votes:
        return "– (0)"
    stars = sum(rating["overall"] * rating["votes"] for rating in shown)
    return f"{stars / votes:.1f} ({votes})"
