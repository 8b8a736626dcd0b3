"""The figures that are counted: each a sum and a count, so that a period's is the sum of its days'."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from services.feedback.domain.courtesy import Khong, Luon


class Figure(StrEnum):
    """What is counted. The order is that of the stored counters: new figures go to the end."""

    ON_TIME = "on-time"
    """Of dossiers accepted, those done or in progress within their date (QĐ 766)."""
    ONLINE = "online"
    """Of dossiers accepted, those handed in online."""
    COMPLAINTS = "complaints"
    """Reports, but for those found false."""
    TOTAL_TIME = "total-time"
    """Points of indicator 1, over dossiers judged."""
    LEG_TIME = "leg-time"
    """Points of indicator 2, over legs judged."""
    CONTACTS = "contacts"
    """Points of indicator 3, over dossiers resolved."""
    AGENCIES = "agencies"
    """Points of indicator 4, over dossiers resolved."""
    ATTITUDE = "attitude"
    """Points of indicator 7, over dossiers judged and complaints."""
    ANSWERS = "answers"
    """Of reports judged, those answered in time (indicator 8)."""
    HANDLING = "handling"
    """Points of indicators 1, 2, 3, 4 and 7 per dossier, in sixtieths of a point."""
    SAME_DAY = "same-day"
    """Of dossiers with a pledge, those that kept it."""
    FRIDAYS = "fridays"
    """Of a Friday's dossiers with a pledge, those put off past the weekend."""
    APOLOGIES = "apologies"
    """Of dossiers that an apology was owed for, those apologised for in time."""
    SMILE = "smile"
    GENTLE = "gentle"
    LISTEN = "listen"
    HELP = "help"
    KHONG_1 = "khong-1"
    """Of reports against the first không, those upheld; false ones are left out."""
    KHONG_2 = "khong-2"
    KHONG_3 = "khong-3"
    KHONG_4 = "khong-4"
    KHONG_5 = "khong-5"


FIGURES: Final = tuple(Figure)
STARS: Final[Mapping[Luon, Figure]] = {luon: Figure(luon.value) for luon in Luon}
AGAINST: Final[Mapping[Khong, Figure]] = {khong: Figure(f"khong-{int(khong)}") for khong in Khong}

INDICATORS: Final[Mapping[int, Figure | None]] = {
    1: Figure.TOTAL_TIME,
    2: Figure.LEG_TIME,
    3: Figure.CONTACTS,
    4: Figure.AGENCIES,
    5: None,  # how the one-stop is organised
    6: None,  # what is published
    7: Figure.ATTITUDE,
    8: Figure.ANSWERS,
    9: Figure.ONLINE,
}
"""TT 01/2018 art. 13. No event tells of the fifth and the sixth: they are left out."""

SIXTIETHS: Final = 60
"""A mean over one to five indicators is a whole number of sixtieths: sums of it stay exact."""


@dataclass(frozen=True, slots=True)
class Count:
    """A numerator and a denominator, before anybody divides."""

    sum: int = 0
    count: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.sum + other.sum, self.count + other.count)

    def __sub__(self, other: "Count") -> "Count":
        return Count(self.sum - other.sum, self.count - other.count)

    @property
    def ratio(self) -> Fraction | None:
        """Sum by count; None where nothing was counted, never 0."""
        return Fraction(self.sum, self.count) if self.count else None


NOTHING: Final = Count()
Counts = Mapping[Figure, Count]
"""Figures that are left out are `NOTHING`."""


def difference(after: Counts, before: Counts) -> dict[Figure, Count]:
    """What must be added to `before` to have `after`; figures that stay are left out."""
    changes = {}
    for figure, count in after.items():
        had = before.get(figure)
        if had is None:
            changes[figure] = count
        elif had != count:
            changes[figure] = count - had
    for figure, had in before.items():
        if figure not in after:
            changes[figure] = NOTHING - had
    return changes


def total(every: Iterable[Counts]) -> dict[Figure, Count]:
    """Figure by figure."""
    sums: dict[Figure, int] = {}
    counts: dict[Figure, int] = {}
    for one in every:
        for figure, count in one.items():
            sums[figure] = sums.get(figure, 0) + count.sum
            counts[figure] = counts.get(figure, 0) + count.count
    return {
        figure: Count(sums[figure], counts[figure])
        for figure in sums
        if sums[figure] or counts[figure]
    }
