"""How units stand beside each other, and since when one has been silent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from services.deadline.domain.working_time import Timetable

FEW_CLOCKS = 50
"""A unit with fewer open clocks is judged as if it had so many: a hamlet's three late dossiers wake nobody."""


class Standing(NamedTuple):
    """A unit's clocks now."""

    agency: str
    open: int
    """Running, with an instant still to ring; and breached."""
    at_risk: int
    breached: int

    @property
    def breach_share(self) -> float:
        """The part of its open clocks that is breached, of `FEW_CLOCKS` at least."""
        return self.breached / max(self.open, FEW_CLOCKS)


def worst(standings: Sequence[Standing], most: int) -> list[Standing]:
    """The units with the greatest share of breaches, then those with most at risk, then most open."""
    ranked = sorted(
        standings, key=lambda one: (-one.breach_share, -one.at_risk, -one.open, one.agency)
    )
    return ranked[:most]


def silence(office: Timetable, heard_at: datetime, now: datetime) -> timedelta:
    """Working time since something was heard of a unit: nights, holidays and lunch do not count.

    Both instants are local to the unit. Raises `CalendarEndsError`.
    """
    return office.worked_until(now) - office.worked_until(min(heard_at, now))
