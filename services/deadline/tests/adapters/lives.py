"""Lives of several dossiers, lived by a real service and lying in real topics, for replays to hear again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from services.deadline.domain.decrees import Decree
from services.deadline.domain.reappointments import Reappointment
from services.deadline.entrypoints.subscribers import EVENTS
from services.deadline.tests.conftest import (
    AGENCY,
    NO_LIMIT,
    SAME_DAY,
    THREE_DAYS,
    Deadline,
    accepted,
    agency,
    at,
    procedure,
    resolved,
    supplement_requested,
    supplemented,
)
from services.deadline.usecases.reappoint import reappoint
from services.deadline.usecases.recompute import recompute
from services.deadline.usecases.revise_calendar import revise_calendar
from services.deadline.usecases.set_appointment import set_appointment
from shared import dead_letters
from shared.events.base import Event
from shared.events.dossiers import DossierSubmitted, DossierTransferred
from shared.events.envelope import Envelope
from shared.events.feedback import ConductReported, ReportMoved
from shared.hearing import Hearing
from shared.letters import Letter, Opener
from shared.outbox import short_name
from shared.relay import Relay
from shared.telemetry import HearingMetrics

NEXT = "H10.02"
UNDONE = date(2026, 11, 12)
DECREED = date(2026, 11, 18)


@dataclass
class Town:
    """Others say things, deadline hears them and says its own: all of it lies in the topics."""

    deadline: Deadline
    producer: AIOKafkaProducer
    operator_dsn: str
    kafka: str
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def hearing(self) -> Hearing:
        apply = self.deadline.apply(self.deadline.clock)
        clock = self.deadline.clock
        return Hearing(self.deadline.pool, Opener(EVENTS), apply, clock, HearingMetrics())

    async def tell(self, *events: Event, is_heard: bool = True) -> None:
        """Others say these, in this order, each its own batch."""
        for event in events:
            letter = await self._publish(event)
            if is_heard:
                await self.hearing.hear([letter])

    async def _publish(self, event: Event) -> Letter:
        publisher = "feedback" if event.TOPIC.endswith("feedback.v1") else "intake"
        source = f"thanthien/{publisher}/{short_name(event.TOPIC)}"
        number = self.numbers[source, event.subject] = (
            self.numbers.get((source, event.subject), 0) + 1
        )
        envelope = Envelope(
            f"{event.subject}/{number}", source, event.TYPE, event.subject,
            at("2026-11-09 08:00"), number,
        )  # fmt: skip
        key, headers = event.subject.encode(), envelope.to_headers()
        sent = await self.producer.send_and_wait(
            event.TOPIC, event.body(), key=key, headers=headers
        )
        return Opener(EVENTS).open(
            event.TOPIC, sent.partition, sent.offset, key, headers, event.body()
        )

    async def relay(self) -> int:
        """All that deadline has decided so far is said."""
        connection = await asyncpg.connect(self.deadline.dsn)
        try:
            return await Relay(self.deadline.dsn, "deadline", self.producer).say_all(connection)
        finally:
            await connection.close()

    async def reappoint(self, code: str, to: str) -> None:
        """Mẫu 04."""
        clock = await self.deadline.clock_of(code)
        assert clock.appointment_at is not None
        now = self.deadline.clock.now()
        says = Reappointment(
            clock.appointment_at, at(to), "thiếu hồ sơ gốc", "Trưởng đơn vị", "head-1", now
        )
        async with self.deadline.begin() as books:
            await reappoint(code, says, books.clocks, books.directories, books.outbox)

    async def appoint(self, code: str, to: str) -> None:
        """A head of unit chooses."""
        async with self.deadline.begin() as books:
            now = self.deadline.clock.now()
            await set_appointment(code, at(to), books.clocks, books.directories, books.outbox, now)

    async def decree(self, *off: date) -> None:
        async with self.deadline.begin() as books:
            await revise_calendar(
                Decree("vn", off, (), (), "QĐ 1/QĐ-TTg"),
                books.directories,
                books.outbox,
                "operator-1",
                self.deadline.clock.now(),
            )

    async def recompute(self) -> None:
        deadline = self.deadline
        await recompute(deadline.begin, deadline.clock.now, "QĐ 1", "operator-1", lambda _: None)

    async def give_up(self, code: str) -> None:
        """An operator discards what is set aside for a code."""
        pool = self.deadline.pool
        letter = await pool.fetchval("select min(id) from set_aside where subject = $1", code)
        await dead_letters.discard(
            self.hearing, pool, letter, because="a test", by="tester", now=self.deadline.clock.now()
        )


def submitted(dossier: str, received: str) -> DossierSubmitted:
    return DossierSubmitted(
        dossier=dossier, agency=AGENCY, status=1, procedure=THREE_DAYS, channel="online",
        received_at=at(received),
    )  # fmt: skip


def transferred(dossier: str, when: str) -> DossierTransferred:
    return DossierTransferred(
        dossier=dossier, agency=NEXT, status=4, from_agency=AGENCY, leg=1, transferred_at=at(when)
    )


def moved(report: str, step: Any, when: str) -> ReportMoved:
    return ReportMoved(report=report, agency=AGENCY, step=step, moved_at=at(when))


REGISTERED: Sequence[Event] = (
    agency(forwards=True),
    agency(NEXT),
    procedure(SAME_DAY, "same_day"),
    procedure(THREE_DAYS, "working_days", 3),
    procedure(NO_LIMIT, "none"),
)


async def live(town: Town) -> None:
    """Two weeks with all that a replay could stumble over. The last sayings lie in the outbox still."""
    deadline = town.deadline
    await town.tell(*REGISTERED)
    await deadline.pass_to("2026-11-09 08:00")
    await town.tell(
        accepted("KEPT", "2026-11-09 08:00"),
        accepted("LATE", "2026-11-09 08:05"),
        accepted("CHOSEN", "2026-11-09 08:10"),
        accepted("SUPPLEMENT", "2026-11-09 08:15"),
        accepted("OUTOFSYNC", "2026-11-09 08:20"),
        accepted("TODAY", "2026-11-09 08:25", SAME_DAY),
        submitted("ONLINE", "2026-11-09 08:30"),
        ConductReported(
            report="RPT-1", agency=AGENCY, against=(1,), reported_at=at("2026-11-09 09:00")
        ),
        accepted("NOBODY", "2026-11-09 08:40", agency="H10.77"),  # waits: nobody knows that agency
    )
    await town.appoint("CHOSEN", "2026-11-11 09:00")
    await town.tell(
        transferred("LATE", "2026-11-10 08:00"),
        supplement_requested("SUPPLEMENT", "2026-11-10 09:00"),
        resolved("KEPT", "2026-11-10 10:00"),
    )
    await town.relay()
    await deadline.pass_to("2026-11-11 09:00")
    await town.reappoint("LATE", "2026-11-20 10:00")
    await town.tell(
        supplemented("SUPPLEMENT", "2026-11-11 10:00"),
        accepted("ONLINE", "2026-11-09 08:30", channel="online"),
        resolved("GHOST", "2026-11-11 11:00"),  # refused: it was never accepted
        resolved("GIVENUP", "2026-11-11 11:00"),
        moved("RPT-1", "asked", "2026-11-11 14:00"),
    )
    await town.give_up("GIVENUP")
    await town.tell(accepted("GIVENUP", "2026-11-11 15:00"))
    await deadline.pass_to("2026-11-13 08:00")  # the breaches of LATE, CHOSEN, OUTOFSYNC
    await town.tell(resolved("OUTOFSYNC", "2026-11-12 16:00"))
    await town.decree(UNDONE)  # and the breach of CHOSEN was none; it is called again the day after
    await town.recompute()
    await town.tell(accepted("OPEN", "2026-11-16 08:00"))
    await deadline.pass_to("2026-11-16 08:00")
    await town.decree(DECREED)
    await town.recompute()
    await town.tell(
        accepted("AFTER", "2026-11-16 09:00"),
        moved("RPT-1", "answered", "2026-11-16 10:00"),
        resolved("LATE", "2026-11-17 10:00"),
    )
    await town.relay()
    await deadline.pass_to("2026-11-18 08:00")  # at risk: OPEN, AFTER; said, and not relayed yet
    await town.tell(resolved("UNHEARD", "2026-11-18 09:00"), is_heard=False)
