"""What happens that Friday and the Monday after: drawn from the town's shares, the same each time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp
from random import Random
from typing import Any

from deploy.local.demo.town import Procedure, Report, Town, Unit

SPREAD = 0.5
"""Of the work's duration around its usual one: the deviation of its logarithm."""


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody does something about the dossier `number`, at a local time, for `unit`.

    A report has the number 0: it need not be about a dossier.
    """

    at: datetime
    unit: str
    number: int
    do: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Every step in the order of time."""

    steps: tuple[Step, ...]

    @property
    def dossiers(self) -> int:
        return sum(step.do == "submit" for step in self.steps)


def draw_plan(town: Town) -> Plan:
    """The whole plan; what would happen after `town.until` is left out."""
    transfers = dict(town.transfers)
    steps = [_step_of(report) for report in town.reports]
    number = 0
    for unit in town.units.values():
        chance = Random(f"{town.seed} {unit.code}")
        arrivals = sorted(_arrive(town, unit, chance) for _ in range(unit.dossiers))
        for order, (at, channel) in enumerate(arrivals):
            number += 1
            is_late_enough = order >= unit.dossiers // 3
            transfer_to = transfers.get(unit.code) if is_late_enough else None
            life = Life(town, unit, chance, number)
            life.live(at, channel, transfer_to)
            steps += life.steps
            if life.is_transferred:
                transfers.pop(unit.code, None)
    within = [step for step in steps if step.at <= town.until]
    within.sort(key=lambda step: (step.at, step.unit, step.number))
    return Plan(tuple(within))


def _step_of(report: Report) -> Step:
    details = {"against": list(report.against), "text": report.text}
    return Step(report.at, report.agency, 0, "report", details)


def _arrive(town: Town, unit: Unit, chance: Random) -> tuple[datetime, str]:
    """When and how a dossier comes; to the counter only while it is open."""
    channels = list(town.by_channel)
    (channel,) = chance.choices(channels, [town.by_channel[name] for name in channels])
    while True:
        (hour,) = chance.choices(range(24), town.by_hour)
        at = town.opens_at + timedelta(hours=hour, minutes=chance.randrange(60))
        if channel == "online" or unit.is_open(at):
            return at, channel


@dataclass(slots=True)
class Life:
    """One dossier's life under way."""

    town: Town
    unit: Unit
    chance: Random
    number: int
    steps: list[Step] = field(default_factory=list)
    is_transferred: bool = False
    was_asked: bool = False

    def live(self, at: datetime, channel: str, transfer_to: str | None) -> None:
        """From the citizen's coming to the stars."""
        procedure = self._ask_for()
        is_complete = not self._happens("incomplete")
        self._do(
            at,
            "submit",
            procedure=procedure.code,
            channel=channel,
            is_complete=is_complete,
        )
        accepted_at = self._accepted(at, channel, is_complete)
        if accepted_at is None:
            return
        if transfer_to is not None:
            accepted_at = self._transfer(accepted_at, transfer_to)
        elif self._left_early(accepted_at):
            return
        resolved_at, is_slow = self._resolved(accepted_at, procedure)
        self._return(resolved_at, is_slow)

    def _accepted(self, at: datetime, channel: str, is_complete: bool) -> datetime | None:
        """When it is accepted: at once over the counter, else after a look; or never."""
        if is_complete and channel != "online":
            return at
        at = self._later(at, 5, 40)
        if is_complete:
            return self._do(at, "accept")
        self.was_asked = True
        self._do(at, "request_supplement", reason="Thiếu bản sao giấy tờ tùy thân")
        if self._happens("never_completed"):
            return None
        at = self._do(self._later(at, 40, 180), "supplement")
        return self._do(self._later(at, 5, 20), "accept")

    def _transfer(self, at: datetime, to_agency: str) -> datetime:
        at = self._do(self._later(at, 10, 30), "transfer", to_agency=to_agency)
        self.unit = self.town.units[to_agency]
        self.is_transferred = True
        return at

    def _left_early(self, at: datetime) -> bool:
        if self._happens("withdrawn"):
            self._do(self._later(at, 10, 60), "withdraw")
        elif self._happens("refused"):
            self._do(self._later(at, 10, 60), "refuse", reason="Không thuộc thẩm quyền giải quyết")
        else:
            return False
        return True

    def _resolved(self, at: datetime, procedure: Procedure) -> tuple[datetime, bool]:
        # Guidance is given once: who was asked before acceptance is not asked again.
        if not self.was_asked and self._happens("appraisal_gap"):
            at = self._do(
                self._later(at, 15, 45), "request_supplement", reason="Bản chính mờ, cần bản khác"
            )
            at = self._do(self._later(at, 30, 120), "supplement")
        work = int(procedure.minutes * exp(self.chance.gauss(0, SPREAD)))
        resolved_at = self.unit.later(at, max(2, work))
        is_slow = self.chance.randrange(100) < self.unit.slow
        if is_slow:
            resolved_at = self._next_week(max(at, resolved_at))
        elif self._may_squeeze_in(at, resolved_at, procedure) and self._happens("squeezed_in"):
            close = datetime.combine(at.date(), self.unit.closes)
            minutes = max(2, int((close - at).total_seconds() // 60) - self.chance.randrange(1, 8))
            resolved_at = min(at + timedelta(minutes=minutes), close)
        return self._do(resolved_at, "resolve"), is_slow

    def _may_squeeze_in(self, at: datetime, resolved_at: datetime, procedure: Procedure) -> bool:
        """A unit that keeps its Fridays hurries with what it has promised for the day."""
        return (
            self.unit.keeps_friday
            and procedure.code in self.unit.same_day
            and self.unit.is_open(at)
            and at.date() == self.town.friday < resolved_at.date()
        )

    def _next_week(self, at: datetime) -> datetime:
        monday = self.town.friday + timedelta(days=3)
        opens = datetime.combine(monday, self.unit.shifts[0][0])
        return self.unit.later(max(at, opens), self.chance.randrange(20, 300))

    def _return(self, at: datetime, is_slow: bool) -> None:
        at = self._do(self._later(at, 2, 30), "return")
        if self._happens("rated"):
            at += timedelta(minutes=self.chance.randrange(20, 180))
            self._do(at, "rate", **self._stars(is_slow))

    def _stars(self, is_slow: bool) -> dict[str, int]:
        """Who waited over the weekend smiles less."""
        good = self.unit.manners // 4 if is_slow else self.unit.manners
        return {
            name: 5 if self.chance.randrange(100) < good else self._lesser(is_slow)
            for name in ("smile", "gentle", "listen", "help")
        }

    def _lesser(self, is_slow: bool) -> int:
        return self.chance.choice((1, 1, 2, 3)) if is_slow else self.chance.choice((2, 3, 4, 4, 4))

    def _ask_for(self) -> Procedure:
        procedures = list(self.town.procedures.values())
        (one,) = self.chance.choices(procedures, [each.share for each in procedures])
        return one

    def _happens(self, what: str) -> bool:
        return self.chance.randrange(100) < self.town.happens[what]

    def _later(self, at: datetime, fewest: int, most: int) -> datetime:
        return self.unit.later(at, self.chance.randrange(fewest, most))

    def _do(self, at: datetime, do: str, **details: Any) -> datetime:
        self.steps.append(Step(at, self.unit.code, self.number, do, details))
        return at


def by_minute(steps: Sequence[Step]) -> Iterator[tuple[datetime, list[Step]]]:
    """The steps of each minute together, in order."""
    batch: list[Step] = []
    for step in steps:
        if batch and step.at != batch[0].at:
            yield batch[0].at, batch
            batch = []
        batch.append(step)
    if batch:
        yield batch[0].at, batch
