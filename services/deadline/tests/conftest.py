"""A deadline service without Kafka: events are heard by calling, and read back from the outbox."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import asyncpg
import pytest

from deploy.local.postgres import Database
from services.deadline.adapters.books import begin_on, books_on
from services.deadline.adapters.clocks import PostgresClocks
from services.deadline.adapters.directories import Memory
from services.deadline.domain.clocks import Clock, ClockKind
from services.deadline.domain.rules import RuleBook
from services.deadline.entrypoints.subscribers import keeping
from services.deadline.entrypoints.timer import Timer
from services.deadline.tests.offices import rule_book
from services.deadline.usecases.ports import Begin
from shared.clock import Clock as WallClock
from shared.clock import VirtualClock
from shared.events.agencies import AgencyRegistered, LadderRung, Pledge, Shift
from shared.events.base import Event
from shared.events.catalogue import EVENTS
from shared.events.dossiers import (
    DossierAccepted,
    DossierResolved,
    DossierSupplemented,
    SupplementRequested,
)
from shared.events.envelope import Envelope
from shared.events.procedures import Limit, ProcedureRegistered
from shared.inbox import Apply
from shared.messages import Heard, Refusal
from shared.postgres import open_pool, transaction

AGENCY = "H10.01"
SAME_DAY = "1.000001"
THREE_DAYS = "1.000003"
NO_LIMIT = "1.000000"

E = TypeVar("E", bound=Event)


def at(text: str) -> datetime:
    """`2026-11-13 15:01` in Việt Nam, as an instant."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


def agency(
    code: str = AGENCY,
    *,
    same_day: Sequence[str] = (SAME_DAY,),
    ladder: tuple[LadderRung, ...] = (),
    forwards: bool = False,
) -> AgencyRegistered:
    day = tuple(
        Shift(
            opens=datetime.fromisoformat(f"2000-01-01T{opens}").time(),
            closes=datetime.fromisoformat(f"2000-01-01T{closes}").time(),
        )
        for opens, closes in (("07:00", "11:30"), ("13:30", "17:00"))
    )
    hours: Any = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), day)
    valid_from = date(2015, 1, 1)
    pledge = Pledge(
        version=1,
        valid_from=valid_from,
        hours=hours,
        same_day=tuple(same_day),
        ladder=ladder,
        forwards=forwards,
    )
    return AgencyRegistered(agency=code, name="Hưng Long", valid_from=valid_from, pledges=(pledge,))


def procedure(
    code: str, kind: Any, amount: int = 0, regime: str = "nd61", leg_hours: int | None = None
) -> ProcedureRegistered:
    limit = Limit(
        valid_from=date(2020, 1, 1), kind=kind, amount=amount, regime=regime, leg_hours=leg_hours
    )
    return ProcedureRegistered(procedure=code, name="Chứng thực", limits=(limit,))


REGISTERED: tuple[Event, ...] = (
    agency(),
    procedure(SAME_DAY, "same_day"),
    procedure(THREE_DAYS, "working_days", 3),
    procedure(NO_LIMIT, "none"),
)


def accepted(
    dossier: str,
    received: str,
    procedure: str = THREE_DAYS,
    *,
    agency: str = AGENCY,
    channel: Any = "counter",
) -> DossierAccepted:
    return DossierAccepted(
        dossier=dossier, agency=agency, status=2, procedure=procedure, channel=channel,
        received_at=at(received), complete_at=at(received), accepted_at=at(received),
    )  # fmt: skip


def resolved(dossier: str, when: str) -> DossierResolved:
    return DossierResolved(dossier=dossier, agency=AGENCY, status=9, resolved_at=at(when))


def supplement_requested(dossier: str, when: str, stage: Any = "appraisal") -> SupplementRequested:
    return SupplementRequested(
        dossier=dossier, agency=AGENCY, status=5, stage=stage, requested_at=at(when)
    )


def supplemented(dossier: str, when: str, stage: Any = "appraisal") -> DossierSupplemented:
    return DossierSupplemented(
        dossier=dossier, agency=AGENCY, status=4, stage=stage, supplemented_at=at(when)
    )


@dataclass
class Deadline:
    """The service under test."""

    pool: asyncpg.Pool
    memory: Memory
    clock: VirtualClock = field(default_factory=VirtualClock)
    sequence: int = 0
    dsn: str = ""

    async def hear(self, *events: Event) -> list[Refusal]:
        """One batch, in one transaction."""
        async with transaction(self.pool) as connection:
            apply = self.apply(self.clock)
            return list(await apply(connection, [self.heard(event) for event in events]))

    def heard(self, event: Event) -> Heard:
        self.sequence += 1
        envelope = Envelope(
            id=f"thanthien/intake/{self.sequence}",
            source="thanthien/intake",
            type=event.TYPE,
            subject=event.subject,
            time=at("2026-11-13 09:00") + timedelta(seconds=self.sequence),
            sequence=self.sequence,
        )
        return Heard(envelope, event)

    def apply(self, clock: WallClock) -> Apply:
        return keeping(books_on(self.memory), clock, self.rule_book)

    @property
    def begin(self) -> Begin:
        return begin_on(lambda: self.pool, self.memory)

    @property
    def rule_book(self) -> RuleBook:
        return self.memory.directory.rule_book

    def timer(self, clock: WallClock | None = None) -> Timer:
        return Timer(self.begin, clock or self.clock, self.rule_book)

    async def pass_to(self, when: str) -> None:
        """The virtual clock goes there, and what is due by then rings."""
        await self.clock.set(at(when))
        await self.timer().ring_what_is_due()

    async def said(self, code: str | None = None, kind: ClockKind = "dossier") -> list[Event]:
        """What was said (of one code's clock of a kind), in order."""
        rows = await self.pool.fetch(
            "select type, body from outbox where $1::text is null or subject = $1 order by id", code
        )
        events = [EVENTS[row["type"]].hear(row["body"]) for row in rows]
        return [event for event in events if code is None or getattr(event, "kind", kind) == kind]

    async def the(self, type_: type[E], code: str, kind: ClockKind = "dossier") -> E:
        """The only event of a type that was said of a code's clock of a kind."""
        (found,) = [event for event in await self.said(code, kind) if isinstance(event, type_)]
        return found

    async def clock_of(self, code: str, kind: ClockKind = "dossier") -> Clock:
        async with transaction(self.pool) as connection:
            return (await PostgresClocks(connection).lock([code]))[kind, code]


@pytest.fixture
async def empty_deadline(
    database_of: Callable[..., Awaitable[Database]],
) -> AsyncIterator[Deadline]:
    """A service that has heard nothing yet."""
    database = await database_of("deadline")
    pool = await open_pool(database.dsn("deadline"))
    yield Deadline(pool, Memory(rule_book()), dsn=database.dsn("deadline"))
    await pool.close()


@pytest.fixture
async def deadline(empty_deadline: Deadline) -> Deadline:
    """A service that knows one agency and three procedures."""
    assert await empty_deadline.hear(*REGISTERED) == []
    return empty_deadline
