"""Sees when the stack is whole again: citizens get their appointments."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import TypeVar

from deploy.local.faults.desk import Desk
from deploy.local.faults.lives import Life
from deploy.local.faults.notebook import Entry
from deploy.local.faults.town import AGENCIES

PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.5
PROBES = 10
"""Dossiers handed in to see whether all is well: of several agencies, in several partitions."""
WAIT_SECONDS = 5

Seen = TypeVar("Seen")


class Unmended(RuntimeError):  # noqa: N818
    """What should have come back, or come about, has not."""


async def until(look: Callable[[], Awaitable[Seen | None]], what: str) -> Seen:
    """Look until there is something to see. Raises `Unmended` when patience ends."""
    give_up_at = perf_counter() + PATIENCE_SECONDS
    while not (seen := await look()):
        if perf_counter() > give_up_at:
            raise Unmended(f"not so after {PATIENCE_SECONDS:.0f} s: {what}")
        await asyncio.sleep(PAUSE_SECONDS)
    return seen


async def probe(desk: Desk) -> None:
    """Hand dossiers in and wait for their appointments. Raises `Unmended`."""
    works = [_hand_in(desk, agency) for agency in (*AGENCIES, *AGENCIES)[:PROBES]]
    await until_whole(desk, await asyncio.gather(*works))


async def until_whole(desk: Desk, entries: Sequence[Entry]) -> None:
    """Wait until these dossiers have their appointments. Raises `Unmended`."""
    for entry in entries:

        async def look(entry: Entry = entry) -> bool:
            promise = (await desk.dossier(entry.code))["promise"]
            return promise is not None and promise["appointment_at"] is not None

        await until(look, f"{entry.code} has its appointment")


async def _hand_in(desk: Desk, agency: str) -> Entry:
    life = Life("counter", True, ())
    entry, _ = await desk.submit(agency, "thu.ba-ngay", life, wait_seconds=WAIT_SECONDS)
    return entry
