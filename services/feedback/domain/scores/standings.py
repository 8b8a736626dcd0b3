"""How units stand beside each other: the worst first, so that what needs looking at is seen first."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import TypeVar

from services.feedback.domain.scores.figures import NOTHING, Counts, Figure

WEEKS = 13
"""A quarter's trend."""

T = TypeVar("T")


def worst_first(units: Iterable[T], counts_of: Callable[[T], Counts]) -> list[T]:
    """By the share done on time, the lowest first; among equals the one with more late dossiers. Units without
    a dossier come last: nothing is known of them, which is not bad (rule 37). Equals keep their order."""

    def key(unit: T) -> tuple[bool, Fraction, int]:
        on_time = counts_of(unit).get(Figure.ON_TIME, NOTHING)
        share = on_time.ratio
        return share is None, share or Fraction(0), on_time.sum - on_time.count

    return sorted(units, key=key)


def mondays(on: date) -> list[date]:
    """The first days of the weeks that a trend shows, the last being that of `on`."""
    monday = on - timedelta(days=on.isoweekday() - 1)
    return [monday - timedelta(weeks=back) for back in reversed(range(WEEKS))]
