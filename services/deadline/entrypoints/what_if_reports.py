"""What `what-if` prints: two scenarios side by side."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from services.deadline.entrypoints.counting_reports import WIDTH, left_out_as_data, print_left_out
from services.deadline.usecases.what_if import Comparison, Fridays, Outcome

UNITS = 20
"""Units shown, those that put most Friday dossiers off first; `--json` has them all."""

Names = tuple[str, str]


def as_data(names: Names, found: Comparison) -> dict[str, Any]:
    return {
        "scenarios": [
            {"scenario": name, **_outcome_as_data(outcome)}
            for name, outcome in zip(names, found.outcomes, strict=True)
        ],
        "second_earlier": found.earlier,
        "second_later": found.later,
        **left_out_as_data(found.left_out),
    }


def _outcome_as_data(outcome: Outcome) -> dict[str, Any]:
    return {
        "cases": outcome.cases,
        "same_day": outcome.same_day,
        "same_day_closed": outcome.same_day_closed,
        "same_day_kept": outcome.same_day_kept,
        "closed": outcome.closed,
        "kept": outcome.kept,
        "fridays": {
            unit: {
                "dossiers": friday.dossiers,
                "put_off": friday.put_off,
                "closed_later": friday.closed_later,
            }
            for unit, friday in sorted(outcome.fridays.items())
        },
        "busiest_hours": [
            {"hour": hour.isoformat(" ", "minutes"), "appointments": count}
            for hour, count in outcome.busiest()
        ],
    }


def print_comparison(names: Names, found: Comparison) -> None:
    console = Console(width=WIDTH, highlight=False)
    table = Table("", *names)
    first, second = found.outcomes
    for label, cell in LINES.items():
        table.add_row(label, cell(first), cell(second))
    table.add_row(
        "busiest hours, by appointments",
        *("\n".join(_hours(outcome)) for outcome in found.outcomes),
    )
    console.print(table)
    console.print(
        f"Of {first.cases:,} appointments {names[1]} sets {found.earlier:,} earlier and"
        f" {found.later:,} later than {names[0]}.",
        markup=False,
    )
    _print_fridays(console, names, found)
    print_left_out(console, found.left_out)


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}" + (f" ({part / whole:.1%})" if whole else " (N/A)")


LINES: Mapping[str, Callable[[Outcome], str]] = {
    "cases": lambda outcome: f"{outcome.cases:,}",
    "promised for the same day": lambda outcome: _of(outcome.same_day, outcome.cases),
    "of those closed, kept": lambda outcome: _of(outcome.same_day_kept, outcome.same_day_closed),
    "closed by the appointment": lambda outcome: _of(outcome.kept, outcome.closed),
    "Friday dossiers put off past the weekend": lambda outcome: _of(
        sum(friday.put_off for friday in outcome.fridays.values()),
        sum(friday.dossiers for friday in outcome.fridays.values()),
    ),
}


def _hours(outcome: Outcome) -> list[str]:
    return [f"{hour:%d/%m/%Y %H:%M}  {count:,}" for hour, count in outcome.busiest()]


def _print_fridays(console: Console, names: Names, found: Comparison) -> None:
    first, second = (outcome.fridays for outcome in found.outcomes)
    units = sorted(
        first.keys() | second.keys(),
        key=lambda unit: (-max(_put_off(first, unit), _put_off(second, unit)), unit),
    )
    if not units:
        console.print("No Friday dossier is to be resolved the same day.")
        return
    title = "Fridays: dossiers, put off past the weekend, closed after it"
    table = Table("unit", *names, title=title)
    for unit in units[:UNITS]:
        table.add_row(unit or "all", _friday(first.get(unit)), _friday(second.get(unit)))
    console.print(table)
    if len(units) > UNITS:
        console.print(f"… and {len(units) - UNITS} units more; --json has them all.")


def _put_off(fridays: Mapping[str, Fridays], unit: str) -> int:
    return fridays[unit].put_off if unit in fridays else 0


def _friday(friday: Fridays | None) -> str:
    if friday is None:
        return "–"
    return f"{friday.dossiers:,}, {friday.put_off:,}, {friday.closed_later:,}"
