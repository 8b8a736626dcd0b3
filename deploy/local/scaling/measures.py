"""What a stretch of time cost and brought: the replicas' own process times, the events said."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import asyncpg
import psutil

from deploy.local.ledger.parties import SERVICES
from deploy.local.stack import Stack

SAID = "select " + " + ".join(
    f"(select coalesce(sum(last_sequence), 0) from {service}.said)" for service in SERVICES
)
DOSSIERS = "select count(*) from intake.dossiers"


@dataclass(frozen=True, slots=True)
class Reading:
    """Where the counters stand. `at`: `perf_counter`; CPU in seconds, user and system."""

    at: float
    cpu_seconds: dict[int, float]
    """By process id, of the replicas that run."""
    events: int
    dossiers: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """What lies between two readings of the same processes."""

    seconds: float
    cpu_seconds: float
    events: int
    dossiers: int

    @property
    def cpu_per_thousand(self) -> float:
        """CPU-seconds of all replicas per thousand events said."""
        return 1_000 * self.cpu_seconds / self.events if self.events else 0.0


class Meter:
    """Reads a stack's counters; `connection` with the role ledger's eyes."""

    def __init__(self, stack: Stack, connection: asyncpg.Connection) -> None:
        self._stack = stack
        self._connection = connection

    async def read(self) -> Reading:
        cpu_seconds = {}
        for replica in self._stack.replicas.values():
            if replica.pid is not None:
                times = psutil.Process(replica.pid).cpu_times()
                cpu_seconds[replica.pid] = times.user + times.system
        events, dossiers = (
            int(await self._connection.fetchval(SAID)),
            int(await self._connection.fetchval(DOSSIERS)),
        )
        return Reading(perf_counter(), cpu_seconds, events, dossiers)


def between(before: Reading, after: Reading) -> Stretch:
    """Raises `ValueError` unless the same replicas ran throughout."""
    if before.cpu_seconds.keys() != after.cpu_seconds.keys():
        raise ValueError("replicas came or went in between")
    return Stretch(
        after.at - before.at,
        sum(after.cpu_seconds.values()) - sum(before.cpu_seconds.values()),
        after.events - before.events,
        after.dossiers - before.dossiers,
    )


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed; 0 of nothing."""
    if not sorted_values:
        return 0.0
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]
