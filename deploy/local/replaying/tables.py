"""What the replay came to: units, deadlines against promises, what was refused."""

from collections.abc import Mapping

import asyncpg
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.local.replaying.comparison import SAME_MINUTE, Comparison
from deploy.local.replaying.play import Sent

UNITS_SHOWN = 20
NAME_LETTERS = 25

# $1: the time zone. A row per receiving agency.
UNITS = """
with clock as (
    select receiving_agency, code, state, received_at, resolved_at, legal_due
    from deadline.clocks where kind = 'dossier'
),
rang as (select code, count(*) as alarms from deadline.alarms group by code),
told as (select dossier, count(*) as apologies
         from feedback.notices where notice = 'apology' group by dossier)
select c.receiving_agency as agency,
       count(*) as received,
       count(*) filter (where (c.resolved_at at time zone $1)::date
                              = (c.received_at at time zone $1)::date) as same_day,
       count(*) filter (where c.state in ('met', 'out_of_sync') and c.legal_due is not null) as kept,
       count(*) filter (where c.state in ('missed', 'breached')) as late,
       count(*) filter (where c.state = 'out_of_sync') as out_of_sync,
       count(*) filter (where c.state in ('running', 'breached', 'stopped')) as still_open,
       coalesce(sum(r.alarms), 0) as alarms,
       coalesce(sum(t.apologies), 0) as apologies
from clock c left join rang r using (code) left join told t on t.dossier = c.code
group by c.receiving_agency order by count(*) desc, c.receiving_agency
"""
COLUMNS = ("received", "same_day", "kept", "late", "still_open", "alarms", "apologies")
HEADINGS = ("came\nin", "same\nday", "kept", "late", "still\nopen", "alarms", "apol-\nogies")


async def unit_table(names: Mapping[str, str], zone: str, dsn: str) -> RenderableType:
    """The units with most cases, the others together, the sum. `dsn` is the role ledger's."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = [dict(row) for row in await connection.fetch(UNITS, zone)]
    finally:
        await connection.close()
    table = Table(
        title=f"The {min(UNITS_SHOWN, len(rows))} units with most cases, of {len(rows)}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("unit", no_wrap=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows[:UNITS_SHOWN]:
        table.add_row(_short(names.get(row["agency"], row["agency"])), *_cells(row))
    table.add_section()
    if others := rows[UNITS_SHOWN:]:
        table.add_row(f"{len(others)} other units", *_cells(_sum(others)))
    total = _sum(rows)
    table.add_row("all", *_cells(total), style="bold")
    legend = (
        "Kept, late: resolved (or still open) within, after the legal date that deadline reckoned; a"
        " case without a limit is neither. Same day: resolved on the day it came in. Nobody pledged"
        " anything beyond the law, and nobody rated: the log knows neither."
    )
    return Group(table, Text(legend, style="dim"))


def comparison_table(comparison: Comparison, regime: str) -> RenderableType:
    """The outcomes with their shares, each with its largest reasons."""
    table = Table(
        title=f"{comparison.compared:,} deadlines reckoned by {regime} against the log's own promises",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("reckoned")
    table.add_column("cases", justify="right")
    table.add_column("share", justify="right")
    table.add_column("because")
    for outcome, count in comparison.outcomes.most_common():
        reasons: Mapping[str, int] = comparison.reasons.get(outcome, {})
        because = "\n".join(
            f"{reason}: {cases:,}"
            for reason, cases in sorted(reasons.items(), key=lambda entry: -entry[1])
        )
        share = f"{count / comparison.compared:.1%}"
        table.add_row(outcome, f"{count:,}", share, because or "–")
    note = (
        f"{comparison.unpromised:,} cases were promised nothing and are not compared. Each type's limit"
        f" is the number of working days promised most often for it.{_agreement(comparison, regime)}"
    )
    return Group(table, Text(note, style="dim"))


def _agreement(comparison: Comparison, regime: str) -> str:
    """How far the regime agrees where the log counted as a limit can."""
    agreeing, as_usual = comparison.in_working_days[SAME_MINUTE], comparison.as_usual
    total = comparison.in_working_days.total()
    if not as_usual:
        return ""
    return (
        f" Of the {total:,} cases whose type is promised working days, {regime} agrees with the log to"
        f" the minute on {agreeing:,} ({agreeing / total:.1%}): on {agreeing / as_usual:.1%} of those"
        " that were promised the usual number."
    )


def refused_lines(sent: Sent) -> RenderableType:
    """What intake would not take."""
    if not sent.refused:
        return Text(f"All {sent.lines:,} lines were taken.")
    lines = [f"{sum(sent.refused.values()):,} of {sent.lines:,} lines were REFUSED:"]
    lines += [f"  {count:,} × {title}" for title, count in sent.refused.most_common()]
    lines += [f"  for example {example}" for example in sent.examples]
    return Text("\n".join(lines), style="red")


def _sum(rows: list[dict[str, int]]) -> dict[str, int]:
    return {column: sum(row[column] for row in rows) for column in COLUMNS}


def _cells(row: Mapping[str, int]) -> list[str]:
    return [str(row[column]) for column in COLUMNS]


def _short(name: str) -> str:
    return name if len(name) <= NAME_LETTERS else f"{name[: NAME_LETTERS - 1]}…"
