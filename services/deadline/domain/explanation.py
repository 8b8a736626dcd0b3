"""Why a deadline is what it is: steps as data, and their sentences in Vietnamese and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Language = Literal["vi", "en"]

Day = date
"""A date, or a local date with its time."""

WEEKDAYS: Mapping[Language, tuple[str, ...]] = {
    "vi": ("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One rule applied: it led from one day (or moment) to another.

    `amount` is the rule's figure where it has one: working days, plain days or hours.
    """

    rule: str
    starts: Day
    ends: Day
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a rule says, with its source, and `{starts}`, `{ends}`, `{amount}` to fill in."""

    source: str
    vi: str
    en: str

    def tell(self, step: Step, language: Language) -> str:
        """The sentence of this step, as a head of unit reads it to a citizen."""
        pattern = self.vi if language == "vi" else self.en
        return pattern.format(
            starts=tell_day(step.starts, language),
            ends=tell_day(step.ends, language),
            amount=step.amount,
        )


def tell_day(day: Day, language: Language) -> str:
    """`thứ sáu 21/8/2026`, with `17:00 ` before it when the time of day is known."""
    named = f"{WEEKDAYS[language][day.isoweekday() - 1]} {day.day}/{day.month}/{day.year}"
    if isinstance(day, datetime):
        return f"{day.hour:02}:{day.minute:02} {named}"
    return named
