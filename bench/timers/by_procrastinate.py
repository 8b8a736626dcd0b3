"""A procrastinate worker: each timer is a job of its own, which keeps one row of what is to be said.

The jobs lie in its table with `schedule_at` in the past, as its own statement defers them. A worker
fetches one job after the other, so that several in the one process are twice as fast as one which
runs as many jobs; tried were one worker with 1 to 64 jobs at once, and 2 to 16 with 1 to 8. Done
jobs are deleted, which leaves it a smaller table than keeping them. Each job in hand has a connection,
of a pool that does not ask the server before each loan whether it is still there, as procrastinate's
own would.
"""

import asyncio
import logging
from datetime import timedelta
from time import perf_counter

import procrastinate
from procrastinate.types import JSONDict
from psycopg_pool import AsyncConnectionPool

from bench.contestant import Result, contest
from bench.dossiers import AGENCIES
from bench.timers.tasks import Timers
from shared.clock import SystemClock

WORKERS = 8
AT_ONCE = 2
CONNECTIONS = WORKERS * AT_ONCE + 2
DEFERRED_AT_ONCE = 1_000
TABLE = "create table rang (id bigint generated always as identity primary key, code text, at timestamptz)"
KEEP = "insert into rang (code, at) values (%(code)s, now())"


async def work(task: Timers) -> Result:
    connector = procrastinate.PsycopgConnector()
    pool = AsyncConnectionPool(task.dsn, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False)
    app = procrastinate.App(connector=connector)

    async def keep(code: str) -> None:
        await connector.execute_query_async(KEEP, code=code)

    ring = app.task(queue="alarms", name="ring")(keep)
    async with pool, app.open_async(pool):
        await app.schema_manager.apply_schema_async()
        await connector.execute_query_async(TABLE)
        due_at = SystemClock().now() - timedelta(seconds=1)
        deferrer = ring.configure(schedule_at=due_at)
        for start in range(0, task.count, DEFERRED_AT_ONCE):
            numbers = range(start, min(start + DEFERRED_AT_ONCE, task.count))
            jobs: list[JSONDict] = [{"code": f"{AGENCIES[0]}-{number:07}"} for number in numbers]
            await deferrer.batch_defer_async(*jobs)
        await connector.execute_query_async("analyze procrastinate_jobs")
        began = perf_counter()
        await asyncio.gather(
            *(
                app.run_worker_async(
                    queues=["alarms"],
                    concurrency=AT_ONCE,
                    wait=False,
                    listen_notify=False,
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
                for _ in range(WORKERS)
            )
        )
        seconds = perf_counter() - began
        (done,) = (await connector.execute_query_one_async("select count(*) from rang")).values()
        if done != task.count:
            raise RuntimeError(f"{task.count} jobs left {done} rows")
    return Result(task.count, seconds)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    contest(Timers, work)
