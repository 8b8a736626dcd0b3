"""Monday evening: the table a head of the town would ask for."""

from collections.abc import Mapping
from typing import Any

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
        title=f"Chơn Thành, Friday {town.friday:%d/%m/%Y}, as seen on {town.until:%A %H:%M}",
        title_justify="left",
    )
    table.add_column("unit", no_wrap=True)
    table.add_column("keeps\nFridays", justify="center")
    for name in (
        "received",
        "resolved\nthe same day",
        "pledged\nfor the day",
        "put off past\nthe weekend",
        "came after\nclosing",
        "still\nopen",
        "overdue\nby law",
        "alarms",
        "apologies",
        "reports",
    ):
        table.add_column(name, justify="right")
    table.add_column("stars (votes)", justify="right", no_wrap=True)
    for unit in town.units.values():
        table.add_row(
            unit.name,
            "yes" if unit.keeps_friday else "no",
            *_numbers(tallies[unit.code]),
            _stars(ratings[unit.code]),
        )
    table.add_section()
    total = sum(tallies.values(), UnitTally())
    table.add_row("the town", "", *_numbers(total), _town_stars(ratings), style="bold")
    legend = Text(
        "Pledged for the day: complete dossiers of a procedure on the unit's own same-day list. Put off"
        " past the weekend: of these, how many that came before closing were given a date after Sunday;"
        " a unit that keeps its Fridays gives none. An alarm calls the officer, then the head of unit,"
        " then the town, each once.",
        style="dim",
    )
    return Group(table, legend)


def _numbers(numbers: UnitTally) -> list[str]:
    share = f" ({numbers.same_day / numbers.received:.0%})" if numbers.received else ""
    return [
        str(numbers.received),
        f"{numbers.same_day}{share}",
        str(numbers.pledged),
        str(numbers.put_off),
        str(numbers.after_closing),
        str(numbers.still_open),
        str(numbers.overdue),
        str(numbers.alarms),
        str(numbers.apologies),
        str(numbers.reports),
    ]


def _stars(rating: Rating) -> str:
    return f"{rating['overall']:.1f} ({rating['votes']})" if rating["votes"] else "– (0)"


def _town_stars(ratings: Mapping[str, Rating]) -> str:
    """The mean over all votes, not over units."""
    votes = sum(rating["votes"] for rating in ratings.values())
    if not votes:
        return "– (0)"
    stars = sum(
        rating["overall"] * rating["votes"] for rating in ratings.values() if rating["votes"]
    )
    return f"{stars / votes:.1f} ({votes})"
