"""Strikes one blow, mends it as an orchestrator would, and times how long citizens felt it."""

import asyncio
from dataclasses import dataclass
from time import perf_counter

from deploy.local.faults.cures import Ward
from deploy.local.faults.plan import Blow, Kind, Victim
from deploy.local.faults.watch import Unmended, probe
from deploy.local.postgres import SERVICES
from deploy.local.stack import Stack

CUT_PAUSE_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round did, and how long until dossiers handed in afterwards had their appointments."""

    kind: Kind
    what: str
    recovered_seconds: float


@dataclass(frozen=True, slots=True)
class Striker:
    """The campaign's hand. `outage_seconds`: how long the broker is gone."""

    stack: Stack
    ward: Ward
    outage_seconds: float

    async def strike(self, blow: Blow) -> Outcome:
        """One round. Raises `Unmended`, or what a process that does not come back died of."""
        await asyncio.sleep(blow.lull_seconds)
        match blow.kind:
            case Kind.KILL | Kind.KILL_TWO:
                return await self._kill(blow)
            case Kind.TAKE_OVER:
                return await self._let_take_over(blow)
            case Kind.DATABASE:
                return await self._cut_database(blow)
            case Kind.OUTAGE:
                return await self._lose_broker(blow)
            case _:
                healed = await self.ward.treat(blow.kind)
                return Outcome(blow.kind, healed.what, healed.seconds)

    async def _kill(self, blow: Blow) -> Outcome:
        began_at = perf_counter()
        self._slay(blow)
        await asyncio.sleep(blow.absence_seconds)
        await self._revive(blow)
        await probe(self.ward.desk)
        return Outcome(blow.kind, _names(blow.victims), perf_counter() - began_at)

    async def _let_take_over(self, blow: Blow) -> Outcome:
        """It stays down until the other replica has its partitions, its alarms and its relay."""
        began_at = perf_counter()
        self._slay(blow)
        await probe(self.ward.desk)
        recovered_seconds = perf_counter() - began_at
        await self._revive(blow)
        await probe(self.ward.desk)
        return Outcome(blow.kind, _names(blow.victims), recovered_seconds)

    async def _cut_database(self, blow: Blow) -> Outcome:
        cut = 0
        for number in range(blow.cuts):
            if number:
                await asyncio.sleep(CUT_PAUSE_SECONDS)
            for service in SERVICES:
                cut += await self.stack.cut_database_connections(service)
        began_at = perf_counter()
        await probe(self.ward.desk)
        what = f"{cut} connections in {blow.cuts} cuts"
        return Outcome(blow.kind, what, perf_counter() - began_at)

    async def _lose_broker(self, blow: Blow) -> Outcome:
        """The broker goes; half-way through a service dies as well. Intake must go on taking."""
        await self.stack.cut_broker()
        taken_before = self.ward.desk.notebook.dossiers
        await asyncio.sleep(self.outage_seconds / 2)
        self._slay(blow)
        await asyncio.sleep(self.outage_seconds / 2)
        taken = self.ward.desk.notebook.dossiers - taken_before
        if not taken:
            raise Unmended("intake took no dossier while the broker was gone")
        began_at = perf_counter()
        await self.stack.mend_broker()
        await self._revive(blow)
        await probe(self.ward.desk)
        what = f"{self.outage_seconds:g} s, {_names(blow.victims)} killed, {taken} dossiers taken"
        return Outcome(blow.kind, what, perf_counter() - began_at)

    def _slay(self, blow: Blow) -> None:
        for service, number in blow.victims:
            self.stack.kill(service, number)

    async def _revive(self, blow: Blow) -> None:
        works = [self.stack.start_service(service, number) for service, number in blow.victims]
        await asyncio.gather(*works)


def _names(victims: tuple[Victim, ...]) -> str:
    return ", ".join(f"{service} {number}" for service, number in victims)
