"""Why a dossier is due when it is, step by step, in a citizen's words. The steps are deadline's; nothing is computed here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.intake.domain.forms import Words

Day = date
"""A date, or a moment on the agency's wall."""

WEEKDAYS: Mapping[Literal["vi", "en"], tuple[str, ...]] = {
    "vi": ("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that deadline applied: it led from one day or moment to another."""

    rule: str
    starts: Day
    ends: Day
    amount: int = 0
    source: str | None = None
    """What the dossier's regime cites, where that is not what all cite."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a rule says, with `{starts}`, `{ends}`, `{amount}` to fill in, and where it is written."""

    says: Words
    source: Words


@dataclass(frozen=True, slots=True)
class Reason:
    """One step, told."""

    rule: str
    says: Words
    source: Words | None
    """None for a rule that is not known here."""


UNKNOWN = Words("Tính từ {starts} đến {ends}.", "Counted from {starts} to {ends}.")
"""Of a rule that deadline has learnt since: its days are told all the same."""


def reasons(steps: Sequence[Step], sentences: Mapping[str, Sentence]) -> tuple[Reason, ...]:
    """The steps in a citizen's words, in their order."""
    return tuple(_reason(step, sentences.get(step.rule)) for step in steps)


def _reason(step: Step, sentence: Sentence | None) -> Reason:
    says = UNKNOWN if sentence is None else sentence.says
    told = Words(_filled(says.vi, step, "vi"), _filled(says.en, step, "en"))
    if step.source is not None:
        source = Words(step.source.replace(" art. ", " điều "), step.source)
        return Reason(step.rule, told, source)
    return Reason(step.rule, told, None if sentence is None else sentence.source)


def _filled(pattern: str, step: Step, language: Literal["vi", "en"]) -> str:
    return pattern.format(
        starts=_day(step.starts, language), ends=_day(step.ends, language), amount=step.amount
    )


def _day(day: Day, language: Literal["vi", "en"]) -> str:
    """`thứ sáu 21/8/2026`, with `17:00 ` before it when the time of day is known."""
    named = f"{WEEKDAYS[language][day.isoweekday() - 1]} {day.day}/{day.month}/{day.year}"
    return f"{day:%H:%M} {named}" if isinstance(day, datetime) else named
