"""Deadline's timer on a clock that is moved on by hand: sweep after sweep, each of as many clocks."""

from datetime import timedelta
from time import perf_counter

from bench.contestant import Result, contest
from bench.timers.tasks import Sweeps
from bench.town import open_books
from services.deadline.adapters.rule_book import read_rule_book
from services.deadline.entrypoints.timer import Timer
from shared.clock import VirtualClock


async def work(task: Sweeps) -> Result:
    """The first sweep, which opens connections and prepares statements, is not counted."""
    clock = VirtualClock()
    a_sweep = timedelta(seconds=task.apart_seconds) * task.clocks
    seconds = 0.0
    async with open_books(task.dsn) as begin:
        timer = Timer(begin, clock, read_rule_book())
        due_at = await timer.ring_what_is_due()
        for number in range(task.count + 1):
            assert due_at is not None  # many more clocks are open than are rung
            await clock.set(due_at + a_sweep)
            began = perf_counter()
            following = await timer.ring_what_is_due()
            if number > 0:
                seconds += perf_counter() - began
            if following != due_at + a_sweep:
                raise RuntimeError(f"the sweep up to {due_at + a_sweep} left {following} as next")
            due_at = following
    return Result(task.count, seconds)


if __name__ == "__main__":
    contest(Sweeps, work)
