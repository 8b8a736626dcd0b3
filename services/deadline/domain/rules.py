"""The figures of the law as dated data: which were in force on the day of receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from fractions import Fraction

from services.deadline.domain.explanation import Sentence
from services.deadline.domain.office_hours import OfficeHours
from services.deadline.domain.working_calendar import WorkingCalendar


class NoRuleError(LookupError):
    """Nothing was in force for that day, or the rule book does not know the name."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rule book says for one day of receipt."""

    cut_off: time
    """A dossier received strictly after it is forwarded on the next working day."""
    at_risk_working_days: int
    """How many working days before the due day the first alarm rings, at opening."""
    at_risk_share: Fraction
    """Where that is too early: the share of the working time after which it rings."""
    default_hours: OfficeHours
    """For an agency that has registered none."""
    conduct_report_working_days: int
    online_check_hours: int


@dataclass(frozen=True, slots=True)
class Regime:
    """One way of counting (a decree and its figures), each set in force from a day on."""

    name: str
    version: str
    figures: tuple[tuple[date, Figures], ...]
    """In order of the first day in force."""

    def on(self, received_on: date) -> Figures:
        """The figures in force on the day of receipt (rule 13). Raises `NoRuleError` before the first."""
        found = None
        for in_force_from, figures in self.figures:
            if in_force_from <= received_on:
                found = figures
        if found is None:
            raise NoRuleError(f"regime {self.name!r} has no figures for {received_on}")
        return found


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Everything the YAML files say."""

    regimes: Mapping[str, Regime]
    default_regime: str
    """Counts what no procedure names a regime for: reports, hours of agencies without a pledge."""
    calendars: Mapping[str, WorkingCalendar]
    sentences: Mapping[str, Sentence]
    late_ring_seconds: int
    """An alarm that rings later than this after its instant is said to be late."""

    def regime(self, name: str) -> Regime:
        if name not in self.regimes:
            raise NoRuleError(
                f"regime {name!r} is not in the rule book; {_known(self.regimes)} are"
            )
        return self.regimes[name]

    def calendar(self, name: str) -> WorkingCalendar:
        if name not in self.calendars:
            raise NoRuleError(
                f"calendar {name!r} is not in the rule book; {_known(self.calendars)} are"
            )
        return self.calendars[name]


def _known(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names))
