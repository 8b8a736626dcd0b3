"""Drives the virtual clock of a stack, and sees that every service follows it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self

import httpx
import orjson
from aiokafka import AIOKafkaProducer

from deploy.local.quiesce import Quiet
from shared.events.catalogue import CLOCK_TOPIC

PATIENCE_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.002
LONGEST_PAUSE_SECONDS = 0.02


class Timekeeper:
    """The one hand on the clock.

    Deadline's clock is set last, once it has heard of all that happened until then: an alarm that
    rings only because the news was still on its way would be the driver's fault, not the agency's.
    """

    def __init__(self, urls: Mapping[str, str], producer: Any, quiet: Quiet) -> None:
        self._urls = urls
        self._producer = producer
        self._client = httpx.AsyncClient(timeout=10, trust_env=False)
        self.quiet = quiet

    async def act_at(self, now: datetime) -> None:
        """Let it be `now` for those who act: officers and citizens."""
        await self._set(now, "intake", "feedback")

    async def ring_until(self, now: datetime, *, patience_seconds: float = 300) -> None:
        """Wait until all that happened is known, then let it be `now` for deadline, and wait until
        all that is due has rung and been heard."""
        await self.quiet.wait(patience_seconds=patience_seconds)
        await self._set(now, "deadline")
        await self.quiet.wait(rung_by=now, patience_seconds=patience_seconds)

    async def _set(self, now: datetime, *services: str) -> None:
        value = orjson.dumps({"now": now.isoformat()})
        await self._producer.send_and_wait(CLOCK_TOPIC, value, key=" ".join(services).encode())
        await asyncio.gather(*(self._see_followed(service, now) for service in services))

    async def _see_followed(self, service: str, now: datetime) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                await asyncio.sleep(pause_seconds)
                answer = await self._client.get(f"{self._urls[service]}/health/ready")
                if datetime.fromisoformat(answer.json()["now"]) >= now:
                    return
                pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)

    @classmethod
    @asynccontextmanager
    async def driving(
        cls, urls: Mapping[str, str], ledger_dsn: str, bootstrap_servers: str
    ) -> AsyncIterator[Self]:
        """A timekeeper of a stack whose services keep a virtual clock; one process of each."""
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", linger_ms=0)
        await producer.start()
        try:
            async with Quiet.watching(ledger_dsn, bootstrap_servers) as quiet:
                keeper = cls(urls, producer, quiet)
                try:
                    yield keeper
                finally:
                    await keeper._client.aclose()
        finally:
            await producer.stop()
