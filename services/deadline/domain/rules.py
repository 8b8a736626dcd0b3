"""The figures of the law as dated data: which were in force on the day of receipt."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum

from services.deadline.domain.explanation import Sentence
from services.deadline.domain.ladder import Ladder
from services.deadline.domain.office_hours import OfficeHours
from services.deadline.domain.working_calendar import WorkingCalendar


class NoRuleError(LookupError):
    """Nothing was in force for that day, or the rule book does not know the name."""


class DayEnd(StrEnum):
    """When the last day of a limit in days is over."""

    CLOSE = "close"
    """When the office closes."""
    TIME_OF_DAY = "time_of_day"
    """At the time of day at which counting began."""


class OutsideHours(StrEnum):
    """What becomes of a receipt outside office hours."""

    ITS_OWN_DAY = "its_own_day"
    """It counts as received on its day, whatever the hour."""
    NEXT_OPENING = "next_opening"
    """It counts as received when the office next opens."""


class Supplement(StrEnum):
    """What a supplement at appraisal does to the limit."""

    RESTART = "restart"
    """The limit counts from zero once the dossier is complete."""
    SUBTRACT = "subtract"
    """The working time it was waited for is added to what was due."""


class LimitKind(StrEnum):
    """How a time limit counts."""

    WORKING_DAYS = "working_days"
    DAYS = "days"
    HOURS = "hours"
    SAME_DAY = "same_day"
    NONE = "none"


class Wait(StrEnum):
    """What waits for an office under a limit of its own, besides the dossier itself."""

    ONLINE_CHECK = "online_check"
    """An online submission, until it is accepted, refused or sent back for a supplement."""
    APPRAISAL_SUPPLEMENT = "appraisal_supplement"
    """Gaps found at appraisal, until they are asked for (Mẫu 02)."""
    CONDUCT_REPORT = "conduct_report"
    REPORT_RETURN = "report_return"
    """A report that another office must handle, until it is given back."""
    REPORT_INQUIRY = "report_inquiry"
    """A report that says too little, until more is asked of its author."""
    REPORT_PUBLICATION = "report_publication"
    """A resolved report, until the answer is published."""
    COMPLAINT_ACCEPTANCE = "complaint_acceptance"
    COMPLAINT_DECISION = "complaint_decision"
    """From its acceptance on."""
    DENUNCIATION = "denunciation"


@dataclass(frozen=True, slots=True)
class WaitLimit:
    """So many of what the kind counts."""

    kind: LimitKind
    amount: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rule book says for one day of receipt."""

    day_end: DayEnd
    outside_hours: OutsideHours
    supplement: Supplement
    cut_off: time
    """A dossier received strictly after it is forwarded on the next working day."""
    ladder: Ladder
    """For an agency that has registered none."""
    default_hours: OfficeHours
    """For an agency that has registered none."""
    waits: Mapping[Wait, WaitLimit]
    """How long everything besides a dossier may wait for an office."""


@dataclass(frozen=True, slots=True)
class Period:
    """The figures in force for receipts from a day to a day, and the texts they come from."""

    valid_from: date
    valid_to: date | None
    figures: Figures
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Regime:
    """One way of counting (a decree and its figures), in periods that leave no day between them."""

    name: str
    version: str
    title: str
    calendar: str
    """The working days of an office that names no calendar of its own."""
    time_zone: str
    """IANA name; of an office that names none of its own."""
    limits: frozenset[str]
    """The kinds of `LimitKind` it can count."""
    sources: Mapping[str, str]
    """What it cites for a step of an explanation, where that is not what all regimes cite."""
    periods: tuple[Period, ...]
    """In order of the first day in force."""

    def on(self, received_on: date) -> Figures:
        """The figures in force on the day of receipt (rule 13). Raises `NoRuleError` before the first."""
        for period in reversed(self.periods):
            if period.valid_from <= received_on:
                if period.valid_to is not None and period.valid_to < received_on:
                    break
                return period.figures
        raise NoRuleError(f"regime {self.name!r} has no figures for {received_on}")

    def refuse_unknown(self, kind: str) -> None:
        """Raises `NoRuleError` for a kind of limit that this way of counting does not have."""
        if kind not in self.limits:
            known = ", ".join(sorted(self.limits))
            raise NoRuleError(f"regime {self.name!r} counts no '{kind}'; it counts {known}")


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

    def sources_of(self, regime_name: str) -> Mapping[str, str]:
        """What a regime cites for a step, where that is not what all cite; of a regime that is gone, nothing."""
        regime = self.regimes.get(regime_name)
        return {} if regime is None else regime.sources

    def sentences_of(self, regime_name: str) -> Mapping[str, Sentence]:
        """What each step says, citing what the regime cites; of a regime that is gone, what all cite."""
        own = self.sources_of(regime_name)
        return {
            rule: replace(sentence, source=own.get(rule, sentence.source))
            for rule, sentence in self.sentences.items()
        }


def _known(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names))
