"""What became of the Friday's notices, read with the ledger's eyes, and where they lie."""

import asyncio
import time
from pathlib import Path

import asyncpg

PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.1

COUNT = """
select count(*) filter (where state = 'delivered') as delivered,
       count(*) filter (where state = 'pending') as pending, count(*) as every
from intake.deliveries
"""


async def delivered_in_words(dsn: str, outbox: Path) -> str:
    """Wait until nothing is on its way, and say how many notices were delivered into `outbox`."""
    connection = await asyncpg.connect(dsn)
    try:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        ((delivered, pending, every),) = await connection.fetch(COUNT)
        while pending and time.monotonic() < give_up_at:
            await asyncio.sleep(LOOK_SECONDS)
            ((delivered, pending, every),) = await connection.fetch(COUNT)
    finally:
        await connection.close()
    return f"{delivered:,} of {every:,} notices were delivered, a file each: {outbox}"
