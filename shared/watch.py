"""Keeping watch: look at what is due, sleep until the next instant or until woken; no tick in between."""

import asyncio
from abc import ABC, abstractmethod
from datetime import datetime
from typing import ClassVar

import structlog

from shared.clock import Clock
from shared.postgres import is_transient

log = structlog.get_logger()

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 5.0


class Watch(ABC):
    """Does what is due in one process; any number may run beside each other."""

    name: ClassVar[str]
    """What keeps watch, as the log calls it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._woken = asyncio.Event()

    def wake(self, _payload: str = "") -> None:
        """Look again: for `Parts.listen(CHANNEL, watch.wake)`."""
        self._woken.set()

    @abstractmethod
    async def look(self) -> datetime | None:
        """Do all that is due; the instant at which to look again (None: when woken)."""

    async def run(self) -> None:
        """Keep watch for ever. A database that is away is waited for; any other error ends it."""
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            try:
                look_again_at = await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning(f"{self.name} pauses: the database is away", error=repr(error)[:300])
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
                continue
            pause_seconds = FIRST_PAUSE_SECONDS
            await self._clock.wait_until(look_again_at, self._woken)
