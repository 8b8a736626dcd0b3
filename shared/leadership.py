"""Who leads: of all processes of a service one at a time, by an advisory lock that falls when it dies."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import structlog

from shared.postgres import is_transient, listening

log = structlog.get_logger()

STANDBY_SECONDS = 0.5
"""How long nobody leads at most, when a leader has died."""

LEAD = "select pg_try_advisory_lock(hashtext($1), hashtext($2))"
"""Whether this connection leads in a schema, until it ends.

Asked again and again: a statement that waited would hold a snapshot all the while, and no dead row of
the whole database could be removed beside it. Whoever looks for what is due next would have to step
over every alarm that has rung.
"""

RESIGN = "select pg_advisory_unlock(hashtext($1), hashtext($2)), pg_notify($3, '')"
"""Give the lead away, and call whoever stands by."""


def standby_seconds() -> float:
    """How long everybody waits between two tries to lead, unless another way is given."""
    return STANDBY_SECONDS


@asynccontextmanager
async def leading(
    dsn: str,
    name: str,
    schema: str,
    lost: asyncio.Event,
    standby: Callable[[], float] = standby_seconds,
) -> AsyncIterator[asyncpg.Connection]:
    """Stand by until this process leads in `name`, and lead while inside; `lost` is set when the
    connection ends, and the lead with it. Who leaves the block in good order calls the next at once.
    Raises what asyncpg raises."""
    connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC"})
    connection.add_termination_listener(lambda _: lost.set())
    try:
        await _stand_by(connection, name, schema, standby)
        yield connection
        await connection.execute(RESIGN, name, schema, f"{schema}_{name}")
    finally:
        await _close(connection)


async def _stand_by(
    connection: asyncpg.Connection, name: str, schema: str, standby: Callable[[], float]
) -> None:
    called = asyncio.Event()
    async with listening(connection, f"{schema}_{name}", called):
        while not await connection.fetchval(LEAD, name, schema):
            with suppress(TimeoutError):
                async with asyncio.timeout(standby()):
                    await called.wait()
            called.clear()


async def lead_for_ever(
    dsn: str,
    name: str,
    schema: str,
    work: Callable[[], Coroutine[Any, Any, None]],
    standby: Callable[[], float] = standby_seconds,
) -> None:
    """Run `work` whenever this process leads; end it when the lead is lost. What it raises ends all.

    `standby` tells how long to wait before each try: who has less to do should be the first.
    """
    while True:
        await asyncio.sleep(standby())
        lost = asyncio.Event()
        try:
            async with leading(dsn, name, schema, lost, standby):
                await _until(lost, work())
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("nobody leads from here", name=name, error=repr(error)[:300])


async def _until(lost: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    working, losing = asyncio.create_task(work), asyncio.create_task(lost.wait())
    try:
        await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        losing.cancel()
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
    if not working.cancelled():
        working.result()


async def _close(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=2)
    except Exception as error:
        connection.terminate()
        if not is_transient(error):
            raise
