"""Deadline's timer, as one process of the service runs it: it rings all that is due."""

from time import perf_counter

from bench.contestant import Result, contest
from bench.timers.tasks import Timers
from bench.town import open_books
from services.deadline.adapters.rule_book import read_rule_book
from services.deadline.entrypoints.timer import Timer
from shared.clock import SystemClock


async def work(task: Timers) -> Result:
    async with open_books(task.dsn) as begin:
        timer = Timer(begin, SystemClock(), read_rule_book())
        began = perf_counter()
        await timer.ring_what_is_due()
        return Result(task.count, perf_counter() - began)


if __name__ == "__main__":
    contest(Timers, work)
