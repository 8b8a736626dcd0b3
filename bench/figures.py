"""What was measured: each figure with its target and verdict, as a table and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure is to reach: at least, or at most, a number."""

    number: float
    is_least: bool

    def is_met_by(self, value: float) -> bool:
        return value >= self.number if self.is_least else value <= self.number

    def __str__(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.number:g}"


TARGETS: Mapping[str, Target] = {
    "pipeline.ratio_to_naive": Target(25, is_least=True),
    "pipeline.ratio_to_floor": Target(0.5, is_least=True),
    "relay.ratio_to_better_peer": Target(5, is_least=True),
    "appointment_ms.p50": Target(25, is_least=False),
    "appointment_ms.p99": Target(100, is_least=False),
    "appointment_ms.ratio_to_floor": Target(4, is_least=False),
    "storm.last_alarm_s": Target(10, is_least=False),
    "storm.latency_ratio": Target(3, is_least=False),
    "timers.lateness_ms.p50": Target(50, is_least=False),
    "timers.lateness_ms.p99": Target(250, is_least=False),
    "timers.ratio_to_procrastinate": Target(10, is_least=True),
    "sweep.cost_ratio": Target(1.5, is_least=False),
    "recompute.clocks_per_s": Target(4_000, is_least=True),
    "feedback.ratio_to_floor": Target(0.4, is_least=True),
    "scores.update_cost_ratio": Target(1.5, is_least=False),
    "history.cost_ratio": Target(1.2, is_least=False),
    "due.per_s": Target(50_000, is_least=True),
    "rss_mb.intake": Target(200, is_least=False),
    "rss_mb.deadline": Target(200, is_least=False),
    "rss_mb.feedback": Target(200, is_least=False),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: the median of its runs, unless it says otherwise."""

    key: str
    value: float
    runs: tuple[float, ...] = ()

    @property
    def target(self) -> Target | None:
        return TARGETS.get(self.key)

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "reached" if self.target.is_met_by(self.value) else "MISSED"

    def to_json(self) -> dict[str, object]:
        return {
            "value": _short(self.value),
            **({"target": str(self.target), "verdict": self.verdict} if self.target else {}),
            **({"runs": [_short(run) for run in self.runs]} if self.runs else {}),
        }


def of_runs(key: str, runs: Sequence[float]) -> Figure:
    """The median of the runs."""
    return Figure(key, median(runs), tuple(runs))


def ratio(key: str, ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    """The median of ours over theirs, round by round: what disturbed a round disturbed both."""
    return of_runs(key, [mine / other for mine, other in zip(ours, theirs, strict=True)])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def show(figures: Mapping[str, Sequence[Figure]], machine: str) -> None:
    """One table, a column of figures and verdicts per broker."""
    table = Table(title=f"Measured on {machine}", title_justify="left")
    table.add_column("key")
    table.add_column("target", justify="right")
    for broker in figures:
        table.add_column(broker, justify="right")
        table.add_column("")
    by_broker = {
        broker: {figure.key: figure for figure in every} for broker, every in figures.items()
    }
    for key in dict.fromkeys(key for every in by_broker.values() for key in every):
        cells = []
        for every in by_broker.values():
            figure = every.get(key)
            cells += [_text(figure.value), figure.verdict] if figure else ["–", ""]
        table.add_row(key, str(TARGETS.get(key, "")), *cells)
    Console(width=120).print(table)


def write(figures: Mapping[str, Sequence[Figure]], about: Mapping[str, object]) -> None:
    """bench/results.json."""
    content = {
        **about,
        **{
            broker: {figure.key: figure.to_json() for figure in every}
            for broker, every in figures.items()
        },
    }
    RESULTS.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _short(value: float) -> float:
    return round(value) if abs(value) >= 1_000 else float(f"{value:.3g}")


def _text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
