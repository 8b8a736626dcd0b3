"""Deadline's `recompute`, as its command runs it: every open clock is counted anew."""

from time import perf_counter

from bench.contestant import Result, contest
from bench.timers.tasks import Timers
from bench.town import open_books
from services.deadline.usecases.recompute import Summary, recompute
from shared.clock import SystemClock


def tell(_: Summary) -> None:
    """Nobody looks on."""


async def work(task: Timers) -> Result:
    async with open_books(task.dsn) as begin:
        began = perf_counter()
        summary = await recompute(begin, SystemClock().now, "a decree", "bench", tell)
        seconds = perf_counter() - began
    if summary.changed < task.count or summary.uncounted_in_all:
        raise RuntimeError(f"of {task.count} clocks {summary.changed} changed")
    return Result(summary.changed, seconds)


if __name__ == "__main__":
    contest(Timers, work)
