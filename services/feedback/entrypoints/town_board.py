"""The town as this process shows it: looked up once per change, however many look on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from time import monotonic

from services.feedback.usecases.ports import Begin
from services.feedback.usecases.show_town import Town, show_town
from shared.clock import Clock

APART_SECONDS = 1.0
"""Between two looks: a busy town changes hundreds of times a second, and nobody reads that fast."""
LOOK_AGAIN_SECONDS = 30.0
"""A day ends without anything having changed."""
ASK_SECONDS = 1.0
"""How often a viewer's stream asks whether the process stops."""
MOST_VIEWERS = 1_000
"""Streams at once, in one process."""


class TooManyViewersError(Exception):
    """No further stream; the page itself is still shown."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The town as it was looked up, and the change that was the last by then."""

    town: Town
    change: int
    looked_at: float
    """By the monotonic clock."""


class TownBoard:
    """Call `changed` whenever scores have; run `watch` beside. Without it every viewer looks for themselves."""

    def __init__(self, begin: Begin, clock: Clock, apart_seconds: float = APART_SECONDS) -> None:
        self._begin = begin
        self._clock = clock
        self._apart_seconds = apart_seconds
        self._change = 0
        self._woken = asyncio.Event()
        self._seen: Seen | None = None
        self._looking = asyncio.Lock()
        self._is_watching = False
        self._viewers: set[asyncio.Event] = set()

    def changed(self, _: str = "") -> None:
        """Something has changed: the next look, soon, will see it."""
        self._change += 1
        self._woken.set()

    async def watch(self) -> None:
        """Look once per change and tell all viewers, as long as there are any; for ever."""
        self._is_watching = True
        try:
            while True:
                await self._wait()
                if self._viewers and self._is_old():
                    await self._look()
                    for viewer in self._viewers:
                        viewer.set()
                await asyncio.sleep(self._apart_seconds)
        finally:
            self._is_watching = False

    async def show(self) -> Town:
        """The town, not older than its last change, or a second."""
        async with self._looking:
            seen = self._seen
            if seen is not None and self._is_watching and not self._is_due(seen):
                return seen.town
        return (await self._look()).town

    async def follow(self, is_stopping: Callable[[], bool]) -> AsyncIterator[Town | None]:
        """The town, and again whenever it has changed; None now and then, to see whether the viewer is there.

        Raises `TooManyViewersError`.
        """
        if len(self._viewers) >= MOST_VIEWERS:
            raise TooManyViewersError
        told = asyncio.Event()
        self._viewers.add(told)
        try:
            yield await self.show()
            while not is_stopping():
                try:
                    async with asyncio.timeout(ASK_SECONDS):
                        await told.wait()
                except TimeoutError:
                    yield None
                    continue
                told.clear()
                yield await self.show()
        finally:
            self._viewers.discard(told)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    def _is_old(self) -> bool:
        """Something changed since, or another day has begun."""
        seen = self._seen
        if seen is None or seen.change != self._change:
            return True
        zone = seen.town.time_zone
        return self._clock.now().astimezone(zone).date() != seen.town.on

    def _is_due(self, seen: Seen) -> bool:
        return self._is_old() and monotonic() - seen.looked_at >= self._apart_seconds

    async def _look(self) -> Seen:
        """One look at a time; who waited for another's is content with it if it began after they came."""
        came = monotonic()
        async with self._looking:
            if self._is_watching and self._seen is not None and self._seen.looked_at >= came:
                return self._seen
            change, looked_at = self._change, monotonic()
            async with self._begin() as books:
                town = await show_town(books, self._clock.now())
            self._seen = Seen(town, change, looked_at)
            return self._seen
