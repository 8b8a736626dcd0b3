"""Deadline's timer, as one process of the service runs it, until it is ended."""

import asyncio

from bench.contestant import Result, contest
from bench.timers.tasks import Timers
from bench.town import open_books
from services.deadline.adapters.rule_book import read_rule_book
from services.deadline.entrypoints.timer import CHANNEL, Timer
from shared.clock import SystemClock
from shared.process import listen_for_ever


async def work(task: Timers) -> Result:
    async with open_books(task.dsn) as begin:
        timer = Timer(begin, SystemClock(), read_rule_book())
        async with asyncio.TaskGroup() as group:
            group.create_task(listen_for_ever(task.dsn, CHANNEL, timer.wake))
            group.create_task(timer.run())
    raise AssertionError("a timer runs for ever")


if __name__ == "__main__":
    contest(Timers, work)
