"""Wakes when a delivery is due, or one is queued; no tick in between."""

from datetime import datetime

import structlog
from prometheus_client import Counter

from services.intake.usecases.deliver_notices import Carrier, deliver_notices
from shared.clock import Clock
from shared.watch import Watch

log = structlog.get_logger()

CHANNEL = "intake_deliveries"
"""NOTIFY on it tells that something is queued, or to be tried again."""

TRIED = Counter(
    "thanthien_notice_deliveries_total",
    "Tries to deliver a notice, by channel and what became of it; pending: to be tried again",
    ["channel", "outcome"],
)


class Deliverer(Watch):
    """Delivers in one process."""

    name = "delivery"

    def __init__(self, carrier: Carrier, clock: Clock) -> None:
        super().__init__(clock)
        self._carrier = carrier

    async def look(self) -> datetime | None:
        """Deliver what is due."""
        while await self.deliver_a_set():
            pass
        return await self._carrier.deliveries.earliest()

    async def deliver_a_set(self) -> int:
        """Try one set; how many were settled. What is due but another's is not waited for."""
        settled = await deliver_notices(self._carrier)
        for one in settled:
            TRIED.labels(self._carrier.channel.name, one.state).inc()
            if one.state in ("failed", "undeliverable"):
                log.warning("a notice is not delivered", outcome=one.state, reason=one.reason)
        return len(settled)
