"""How long a dead replica's partitions stand still: from SIGKILL to the first event another handled."""

import asyncio
from time import perf_counter

import asyncpg
import httpx
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.faults.watch import Unmended
from deploy.local.scaling.rotation import Rotation
from deploy.local.stack import Stack

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 60.0
LAG = "thanthien_consumer_lag_events"
Place = tuple[str, int]
"""A topic and one of its partitions."""


async def held_by(url: str) -> set[Place]:
    """Which partitions a replica has, as its metrics tell."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        text = (await client.get(f"{url}/metrics")).raise_for_status().text
    return {
        (sample.labels["topic"], int(sample.labels["partition"]))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == LAG
    }


async def kill_and_watch(
    stack: Stack, rotation: Rotation, connection: asyncpg.Connection, service: str, number: int
) -> float:
    """Kill it under load; seconds until an event of one of its partitions was handled by another.

    Raises `Unmended`.
    """
    places = await held_by(stack.url(service, number))
    if not places:
        raise Unmended(f"{service} {number} has no partitions")
    rotation.kill(service, number)
    killed_at = perf_counter()
    # It is dead: whatever moves from here on, another has moved.
    before = await _positions(connection, service)
    while perf_counter() < killed_at + PATIENCE_SECONDS:
        await asyncio.sleep(LOOK_SECONDS)
        now = await _positions(connection, service)
        if any(now.get(place, 0) > before.get(place, 0) for place in places):
            return perf_counter() - killed_at
    raise Unmended(f"nobody took over from {service} {number} in {PATIENCE_SECONDS:.0f} s")


async def _positions(connection: asyncpg.Connection, service: str) -> dict[Place, int]:
    rows = await connection.fetch(f"select topic, partition, next_offset from {service}.progress")
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
