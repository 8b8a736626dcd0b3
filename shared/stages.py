"""Where a batch spends its time: decode, load, decide, store, commit. Marked per batch, never per event."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Literal

Stage = Literal["decode", "load", "decide", "store", "commit"]


class Laps:
    """The seconds each stage took, over one batch."""

    def __init__(self) -> None:
        self.seconds: dict[Stage, float] = {}
        self._stage: Stage = "load"
        self._since = perf_counter()

    def enter(self, stage: Stage) -> None:
        """End the stage under way and begin another; coming back to one adds to it."""
        now = perf_counter()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now


_laps: ContextVar[Laps | None] = ContextVar("laps", default=None)


def enter(stage: Stage) -> None:
    """Say which stage begins now; nothing where nobody measures (a request, a test)."""
    laps = _laps.get()
    if laps is not None:
        laps.enter(stage)


@contextmanager
def measured() -> Iterator[Laps]:
    """Measure what is entered inside, in this task; begins in `load`."""
    laps = Laps()
    token = _laps.set(laps)
    try:
        yield laps
    finally:
        laps.enter("commit")
        _laps.reset(token)
