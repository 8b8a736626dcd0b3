"""The board's beat: one snapshot per interval while anybody watches, rendered once, given to all.

A viewer holds nothing but the number of the last snapshot it was sent: a slow one skips to the newest.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from time import monotonic

import structlog
from prometheus_client import Counter

from services.deadline.usecases.board import ReadBoard, Snapshot
from shared.clock import Clock
from shared.postgres import is_transient

log = structlog.get_logger()

INTERVAL_SECONDS = 1.0
BEAT_SECONDS = 2.0
MOST_VIEWERS = 500

Render = Callable[[Snapshot], bytes]


class FullError(RuntimeError):
    """More viewers than one replica takes."""


class Broadcast:
    """The newest snapshot, and who waits for the next."""

    def __init__(
        self,
        read: ReadBoard,
        clock: Clock,
        render: Mapping[str, Render],
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._read, self._clock, self._render = read, clock, render
        self._interval = interval_seconds
        self._number = 0
        self._frames: dict[str, bytes] = {}
        self._changed = asyncio.Condition()
        self._watched = asyncio.Event()
        self._taking = asyncio.Lock()
        self._snapshot: Snapshot | None = None
        self._taken = 0.0
        self.viewers = 0

    async def run(self) -> None:
        """For ever; without viewers nothing is asked of the database."""
        while True:
            await self._watched.wait()
            try:
                await self._take()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("the board stands still", error=repr(error)[:300])
            await asyncio.sleep(self._interval)

    async def _take(self) -> None:
        snapshot = await self.latest()
        frames = {scope: render(snapshot) for scope, render in self._render.items()}
        async with self._changed:
            self._frames, self._number = frames, self._number + 1
            self._changed.notify_all()

    async def latest(self) -> Snapshot:
        """A snapshot no older than the interval; asked for by many at once it is taken once."""
        async with self._taking:
            now = monotonic()
            if self._snapshot is None or now - self._taken >= self._interval:
                self._snapshot, self._taken = await self._read(self._clock.now()), now
            return self._snapshot

    def watch(self, scope: str, is_over: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Frames of a scope until `is_over()`. Raises `FullError`, at once."""
        if self.viewers >= MOST_VIEWERS:
            raise FullError(f"{MOST_VIEWERS} already watch")
        return self._frames_of(scope, is_over)

    async def _frames_of(self, scope: str, is_over: Callable[[], bool]) -> AsyncIterator[bytes]:
        self.viewers += 1
        self._watched.set()
        seen = 0
        try:
            while not is_over():
                try:
                    async with asyncio.timeout(1), self._changed:
                        await self._changed.wait_for(lambda: self._number > seen)  # noqa: B023
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                seen = self._number
                yield self._frames[scope]
        finally:
            self.viewers -= 1
            if self.viewers == 0:
                self._watched.clear()


def frame(html: str) -> bytes:
    """One server-sent event: the page's changing part, as a JSON string on one line."""
    return f"data: {json.dumps(html, ensure_ascii=False)}\n\n".encode()


def counted(counter: Counter) -> float:
    """The sum of a counter of this process over its labels."""
    return sum(
        sample.value
        for metric in counter.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    )
