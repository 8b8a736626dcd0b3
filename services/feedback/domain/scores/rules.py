"""The figures that texts of law set for scores, each chosen by the day of its case or period."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from fractions import Fraction
from typing import Final, Literal

Grade = Literal["excellent", "good", "fair", "average", "weak"]
Band = Literal["done", "partly", "below"]
Group = Literal[
    "publication", "progress", "digitisation", "online_services", "online_payment", "satisfaction"
]

MARKED_GROUPS: Final[tuple[Group, ...]] = ("progress", "online_services", "satisfaction")
"""Groups of QĐ 766 that events tell of; the others are N/A."""


@dataclass(frozen=True, slots=True)
class TimePoints:
    early: int
    on_time: int
    late: int


@dataclass(frozen=True, slots=True)
class AttitudePoints:
    early: int
    """Early, and nobody complained."""
    other: int
    complaint: int


@dataclass(frozen=True, slots=True)
class Tier:
    """Points for a share of at least this."""

    at_least: Fraction
    points: int


@dataclass(frozen=True, slots=True)
class ScoreRulesOn:
    """Every figure on one day. Thresholds are listed from the highest down."""

    time: TimePoints
    contacts: tuple[int, ...]
    """Points where the citizen came once, once more, twice more…"""
    agencies: tuple[int, ...]
    """Points where the citizen met one agency, one more, two more…"""
    attitude: AttitudePoints
    answers: tuple[Tier, ...]
    online: tuple[Tier, ...]
    officer_indicators: frozenset[int]
    bands: Sequence[tuple[Fraction, Band]]
    grades: Sequence[tuple[Fraction, Grade]]
    groups: Mapping[Group, int]
    """The most points of each group of QĐ 766."""
    full_marks_at: Mapping[Group, Fraction]
    """From which share on a group has all its points; pro rata below."""
    fewest_votes: int
    """Below it a mean of stars is withheld."""


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """The rules of every day, and whose clock says which day it is where no agency is asked for."""

    turns: tuple[date, ...]
    """The days from which each of `periods` is in force, rising."""
    periods: tuple[ScoreRulesOn, ...]
    time_zone: tzinfo

    def on(self, day: date) -> ScoreRulesOn:
        """Of a day before all rules, by the first: old logs are counted alike."""
        return self.periods[max(bisect_right(self.turns, day) - 1, 0)]
