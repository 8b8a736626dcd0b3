"""The only `now()`: the system's clock in life, a virtual one in replays and tests."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


def wall_ns() -> int:
    """The machine's time in nanoseconds since 1970, for spans: they tell how long things took, and a
    virtual clock stands still meanwhile. No rule and no event may know it."""
    return time.time_ns()


class Clock(Protocol):
    """Where every instant comes from that no event or request brought along."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    async def wait_until(self, instant: datetime | None, woken: asyncio.Event) -> None:
        """Return at `instant` (None: never) or when `woken` is set, which is cleared."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def wait_until(self, instant: datetime | None, woken: asyncio.Event) -> None:
        seconds = None if instant is None else max(0.0, (instant - self.now()).total_seconds())
        try:
            async with asyncio.timeout(seconds):
                await woken.wait()
        except TimeoutError:
            pass
        woken.clear()


class VirtualClock:
    """A clock that stands still until it is set; it never goes back."""

    def __init__(self, start: datetime = datetime(2000, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._moved = asyncio.Condition()

    def now(self) -> datetime:
        return self._now

    async def set(self, now: datetime) -> None:
        """Move to `now` (aware) and wake whoever waits; an earlier instant changes nothing."""
        if now > self._now:
            self._now = now.astimezone(UTC)
            async with self._moved:
                self._moved.notify_all()

    async def wait_until(self, instant: datetime | None, woken: asyncio.Event) -> None:
        if instant is not None and instant <= self._now:
            woken.clear()
            return
        waking = asyncio.ensure_future(woken.wait())
        arriving = asyncio.ensure_future(self._arrival(instant))
        try:
            await asyncio.wait({waking, arriving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
            arriving.cancel()
            await asyncio.gather(waking, arriving, return_exceptions=True)
        woken.clear()

    async def _arrival(self, instant: datetime | None) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: instant is not None and instant <= self._now)
