"""A replica tells the others how it is, every few seconds, for the board."""

import asyncio
import json
import os
import socket
from time import monotonic
from typing import Protocol

import structlog

from services.deadline.entrypoints.broadcast import BEAT_SECONDS, counted
from shared.health import WhyNotReady
from shared.postgres import is_transient
from shared.telemetry import HEARD, IS_RELAY_LEADER, SAID

log = structlog.get_logger()


class Beats(Protocol):
    """Where replicas tell of themselves."""

    async def beat(
        self, replica: str, missing: str, heard_per_s: float, said_per_s: float, is_relaying: bool
    ) -> None: ...

    async def leave(self, replica: str) -> None: ...


def replica_name(instance: str) -> str:
    """What the board calls this process: its configured name, or its host's and number."""
    return instance or f"{socket.gethostname()}-{os.getpid()}"


async def beat_for_ever(beats: Beats, replica: str, why_not_ready: WhyNotReady) -> None:
    """Until cancelled; then say goodbye, so that a planned stop is not shown as a silence."""
    since, heard, said = monotonic(), counted(HEARD), counted(SAID)
    try:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            now, heard_now, said_now = monotonic(), counted(HEARD), counted(SAID)
            rates = (heard_now - heard) / (now - since), (said_now - said) / (now - since)
            since, heard, said = now, heard_now, said_now
            is_relaying = any(
                one.value for metric in IS_RELAY_LEADER.collect() for one in metric.samples
            )
            try:
                missing = json.dumps(await why_not_ready(), ensure_ascii=False)
                await beats.beat(replica, missing, *rates, is_relaying)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("a heartbeat is left out", error=repr(error)[:300])
    finally:
        await _leave(beats, replica)


async def _leave(beats: Beats, replica: str) -> None:
    try:
        async with asyncio.timeout(BEAT_SECONDS):
            await beats.leave(replica)
    except Exception as error:
        if not is_transient(error):
            raise
        log.warning("the board will miss this replica", error=repr(error)[:300])
