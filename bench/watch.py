"""Waiting for the database to say that something has come about."""

import asyncio

import asyncpg

PATIENCE_SECONDS = 120.0


async def until(
    connection: asyncpg.Connection, is_so: str, *arguments: object, every_seconds: float = 0.05
) -> None:
    """Ask until the query answers true. Raises `TimeoutError` when patience ends."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if await connection.fetchval(is_so, *arguments):
                return
            await asyncio.sleep(every_seconds)
