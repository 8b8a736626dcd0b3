"""Poison: a dossier is held with all that follows, the others flow, and an operator sets it free."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from deploy.local.calls import Calls
from deploy.local.faults import poison
from deploy.local.faults.dead_letters import DeadLetters
from deploy.local.faults.desk import Desk
from deploy.local.faults.lives import Life
from deploy.local.faults.notebook import Entry
from deploy.local.faults.plan import Kind
from deploy.local.faults.town import AGENCIES, LONG_AGO, Limit, register_procedure
from deploy.local.faults.watch import Unmended, until, until_whole
from deploy.local.stack import Stack

AGENCY = AGENCIES[0]
AT_ONCE = Life("counter", True, ())
PROCEDURE = "thu.ba-ngay"
FAR_AHEAD = "2039-01-01"
EVENTS_HELD = 3
"""Accepted, resolved, returned; the thanks that feedback says meanwhile may follow them."""
MOST_NEIGHBOURS = 120
BECAUSE = "a fault campaign put it there"


@dataclass(frozen=True, slots=True)
class Healed:
    """How a poisoning went: from the cure to the dossier's right end, and what was seen."""

    seconds: float
    what: str


@dataclass(frozen=True, slots=True)
class Ward:
    """Everything that is needed to poison and to heal."""

    stack: Stack
    desk: Desk
    calls: Calls

    async def treat(self, kind: Kind) -> Healed:
        """One poisoning, healed. Raises `Unmended` when anything is not as it must be."""
        if kind is Kind.NO_RULE:
            return await self._rule_is_missing()
        if kind is Kind.ILLEGAL:
            return await self._foreign(poison.illegal, poison.DOSSIERS, {"deadline": "refused"})
        if kind is Kind.UNKNOWN:
            causes = {"deadline": "unknown_type", "feedback": "unknown_type"}
            return await self._foreign(poison.unknown, poison.DOSSIERS, causes)
        first, second = await asyncio.gather(
            self._foreign(
                lambda _: poison.undecodable(),
                poison.DOSSIERS,
                {"deadline": "undecodable", "feedback": "undecodable"},
            ),
            self._foreign(
                lambda _: poison.undecodable(),
                poison.DEADLINES,
                {"intake": "undecodable", "feedback": "undecodable"},
            ),
        )
        return Healed(max(first.seconds, second.seconds), f"{first.what}; {second.what}")

    async def _rule_is_missing(self) -> Healed:
        """A procedure whose limit begins only years ahead: its dossiers have no rule yet.

        Nothing is wrong with the events, so nothing is given up: the operator registers the limit,
        and `retry` applies all that waited, in order.
        """
        procedure = f"thu.khong-luat-{len(self.desk.notebook.entries)}"
        limit: Limit = {"kind": "working_days", "amount": 3}
        await register_procedure(self.calls, procedure, "Chưa có quy định", FAR_AHEAD, limit)
        entry, _ = await self.desk.submit(AGENCY, procedure, AT_ONCE)
        code = entry.code or ""
        await self._finish(entry)
        deadline = DeadLetters(self.stack, "deadline")
        await self._see_held(entry, {"deadline": "refused"}, letters=EVENTS_HELD)
        if applied := await deadline.retry(code):
            raise Unmended(f"{code}: {applied} letters were applied before the cause was mended")
        await self._see_others_flow(entry)
        if await self.desk.clock(code) is not None:
            raise Unmended(f"{code} has a clock, and no rule covers it")
        await register_procedure(self.calls, procedure, "Ba ngày làm việc", LONG_AGO, limit)
        began_at = perf_counter()
        applied = await until(
            lambda: deadline.retry(code), f"{code} can be retried once its rule is registered"
        )
        await self._see_right_end(entry)
        if applied < EVENTS_HELD:
            raise Unmended(f"{code}: {applied} letters were applied by retry")
        return Healed(perf_counter() - began_at, f"{applied} letters recovered by retry")

    async def _foreign(
        self, record: Callable[[Entry], poison.Record], topic: str, causes: dict[str, str]
    ) -> Healed:
        """A record of another system holds a dossier of ours, until it is discarded.

        `causes` says which services must hold it, and why.
        """
        entry, _ = await self.desk.submit(AGENCY, PROCEDURE, AT_ONCE)
        code = entry.code or ""
        await until(lambda: self.desk.clock(code), f"{code} has its clock")
        await poison.put(self.stack.kafka, topic, entry, record(entry))
        await self._finish(entry)
        held = await self._see_held(entry, causes, letters=2)
        await self._see_others_flow(entry)
        began_at = perf_counter()
        applied = sum(
            await asyncio.gather(
                *(
                    DeadLetters(self.stack, service).discard(row["first_id"], BECAUSE)
                    for service, row in held.items()
                )
            )
        )
        await self._see_right_end(entry)
        if not applied:
            raise Unmended(f"{code}: nothing was applied after the discard")
        where = " and ".join(causes)
        return Healed(perf_counter() - began_at, f"held by {where}, discarded, {applied} applied")

    async def _finish(self, entry: Entry) -> None:
        """What follows the poison: the dossier is resolved and returned."""
        for do in ("resolve", "return"):
            await self.desk.move(entry, do)

    async def _see_held(
        self, entry: Entry, causes: dict[str, str], letters: int
    ) -> dict[str, dict[str, Any]]:
        """The dossier is set aside, for the right reason, with at least so many letters."""
        rows = await asyncio.gather(
            *(
                until(self._row(service, entry, letters), f"{service} sets {entry.code} aside")
                for service in causes
            )
        )
        for (service, cause), row in zip(causes.items(), rows, strict=True):
            if row["cause"] != cause:
                raise Unmended(f"{service} holds {entry.code} for {row['cause']}, not {cause}")
        return dict(zip(causes, rows, strict=True))

    def _row(
        self, service: str, entry: Entry, letters: int
    ) -> Callable[[], Awaitable[dict[str, Any] | None]]:
        async def look() -> dict[str, Any] | None:
            row = (await DeadLetters(self.stack, service).waiting()).get(entry.code or "")
            return row if row is not None and row["letters"] >= letters else None

        return look

    async def _see_others_flow(self, entry: Entry) -> None:
        """Dossiers of the very same partition get their appointments meanwhile."""
        place = poison.partition_of(entry.code or "")
        for _ in range(MOST_NEIGHBOURS):
            neighbour, _ = await self.desk.submit(AGENCY, PROCEDURE, AT_ONCE)
            if poison.partition_of(neighbour.code or "") == place:
                break
        else:
            raise Unmended(f"none of {MOST_NEIGHBOURS} dossiers fell into partition {place}")
        await until_whole(self.desk, [neighbour])

    async def _see_right_end(self, entry: Entry) -> None:
        """Every service has caught up with the dossier."""

        async def look() -> bool:
            clock = await self.desk.clock(entry.code)
            shown = await self.desk.dossier(entry.code)
            thanked = any(notice["notice"] == "thanks" for notice in shown["notices"])
            promise = shown["promise"]
            return (
                clock is not None
                and clock["state"] == "met"
                and promise is not None
                and promise["clock"] == "met"
                and thanked
            )

        await until(look, f"{entry.code} is met and thanked for, in every service")
