"""Rule 28, through the inbox and on real tables: twice, late or out of order ends as in order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deploy.local.postgres import Database
from services.deadline.adapters.directories import Memory
from services.deadline.tests.conftest import (
    AGENCY,
    SAME_DAY,
    Deadline,
    agency,
    procedure,
)
from services.deadline.tests.offices import rule_book
from services.deadline.tests.post import Post, ear
from shared.events import dossiers
from shared.events.base import Event
from shared.events.deadlines import AlarmRung, BreachWithdrawn
from shared.hearing import Hearing
from shared.letters import Letter
from shared.postgres import open_pool

BEGIN = datetime(2026, 11, 12, 2, tzinfo=UTC)  # a Thursday, 09:00 in Việt Nam
NEXT, SUBTRACTS, LEGS = "H10.02", "1.766", "1.77"
PROCEDURES = (SAME_DAY, SUBTRACTS, LEGS)
REGISTERED = (
    agency(forwards=True),
    agency(NEXT),
    procedure(SAME_DAY, "same_day"),
    procedure(SUBTRACTS, "working_days", 1, "qd766"),
    procedure(LEGS, "working_days", 3, leg_hours=8),
)

# An hour, a night, a day late, over a weekend; and any other.
PASSING = st.sampled_from([timedelta(hours=hours) for hours in (0, 1, 8, 24, 72)]) | st.timedeltas(
    timedelta(0), timedelta(days=2)
)

# What may happen to a dossier, by what happened last.
UNDER_WAY = ("forwarded", "transferred", "asked", "resolved", "withdrawn")
FOLLOWS = {
    "accepted": UNDER_WAY,
    "forwarded": UNDER_WAY[1:],
    "transferred": UNDER_WAY[1:],
    "asked": ("supplemented", "withdrawn"),
    "supplemented": UNDER_WAY[1:],
    "resolved": ("returned",),
    "withdrawn": (),
    "returned": (),
}


def code_of(procedure_: str) -> str:
    return f"D-{procedure_}"


def happening(what: str, procedure_: str, leg: int, at: datetime) -> Event:
    """The event of a move of a procedure's one dossier."""
    code = code_of(procedure_)
    said: dict[str, Any] = {"dossier": code, "agency": AGENCY}
    match what:
        case "accepted":
            return dossiers.DossierAccepted(
                **said, status=2, procedure=procedure_, channel="counter", received_at=at,
                complete_at=at, accepted_at=at,
            )  # fmt: skip
        case "forwarded":
            return dossiers.DossierForwarded(**said, status=4, forwarded_at=at)
        case "transferred":
            here, there = (AGENCY, NEXT) if leg % 2 else (NEXT, AGENCY)
            return dossiers.DossierTransferred(
                dossier=code, agency=there, status=4, from_agency=here, leg=leg, transferred_at=at
            )
        case "asked":
            return dossiers.SupplementRequested(
                **said, status=5, stage="appraisal", requested_at=at
            )
        case "supplemented":
            return dossiers.DossierSupplemented(
                **said, status=4, stage="appraisal", supplemented_at=at
            )
        case "resolved":
            return dossiers.DossierResolved(**said, status=9, resolved_at=at)
        case "returned":
            return dossiers.DossierReturned(**said, status=10, returned_at=at)
    return dossiers.DossierWithdrawn(**said, status=7, withdrawn_at=at)


@dataclass
class Ear:
    """A deadline service that hears letters as from Kafka, through its inbox."""

    deadline: Deadline
    hearing: Hearing

    async def ring_at(self, now: datetime) -> None:
        await self.deadline.clock.set(now)
        await self.deadline.timer().ring_what_is_due()

    async def rows(self, query: str) -> list[dict[str, Any]]:
        """With lệch đồng bộ as met: it says besides that we heard of it late."""
        rows = [dict(row) for row in await self.deadline.pool.fetch(query)]
        return [{**row, "state": str(row["state"]).replace("out_of_sync", "met")} for row in rows]

    async def state(self) -> dict[str, list[dict[str, Any]]]:
        """All that it knows, but how it came to be called late."""
        return {
            "clocks": await self.rows("select * from clocks order by code, kind"),
            "past": await self.rows(
                "select * from past_generations order by code, kind, generation"
            ),
            "held": await self.rows("select subject, cause as state from set_aside"),
        }

    async def said(self, code: str) -> list[Event]:
        """What was said of a dossier, but for alarms: who is called hangs on what was known."""
        said = await self.deadline.said(code)
        return [one for one in said if not isinstance(one, (AlarmRung, BreachWithdrawn))]

    async def rang(self) -> set[tuple[Any, ...]]:
        query = "select code, kind, generation, rung, due_at from alarms"
        return {tuple(row) for row in await self.deadline.pool.fetch(query)}


async def ear_on(database: Database) -> Ear:
    """A service that has heard of its agencies and procedures, and of no dossier."""
    pool = await open_pool(database.dsn("deadline"), size=2)
    await pool.execute(
        """truncate clocks, past_generations, alarms, reappointments, outbox, said, heard,
           heard_ids, set_aside, discarded, agencies, procedures"""
    )
    deadline = Deadline(pool, Memory(rule_book()))
    await deadline.clock.set(BEGIN)
    assert await deadline.hear(*REGISTERED) == []
    await pool.execute("truncate outbox, said")
    return Ear(deadline, ear(deadline))


class AnyOrder(RuleBasedStateMachine):
    """One service hears everything at once and in order; the other as a bad network brings it."""

    databases: tuple[Database, Database]
    letters = Bundle("letters")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.prompt, self.late = (self.run(ear_on(one)) for one in self.databases)
        self.now = BEGIN
        self.post = Post()
        self.all: list[Letter] = []
        self.last: dict[str, str] = {}
        """What happened last to the dossier of each procedure."""
        self.legs = dict.fromkeys(PROCEDURES, 0)

    def run(self, awaitable: Awaitable[Any]) -> Any:
        async def wait() -> Any:
            return await awaitable

        return self.loop.run(wait())

    @rule(by=PASSING, is_late_timer_up=st.booleans())
    def time_passes(self, by: timedelta, is_late_timer_up: bool) -> None:
        self.now += by
        self.run(self.prompt.ring_at(self.now))
        if is_late_timer_up:
            self.run(self.late.ring_at(self.now))

    @initialize(target=letters)
    def all_are_accepted(self) -> Any:
        return multiple(*(self._happens("accepted", procedure_) for procedure_ in PROCEDURES))

    @precondition(lambda self: any(FOLLOWS[what] for what in self.last.values()))
    @rule(target=letters, data=st.data())
    def something_happens(self, data: st.DataObject) -> Letter:
        moves = [(what, of) for of, last in self.last.items() for what in FOLLOWS[last]]
        return self._happens(*data.draw(st.sampled_from(moves)))

    @rule(batch=st.lists(letters, min_size=1, max_size=5))
    def some_messages_come(self, batch: Sequence[Letter]) -> None:
        """Any that were said, in any order, whether they came before or not."""
        self.run(self.late.deadline.clock.set(self.now))
        self.run(self.late.hearing.hear(batch))

    @invariant()
    def a_rung_rings_once_and_after_its_instant(self) -> None:
        assert all(due < self.now for *_, due in self.run(self.late.rang()))

    def teardown(self) -> None:
        try:
            self.run(self._compare())
        finally:
            for listener in (self.prompt, self.late):
                self.run(listener.deadline.pool.close())
            self.loop.close()

    async def _compare(self) -> None:
        await self.late.deadline.clock.set(self.now)
        await self.late.hearing.hear(self.all[::-1])
        await self.late.hearing.hear(self.all)
        for listener in (self.prompt, self.late):
            await listener.ring_at(self.now)
        assert await self.late.state() == await self.prompt.state()
        for code in map(code_of, PROCEDURES):
            assert await self.late.said(code) == await self.prompt.said(code)
        assert await self.prompt.rang() <= await self.late.rang()

    def _happens(self, what: str, procedure_: str) -> Letter:
        """It is heard at once by the one, and may come to the other from now on."""
        self.last[procedure_] = what
        self.legs[procedure_] += what == "transferred"
        event = happening(what, procedure_, self.legs[procedure_], self.now)
        letter = self.post.letter(event, self.now)
        self.all.append(letter)
        self.run(self.prompt.deadline.clock.set(self.now))
        self.run(self.prompt.hearing.hear([letter]))
        return letter


def test_rule_28_events_twice_late_or_out_of_order_end_as_an_in_order_replay(
    database_of: Callable[..., Awaitable[Database]],
) -> None:
    async def two() -> tuple[Database, Database]:
        return await database_of("deadline"), await database_of("deadline")

    class OnTables(AnyOrder):
        databases = asyncio.run(two())

    run_state_machine_as_test(
        OnTables, settings=settings(max_examples=50, stateful_step_count=20, deadline=None)
    )
