"""How every unit stands, for operators: counted for all at once, and the worst picked out."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.deadline.domain.units import Standing, silence, worst
from services.deadline.domain.working_calendar import CalendarEndsError
from services.deadline.usecases.board import Snapshot
from services.deadline.usecases.directory import Directory, NotHeardError

MOST_UNITS = 50
"""How many units are named; what the others have is told as one."""

TURN = 100
"""Units reckoned before others have their turn: a calendar's arithmetic is all in one thread."""


class Units(Protocol):
    """What is kept of units."""

    async def running(self) -> Mapping[str, int]:
        """Running clocks with an instant still to ring, by agency."""

    async def heard(self, now: datetime) -> Mapping[str, datetime]:
        """When something of its dossiers was last heard, by agency; of those whose period has not ended."""

    async def keep_heard(self, heard: Mapping[str, datetime]) -> None:
        """Keep when agencies were heard; an earlier instant than the one kept changes nothing."""


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """What is told of units: a bounded number by name, the rest together."""

    named: Sequence[Standing]
    others: Standing
    """The sum of those not named; its agency is ""."""
    units: int
    """How many have open clocks."""
    silent_seconds: Sequence[tuple[str, float]]
    """Working seconds since a unit was heard, the longest first."""


async def watch_units(
    units: Units, board: Snapshot, directory: Directory, now: datetime
) -> UnitFigures:
    """The figures at an instant; what the board has counted is not counted again."""
    standings = _standings(await units.running(), board)
    named = worst(standings, MOST_UNITS)
    return UnitFigures(
        named=named,
        others=_together(set(standings) - set(named)),
        units=len(standings),
        silent_seconds=await _silences(await units.heard(now), directory, now),
    )


def _standings(running: Mapping[str, int], board: Snapshot) -> list[Standing]:
    counted = {unit.agency: unit for unit in board.units}
    found = []
    for agency in running.keys() | counted.keys():
        unit = counted.get(agency)
        at_risk, breached = (unit.at_risk, unit.breached) if unit else (0, 0)
        # Between two looks a clock may have gone from one count to the other.
        is_open = max(running.get(agency, 0), at_risk) + breached
        if is_open:
            found.append(Standing(agency, is_open, at_risk, breached))
    return found


def _together(others: set[Standing]) -> Standing:
    return Standing(
        "",
        sum(one.open for one in others),
        sum(one.at_risk for one in others),
        sum(one.breached for one in others),
    )


async def _silences(
    heard: Mapping[str, datetime], directory: Directory, now: datetime
) -> list[tuple[str, float]]:
    found = []
    for number, (agency, heard_at) in enumerate(heard.items()):
        if number % TURN == 0:
            await asyncio.sleep(0)
        try:
            office = directory.timetable(agency, now)
            zone = directory.agency(agency).zone
            local, then = (at.astimezone(zone).replace(tzinfo=None) for at in (now, heard_at))
            seconds = silence(office, then, local).total_seconds()
        except (CalendarEndsError, NotHeardError):
            # Nothing can be reckoned for it: its calendar has ended, and its dossiers are set aside and called; or
            # it was registered after the directory was read, and the next look knows it.
            continue
        found.append((agency, seconds))
    return sorted(found, key=lambda one: (-one[1], one[0]))[:MOST_UNITS]
