"""Units as metrics: one replica counts for all, at most a fiftieth of the time, and names the worst."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from time import monotonic

import structlog
from prometheus_client import Gauge

from services.deadline.usecases.board import Snapshot
from services.deadline.usecases.directory import Directory
from services.deadline.usecases.watch_units import UnitFigures, Units, watch_units
from shared.clock import Clock
from shared.events import dossiers
from shared.messages import Heard
from shared.postgres import is_transient

log = structlog.get_logger()

BEAT_SECONDS = 5.0
REST = 50
"""After a look it rests for so many times what the look took: counting costs a fiftieth of one connection."""
KEPT_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a unit was heard."""
OTHERS = "other"

OPEN = Gauge(
    "thanthien_unit_clocks_open",
    "Clocks open, of the units with the greatest share of breaches; 'other' is all other units",
    ["agency"],
)
AT_RISK = Gauge(
    "thanthien_unit_clocks_at_risk", "Of the open ones, those whose warning has rung", ["agency"]
)
BREACHED = Gauge(
    "thanthien_unit_clocks_breached", "Of the open ones, those past their legal due", ["agency"]
)
UNITS = Gauge("thanthien_units_with_open_clocks", "Units that have open clocks")
SILENT = Gauge(
    "thanthien_unit_silent_seconds",
    "Working time since a dossier of a unit was heard of, of the units longest silent",
    ["agency"],
)
LOOK_SECONDS = Gauge("thanthien_unit_look_seconds", "What the last look at all units took")
GAUGES = (OPEN, AT_RISK, BREACHED, SILENT)


class UnitWatch:
    """Notes which units are heard in this process; while it leads, counts all units for operators."""

    def __init__(
        self,
        units: Units,
        board: Callable[[], Awaitable[Snapshot]],
        directory: Callable[[], Awaitable[Directory]],
        clock: Clock,
        leads: Callable[[], bool],
    ) -> None:
        self._units, self._board, self._directory = units, board, directory
        self._clock, self._leads = clock, leads
        self._heard: dict[str, datetime] = {}
        self._kept: dict[str, datetime] = {}
        self._next_look = 0.0

    def note(self, heard: Sequence[Heard]) -> None:
        """The units of a batch of events are not silent."""
        now = self._clock.now()
        spoke = {one.event.agency for one in heard if isinstance(one.event, dossiers.DossierEvent)}
        self._heard.update(dict.fromkeys(spoke, now))

    async def run(self) -> None:
        """For ever. A database that is away is waited for; any other error ends it."""
        while True:
            try:
                await self.keep()
                await self._look_in_turn()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("the units are out of sight", error=repr(error)[:300])
            await asyncio.sleep(BEAT_SECONDS)

    async def keep(self) -> None:
        """Keep when units were heard, each a minute after it was last kept at the earliest."""
        kept = self._kept
        new = {
            agency: at
            for agency, at in self._heard.items()
            if agency not in kept or at - kept[agency] >= KEPT_EVERY
        }
        if new:
            await self._units.keep_heard(new)
            self._kept |= new

    async def _look_in_turn(self) -> None:
        if not self._leads():
            for gauge in GAUGES:  # Another replica tells.
                gauge.clear()
            self._next_look = 0.0
        elif monotonic() >= self._next_look:
            began = monotonic()
            await self.look()
            taken = monotonic() - began
            LOOK_SECONDS.set(taken)
            self._next_look = monotonic() + REST * taken

    async def look(self) -> None:
        """Count all units and set the gauges."""
        directory = await self._directory()
        show(await watch_units(self._units, await self._board(), directory, self._clock.now()))


def show(figures: UnitFigures) -> None:
    """Set the gauges, all at once: nothing is awaited, so that no scrape sees the half of it."""
    for gauge in GAUGES:
        gauge.clear()
    UNITS.set(figures.units)
    for one in (*figures.named, figures.others._replace(agency=OTHERS)):
        OPEN.labels(one.agency).set(one.open)
        AT_RISK.labels(one.agency).set(one.at_risk)
        BREACHED.labels(one.agency).set(one.breached)
    for agency, seconds in figures.silent_seconds:
        SILENT.labels(agency).set(seconds)
