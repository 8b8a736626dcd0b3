"""The load: officers, citizens and agencies' systems at work while the blows fall."""

import asyncio
from datetime import datetime, timedelta
from random import Random
from time import perf_counter

from deploy.local.faults.client import UnansweredError
from deploy.local.faults.desk import Desk, RefusedError, log_lines
from deploy.local.faults.lives import AT_THE_COUNTER, IN_THE_LOG, Life
from deploy.local.faults.town import AGENCIES, PROCEDURES
from shared.clock import SystemClock

OFFICERS = 16
LOG_SECONDS = 1.0
"""Between one agency's log and the next."""
LOG_DOSSIERS = 12
LONGEST_AGO_DAYS = 30
RATED_SHARE = 0.3
REPORTED_SHARE = 0.02
WAITED_SHARE = 0.2
"""How many submissions ask to be answered with their appointment."""


class Pace:
    """At most `per_second` requests, evenly."""

    def __init__(self, per_second: float) -> None:
        self._gap_seconds = 1 / per_second
        self._next_at = perf_counter()

    async def turn(self) -> None:
        """Wait for the next turn."""
        now = perf_counter()
        self._next_at = max(self._next_at + self._gap_seconds, now)
        await asyncio.sleep(self._next_at - now)


class Load:
    """Works from `start` until `stop`; whatever was begun is answered before `stop` returns."""

    def __init__(self, desk: Desk, chance: Random, per_second: float) -> None:
        self._desk = desk
        self._chance = chance
        self._pace = Pace(per_second)
        self._ended = asyncio.Event()
        self._hands: list[asyncio.Task[None]] = []

    def start(self) -> None:
        works = [self._officer() for _ in range(OFFICERS)] + [self._system()]
        self._hands = [asyncio.create_task(work) for work in works]

    async def stop(self) -> list[str]:
        """Let everybody finish what they are at; returns what broke them off, if anything."""
        self._ended.set()
        ends = await asyncio.gather(*self._hands, return_exceptions=True)
        return [f"the load broke off: {end!r}" for end in ends if isinstance(end, BaseException)]

    async def _officer(self) -> None:
        while not self._ended.is_set():
            try:
                await self._lead_a_life()
            except (RefusedError, UnansweredError) as error:
                # It is in the notebook; one broken life must not end the load.
                self._note(error)

    async def _lead_a_life(self) -> None:
        agency, life = self._chance.choice(AGENCIES), self._chance.choice(AT_THE_COUNTER)
        procedure = self._chance.choice(list(PROCEDURES))
        await self._pace.turn()
        wait_seconds = 2 if self._happens(WAITED_SHARE) else 0
        entry, _ = await self._desk.submit(agency, procedure, life, wait_seconds=wait_seconds)
        for do in life.moves:
            await self._pace.turn()
            if self._ended.is_set():
                return
            await self._desk.move(entry, do)
        if life.moves[-1] == "return" and self._happens(RATED_SHARE):
            await self._pace.turn()
            await self._desk.rate(entry)
        if self._happens(REPORTED_SHARE):
            await self._desk.report(agency)

    async def _system(self) -> None:
        """An agency's system that brings its log of the last weeks, bit by bit."""
        while not self._ended.is_set():
            agency = self._chance.choice(AGENCIES)
            told = []
            for _ in range(LOG_DOSSIERS):
                life = self._chance.choice(IN_THE_LOG)
                procedure = self._chance.choice(list(PROCEDURES))
                entry = self._desk.notebook.begin(agency)
                lines = log_lines(entry, procedure, life, self._instants(life), self._chance)
                told.append((entry, life, lines))
            try:
                await self._desk.tell_log(told)
            except (RefusedError, UnansweredError) as error:
                self._note(error)
            await asyncio.sleep(LOG_SECONDS)

    def _instants(self, life: Life) -> list[datetime]:
        """When a life of the past days took place: some in time, some late, some not over yet."""
        now = SystemClock().now()
        began_at = now - timedelta(days=self._chance.uniform(0, LONGEST_AGO_DAYS))
        hours = sorted(self._chance.uniform(0, 60) for _ in life.moves)
        return [began_at, *(min(now, began_at + timedelta(hours=after)) for after in hours)]

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    def _note(self, error: Exception) -> None:
        if isinstance(error, UnansweredError):
            self._desk.notebook.strange.append(str(error))
