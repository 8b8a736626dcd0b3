"""A steady load: officers whose citizens wait for the appointment, and agencies' systems with their logs."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from time import perf_counter
from typing import Any

from deploy.local.faults.client import UnansweredError
from deploy.local.faults.desk import Desk, RefusedError, log_lines
from deploy.local.faults.lives import Life
from deploy.local.faults.load import Pace
from deploy.local.faults.town import AGENCIES, PROCEDURES
from shared.clock import SystemClock

AT_COUNTERS_PER_SECOND = 5.0
"""Dossiers handed in one by one and waited for; the rest of the load comes in logs."""
LOGS_PER_SECOND = 1.0
WAIT_SECONDS = 5
"""`Prefer: wait`: how long a citizen stands at the counter; an answer without an appointment took as long."""
PROCEDURES_WITH_LIMIT = [name for name, (_, limit) in PROCEDURES.items() if limit["kind"] != "none"]
LIVES = (
    Life("counter", True, ("resolve", "return")),
    Life("counter", True, ("forward", "transfer", "resolve", "return")),
    Life("counter", True, ("request_supplement", "supplement", "resolve", "return")),
    Life("post", True, ("withdraw",)),
)
"""Accepted as they come, so that each has an appointment to wait for."""
MOVE_SECONDS = 0.3
"""Between a dossier's moves."""
IN_THE_LOG = (
    Life("counter", True, ("resolve", "return")),
    Life("online", True, ("accept", "resolve")),
    Life("post", True, ("withdraw",)),
)
LINE_SECONDS = 30
"""Between two lines of a dossier in its log; all of them in the last minutes, so that nothing is late."""


@dataclass(slots=True)
class Waits:
    """How long appointments took: when each was asked for, and the seconds until its answer."""

    seconds: list[tuple[float, float]] = field(default_factory=list)
    without: int = 0
    """Answers that came without the appointment."""

    def between(self, since: float, until: float) -> list[float]:
        """Sorted; of those asked for in that time (`perf_counter`)."""
        return sorted(took for asked_at, took in self.seconds if since <= asked_at < until)


class SteadyLoad:
    """Works from `start` until `stop`; whatever was begun is answered before `stop` returns."""

    def __init__(self, desk: Desk, chance: Random, dossiers_per_second: float) -> None:
        self._desk = desk
        self._chance = chance
        at_counters = min(dossiers_per_second, AT_COUNTERS_PER_SECOND)
        self._counters = Pace(at_counters)
        self._logs = Pace(LOGS_PER_SECOND)
        self._log_dossiers = round((dossiers_per_second - at_counters) / LOGS_PER_SECOND)
        self._ended = asyncio.Event()
        self._at_work: set[asyncio.Task[None]] = set()
        self._begun: list[asyncio.Task[None]] = []
        self._broke_off: list[str] = []
        self.waits = Waits()

    def start(self) -> None:
        works = [self._keep_up(self._counters, self._lead_a_life)]
        if self._log_dossiers:
            works.append(self._keep_up(self._logs, self._tell_a_log))
        self._begun = [asyncio.create_task(work) for work in works]

    async def stop(self) -> list[str]:
        """Let every dossier come to its end; returns what broke the load off, if anything."""
        self._ended.set()
        await asyncio.gather(*self._begun, return_exceptions=True)
        await asyncio.gather(*self._at_work, return_exceptions=True)
        for task in self._begun:
            self._note_end(task)
        return self._broke_off

    async def _keep_up(self, pace: Pace, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        # However long the answers take: citizens do not come more slowly because we do.
        while not self._ended.is_set():
            await pace.turn()
            task = asyncio.create_task(self._do(work))
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)
            task.add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broke_off.append(f"the load broke off: {error!r}")

    async def _do(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except RefusedError:
            pass  # it is in the notebook already, and fails the run
        except UnansweredError as error:
            self._desk.notebook.strange.append(str(error))

    async def _lead_a_life(self) -> None:
        agency, life = self._chance.choice(AGENCIES), self._chance.choice(LIVES)
        procedure = self._chance.choice(PROCEDURES_WITH_LIMIT)
        asked_at = perf_counter()
        entry, taken = await self._desk.submit(agency, procedure, life, wait_seconds=WAIT_SECONDS)
        self.waits.seconds.append((asked_at, perf_counter() - asked_at))
        self.waits.without += taken["appointment_at"] is None
        for do in life.moves:
            await asyncio.sleep(MOVE_SECONDS)
            await self._desk.move(entry, do)

    async def _tell_a_log(self) -> None:
        agency, now = self._chance.choice(AGENCIES), SystemClock().now()
        told = []
        for _ in range(self._log_dossiers):
            life, procedure = self._chance.choice(IN_THE_LOG), self._chance.choice(list(PROCEDURES))
            instants = [
                now - timedelta(seconds=LINE_SECONDS * (len(life.moves) - line))
                for line in range(len(life.moves) + 1)
            ]
            entry = self._desk.notebook.begin(agency)
            told.append((entry, life, log_lines(entry, procedure, life, instants, self._chance)))
        await self._desk.tell_log(told)
