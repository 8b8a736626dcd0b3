"""What the counting commands print: as words for people, as data for programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from services.deadline.domain.explanation import Language, Sentence, Step
from services.deadline.domain.reckoning import Reckoning
from services.deadline.domain.rules import Regime
from services.deadline.usecases.audit import LeftOut, Mistake, Share, Summary, Verdict
from services.deadline.usecases.counting import Counter

VERDICT_COLUMNS = ("due_at", "agrees", "minutes_late", "late_by_sync", "explanation")

WIDTH = 120


class Telling:
    """Steps as sentences of one language; those told before are remembered."""

    def __init__(self, sentences: Mapping[str, Sentence], language: Language) -> None:
        self._sentences = sentences
        self._language = language
        self._told: dict[tuple[Step, ...], str] = {}

    def tell(self, steps: tuple[Step, ...]) -> str:
        """The whole explanation in one line."""
        told = self._told.get(steps)
        if told is None:
            told = " ".join(self._sentences[x.rule].tell(x, self._language) for x in steps)
            if len(self._told) < 10_000:
                self._told[steps] = told
        return told


def regimes_as_data(regimes: Mapping[str, Regime]) -> list[dict[str, Any]]:
    return [
        {
            "regime": regime.name,
            "title": regime.title,
            "version": regime.version,
            "calendar": regime.calendar,
            "time_zone": regime.time_zone,
            "limits": sorted(regime.limits),
            "periods": [
                {
                    "from": period.valid_from.isoformat(),
                    "to": period.valid_to and period.valid_to.isoformat(),
                    "day_end": period.figures.day_end,
                    "outside_hours": period.figures.outside_hours,
                    "supplement": period.figures.supplement,
                    "cut_off": period.figures.cut_off.isoformat("minutes"),
                    "sources": list(period.sources),
                }
                for period in regime.periods
            ],
        }
        for regime in regimes.values()
    ]


def print_regimes(regimes: Mapping[str, Regime]) -> None:
    table = Table("regime", "from", "to", "what it is, and what it cites")
    for regime in regimes.values():
        for period in regime.periods:
            cited = "; ".join(dict.fromkeys([*regime.sources.values(), *period.sources]))
            table.add_row(
                regime.name,
                period.valid_from.isoformat(),
                period.valid_to.isoformat() if period.valid_to else "",
                f"{regime.title}\n[dim]{cited}[/dim]",
            )
    Console(width=WIDTH).print(table)


def due_as_data(
    counter: Counter, reckoning: Reckoning, sentences: Mapping[str, Sentence]
) -> dict[str, Any]:
    return {
        "legal_due": counter.with_offset(reckoning.legal_due),
        "pledge_due": counter.with_offset(reckoning.pledge_due),
        "appointment_at": counter.with_offset(reckoning.appointment_at),
        "regime": counter.regime.name,
        "rules_version": counter.regime.version,
        "calendar_version": counter.calendar.version,
        "steps": steps_as_data(reckoning.steps, sentences),
    }


def steps_as_data(steps: Sequence[Step], sentences: Mapping[str, Sentence]) -> list[dict[str, Any]]:
    return [
        {
            "rule": step.rule,
            "source": sentences[step.rule].source,
            "from": step.starts.isoformat(),
            "to": step.ends.isoformat(),
            **({"amount": step.amount} if step.amount else {}),
            "vi": sentences[step.rule].tell(step, "vi"),
            "en": sentences[step.rule].tell(step, "en"),
        }
        for step in steps
    ]


def print_due(told: Mapping[str, Any]) -> None:
    console = Console(width=WIDTH, highlight=False)
    for label, name in (
        ("Hạn theo luật · legal due", "legal_due"),
        ("Cam kết · pledged", "pledge_due"),
    ):
        if told[name] is not None or name == "legal_due":
            console.print(f"{label}: [bold]{told[name] or 'không · none'}[/bold]")
    for step in told["steps"]:
        console.print(f"  {step['vi']}\n  {step['en']}  [dim]({step['source']})[/dim]")
    console.print(
        f"[dim]{told['regime']}, {told['rules_version']}, {told['calendar_version']}[/dim]"
    )


def verdict_cells(result: Verdict | Mistake, counter: Counter, telling: Telling) -> list[str]:
    """The cells that OUT adds to a row of the log."""
    if isinstance(result, Mistake):
        return ["", "", "", "", f"not counted: {result.field}: {result.why}"]
    return [
        counter.with_offset(result.due_at) or "",
        _yes_or_no(result.agrees),
        "" if result.minutes_late is None else str(result.minutes_late),
        _yes_or_no(result.late_by_sync),
        telling.tell(result.steps),
    ]


def _yes_or_no(value: bool | None) -> str:
    return "" if value is None else "true" if value else "false"


def audit_as_data(
    counter: Counter, summary: Summary, sentences: Mapping[str, Sentence]
) -> dict[str, Any]:
    return {
        "regime": counter.regime.name,
        "rules_version": counter.regime.version,
        "calendar_version": counter.calendar.version,
        "total": _share_as_data(total(summary)),
        "limits": {limit: _share_as_data(x) for limit, x in _in_order(summary).items()},
        "largest_disagreements": [
            {
                "row": verdict.case.row,
                "case_id": verdict.case.case_id,
                "limit": verdict.case.limit,
                "received_at": verdict.case.received_at.isoformat(),
                "promised_due_at": counter.with_offset(verdict.promised),
                "due_at": counter.with_offset(verdict.due_at),
                "minutes_apart": minutes_apart(verdict),
                "steps": steps_as_data(verdict.steps, sentences),
            }
            for verdict in summary.disagreements()
        ],
        **left_out_as_data(summary.left_out),
    }


def minutes_apart(verdict: Verdict) -> int:
    """By how much our due instant lies after the promised one; negative before it."""
    assert verdict.due_at is not None and verdict.promised is not None
    return round((verdict.due_at - verdict.promised).total_seconds() / 60)


def total(summary: Summary) -> Share:
    """All limits together."""
    every = summary.shares.values()
    return Share(
        *(sum(getattr(share, name) for share in every) for name in Share.__dataclass_fields__)
    )


def _share_as_data(share: Share) -> dict[str, Any]:
    return {
        "cases": share.cases,
        "promised": share.promised,
        "agreed": share.agreed,
        "agreed_share": _portion(share.agreed, share.promised),
        "closed": share.closed,
        "late": share.late,
        "late_share": _portion(share.late, share.closed),
        "late_by_sync": share.late_by_sync,
    }


def _portion(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _in_order(summary: Summary) -> dict[str, Share]:
    return dict(sorted(summary.shares.items(), key=lambda one: (one[0][-1:], len(one[0]), one[0])))


def print_audit(counter: Counter, summary: Summary, telling: Telling) -> None:
    console = Console(width=WIDTH, highlight=False)
    table = Table(title=f"Counted by {counter.regime.name}: {counter.regime.title}")
    for heading in (
        "limit",
        "cases",
        "with a promise",
        "agree",
        "",
        "closed",
        "late",
        "",
        "lệch đồng bộ",
    ):
        table.add_column(heading, justify="left" if heading == "limit" else "right")
    for limit, share in _in_order(summary).items():
        table.add_row(limit, *_share_cells(share))
    table.add_section()
    table.add_row("all", *_share_cells(total(summary)), style="bold")
    console.print(table)
    if disagreements := summary.disagreements():
        console.print(
            "\nThe largest disagreements, by our count after (+) or before (-) the promise:"
        )
    for verdict in disagreements:
        _print_disagreement(console, verdict, telling)
    print_left_out(console, summary.left_out)


def left_out_as_data(left_out: LeftOut) -> dict[str, Any]:
    return {
        "not_counted": left_out.count,
        "mistakes": [mistake._asdict() for mistake in left_out.first],
    }


def print_left_out(console: Console, left_out: LeftOut) -> None:
    if left_out.count:
        console.print(f"\n[bold]{left_out.count} rows were not counted[/bold]; the first of them:")
    for mistake in left_out.first:
        console.print(f"  row {mistake.row}: {mistake.field}: {mistake.why}", markup=False)


def _share_cells(share: Share) -> list[str]:
    agreed, late = _portion(share.agreed, share.promised), _portion(share.late, share.closed)
    return [
        f"{share.cases:,}",
        f"{share.promised:,}",
        f"{share.agreed:,}",
        "N/A" if agreed is None else f"{agreed:.2%}",
        f"{share.closed:,}",
        f"{share.late:,}",
        "N/A" if late is None else f"{late:.2%}",
        f"{share.late_by_sync:,}",
    ]


def _print_disagreement(console: Console, verdict: Verdict, telling: Telling) -> None:
    case = verdict.case
    console.print(
        f"  {case.case_id} (row {case.row}, {case.limit}, received {_short(case.received_at)}):"
        f" promised {_short(verdict.promised)}, due {_short(verdict.due_at)},"
        f" {minutes_apart(verdict):+,} min",
        markup=False,
    )
    console.print(f"    {telling.tell(verdict.steps)}", markup=False)


def _short(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(" ", "minutes")
