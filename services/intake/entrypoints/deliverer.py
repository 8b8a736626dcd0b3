"""Wakes when a delivery is due, or one is queued; no tick in between."""

import asyncio

import structlog
from prometheus_client import Counter

from services.intake.usecases.deliver_notices import Carrier, deliver_notices
from shared.clock import Clock
from shared.postgres import is_transient

log = structlog.get_logger()

CHANNEL = "intake_deliveries"
"""NOTIFY on it tells that something is queued, or to be tried again."""

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 5.0

TRIED = Counter(
    "thanthien_notice_deliveries_total",
    "Tries to deliver a notice, by channel and what became of it; pending: to be tried again",
    ["channel", "outcome"],
)


class Deliverer:
    """Delivers in one process; any number may run beside each other."""

    def __init__(self, carrier: Carrier, clock: Clock) -> None:
        self._carrier = carrier
        self._clock = clock
        self._woken = asyncio.Event()

    def wake(self, _payload: str = "") -> None:
        """Look again: for `Parts.listen(CHANNEL, deliverer.wake)`."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver for ever. A database that is away is waited for; any other error ends it."""
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            try:
                while await self.deliver_a_set():
                    pass
                earliest = await self._carrier.deliveries.earliest()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("delivery pauses: the database is away", error=repr(error)[:300])
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
                continue
            pause_seconds = FIRST_PAUSE_SECONDS
            await self._clock.wait_until(earliest, self._woken)

    async def deliver_a_set(self) -> int:
        """Try one set; how many were settled. What is due but another's is not waited for."""
        settled = await deliver_notices(self._carrier)
        for one in settled:
            TRIED.labels(self._carrier.channel.name, one.state).inc()
            if one.state in ("failed", "undeliverable"):
                log.warning("a notice is not delivered", outcome=one.state, reason=one.reason)
        return len(settled)
