"""What the use cases need from the outside: clocks and the directory, kept somewhere."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.deadline.domain.alarms import Alarm
from services.deadline.domain.clocks import Clock, ClockKind, State
from services.deadline.domain.reappointments import Issued
from services.deadline.usecases.directory import Directory
from shared.events.agencies import AgencyRegistered
from shared.events.procedures import ProcedureRegistered
from shared.messages import SaysEvents

ClockKey = tuple[ClockKind, str]
"""Kind and code."""


@dataclass(frozen=True, slots=True)
class PastGeneration:
    """What a clock was before its limit counted anew."""

    kind: ClockKind
    generation: int
    complete_at: datetime
    legal_due: datetime | None
    pledge_due: datetime | None
    appointment_at: datetime | None
    agency: str | None
    """None in what was kept before it was written down."""
    state: State | None
    resolved_at: datetime | None


class Clocks(Protocol):
    """The clocks, in the transaction under way."""

    async def lock(self, codes: Sequence[str]) -> dict[ClockKey, Clock]:
        """Every clock of these codes, locked in order until the transaction ends."""

    async def lock_due(self, before: datetime, limit: int, *, wait: bool) -> list[Clock]:
        """At most `limit` clocks whose next rung lies before an instant, locked.

        Without `wait`, those that another process has locked are passed over.
        """

    async def earliest_rung(self) -> datetime | None:
        """The instant of the rung that is due next, of all clocks."""

    async def add(self, clocks: Sequence[Clock]) -> None:
        """Keep new clocks."""

    async def change(self, clocks: Sequence[Clock]) -> None:
        """Keep the state of clocks whose generation is the one on record."""

    async def restart(self, clocks: Sequence[Clock]) -> None:
        """Keep clocks in a new generation."""

    async def keep_past(self, clocks: Sequence[Clock]) -> None:
        """Keep what clocks were before they restarted."""

    async def keep_alarms(self, alarms: Sequence[Alarm]) -> None:
        """Keep alarms that ring now. An alarm that has rung before is an error."""

    async def keep_reappointment(self, issued: Issued) -> None:
        """Keep a Mẫu 04 as issued. A second one of the same clock is an error."""

    async def wake_timer(self, earliest: datetime) -> None:
        """Wake the timers, once the transaction commits, if no rung is due earlier."""


class Archive(Protocol):
    """What is read without being changed."""

    async def clocks(self, code: str) -> list[Clock]:
        """The clocks of a code, the dossier's own first."""

    async def past_generations(self, code: str) -> list[PastGeneration]:
        """What the clocks of a code were before they restarted, oldest first."""

    async def alarms_of(self, code: str) -> list[Alarm]:
        """The alarms of a code, in the order they rang."""

    async def reappointment_of(self, code: str) -> Issued | None:
        """The Mẫu 04 that was issued for a dossier."""

    async def alarms_since(
        self, since: datetime | None, agency: str | None, limit: int
    ) -> list[Alarm]:
        """Alarms that rang at `since` or later, oldest first; of one agency, or of all."""


class Directories(Protocol):
    """What is known of agencies and procedures."""

    async def current(self) -> Directory:
        """The directory as committed; read anew only where it has changed."""

    async def keep(
        self, agencies: Sequence[AgencyRegistered], procedures: Sequence[ProcedureRegistered]
    ) -> None:
        """Keep what was heard, in the transaction under way."""


@dataclass(frozen=True, slots=True)
class Books:
    """All that deadline keeps, in one transaction."""

    clocks: Clocks
    archive: Archive
    directories: Directories
    outbox: SaysEvents


Begin = Callable[[], AbstractAsyncContextManager[Books]]
"""Begins a transaction; it is committed when the block ends well, else nothing was done."""
