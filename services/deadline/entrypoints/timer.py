"""Wakes when the next rung is due, or when an earlier one is set; no tick in between."""

import asyncio
from datetime import datetime, timedelta

from services.deadline.domain.rules import RuleBook
from services.deadline.entrypoints.subscribers import bell
from services.deadline.usecases.ports import FIRST_DUE, Begin, Due
from services.deadline.usecases.ring_alarms import RangSet, ring_alarms
from shared import telemetry
from shared.clock import Clock
from shared.watch import Watch

CHANNEL = "deadline_rungs"
"""NOTIFY on it tells that a rung was set which is due before all others."""

PASSED = timedelta(microseconds=1)
"""A rung rings once its instant has passed: whoever acts exactly at it is in time."""

PASSED_OVER_SECONDS = 0.1
"""How soon is looked again for what is due, and held by those who hear of it."""

REST = 0.3
"""How long a storm pauses after each set, of the time the set took: what flows on beside it needs it."""


class Timer(Watch):
    """The alarm clock of one process."""

    name = "the timer"

    def __init__(self, begin: Begin, clock: Clock, rule_book: RuleBook) -> None:
        super().__init__(clock)
        self._begin = begin
        self._rule_book = rule_book

    async def look(self) -> datetime | None:
        """Ring what is due; a rung rings once its instant has passed."""
        earliest = await self.ring_what_is_due()
        return None if earliest is None else earliest + PASSED

    async def ring_what_is_due(self) -> datetime | None:
        """Ring in sets until nothing is due; return when the next rung is."""
        behind = FIRST_DUE
        while True:
            began = asyncio.get_running_loop().time()
            rang, earliest = await self._ring_a_set(behind)
            telemetry.STORM.set(rang.last is not None)
            if rang.last is None and behind == FIRST_DUE:
                if earliest is None or earliest >= self._clock.now():
                    return earliest
                if not rang.size:
                    await asyncio.sleep(PASSED_OVER_SECONDS)
            if rang.last is not None:
                await asyncio.sleep(REST * (asyncio.get_running_loop().time() - began))
            # The sets of a storm go on one behind the other: each from the start would step over all
            # that have rung. What was passed over is found by the last one, which looks at all.
            behind = rang.last or FIRST_DUE

    async def _ring_a_set(self, behind: Due) -> tuple[RangSet, datetime | None]:
        async with self._begin() as books:
            ringing = bell(self._clock, self._rule_book)
            rang = await ring_alarms(books.clocks, books.directories, books.outbox, ringing, behind)
            return rang, None if rang.last else await books.clocks.earliest_rung()
