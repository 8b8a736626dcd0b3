"""What the use cases need from the outside: clocks and the directory, kept somewhere."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple, Protocol

from services.deadline.domain.alarms import Alarm, Uncomputable
from services.deadline.domain.clocks import Clock, ClockKind, DueClock, PastGeneration
from services.deadline.domain.decrees import Decree
from services.deadline.domain.ladder import Rung
from services.deadline.domain.lateness import Lateness, Tally
from services.deadline.domain.reappointments import Issued
from services.deadline.domain.recomputations import Change
from services.deadline.usecases.directory import Directory
from shared.events.agencies import AgencyRegistered
from shared.events.procedures import ProcedureRegistered
from shared.messages import SaysEvents

ClockKey = tuple[ClockKind, str]
"""Kind and code."""


class Due(NamedTuple):
    """A place in the order in which clocks ring."""

    at: datetime
    code: str
    kind: str


FIRST_DUE = Due(datetime.min.replace(tzinfo=UTC), "", "")
"""Before all others."""


@dataclass(frozen=True, slots=True)
class KeptDecree:
    """A decree, and what came of it."""

    decree: Decree
    calendar_version: str
    asked_by: str
    decreed_at: datetime


class Clocks(Protocol):
    """The clocks, in the transaction under way."""

    async def lock(self, codes: Sequence[str]) -> dict[ClockKey, Clock]:
        """Every clock of these codes, locked in order until the transaction ends."""

    async def lock_due(self, before: datetime, limit: int, after: Due) -> list[DueClock]:
        """At most `limit` clocks whose next rung lies before an instant and after a place, locked.

        Those that a process which hears of them has locked are passed over.
        """

    async def earliest_rung(self) -> datetime | None:
        """The instant of the rung that is due next, of all clocks."""

    async def add(self, clocks: Sequence[Clock]) -> None:
        """Keep new clocks."""

    async def change(self, clocks: Sequence[Clock]) -> None:
        """Keep the state of clocks whose generation is the one on record."""

    async def keep_rung(self, clocks: Sequence[DueClock]) -> None:
        """Keep the state of clocks of which rungs have rung, and that those ring no more."""

    async def restart(self, clocks: Sequence[Clock]) -> None:
        """Keep clocks in a new generation."""

    async def keep_past(self, clocks: Sequence[Clock]) -> None:
        """Keep what clocks were before they restarted."""

    async def keep_alarms(self, alarms: Sequence[Alarm]) -> None:
        """Keep alarms that ring now. An alarm that has rung before is an error."""

    async def keep_reappointment(self, issued: Issued) -> None:
        """Keep a Mẫu 04 as issued. A second one of the same clock is an error."""

    async def count_late(self, tally: Tally) -> None:
        """Add to the units' counts."""

    async def keep_uncomputable(self, found: Sequence[Uncomputable]) -> list[Uncomputable]:
        """Keep what has no clock; returns those that were not known yet."""

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

    async def lateness(
        self, agency: str | None, first_on: date | None, last_on: date | None
    ) -> list[Lateness]:
        """The counts of what was due on some days, by agency and kind; of one agency, or of all."""

    async def uncomputable(self, agency: str | None, limit: int) -> list[Uncomputable]:
        """What still has no clock, oldest first; of one agency, or of all."""

    async def reappointment_of(self, code: str) -> Issued | None:
        """The Mẫu 04 that was issued for a dossier."""

    async def alarms_since(
        self, since: datetime | None, agency: str | None, limit: int
    ) -> list[Alarm]:
        """Alarms that rang at `since` or later, oldest first; of one agency, or of all."""


@dataclass(frozen=True, slots=True)
class OpenClocks:
    """The open clocks of some codes, each code's dossier first, and what they have been through."""

    clocks: Sequence[Clock]
    dossiers: Mapping[str, Clock]
    """The dossiers' own clocks, open or not."""
    past: Mapping[ClockKey, Sequence[PastGeneration]]
    rang: Mapping[ClockKey, Sequence[tuple[int, Rung]]]
    """Generation and rung of each alarm."""


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """What a recomputation did to one clock, as it is on record."""

    recomputation: int
    reason: str
    asked_by: str
    kind: ClockKind
    cause: str
    legal_due_before: datetime | None
    legal_due: datetime | None
    appointment_before: datetime | None
    appointment_at: datetime | None
    is_breach_withdrawn: bool
    recomputed_at: datetime


class Recomputations(Protocol):
    """Open clocks to be counted anew, and the record of it."""

    async def begin(self, reason: str, asked_by: str, began_at: datetime) -> int:
        """A new run, on record."""

    async def end(self, run: int, examined: int, changed: int, ended_at: datetime) -> None:
        """The run is over."""

    async def open_codes(self, after: str, limit: int) -> list[str]:
        """The next codes, in their order, that have an open clock."""

    async def read(self, codes: Sequence[str], *, lock: bool) -> OpenClocks:
        """Their open clocks; with `lock` nobody else changes them until the transaction ends."""

    async def keep(self, run: int, changes: Sequence[Change], recomputed_at: datetime) -> None:
        """Put on record what a run changed."""

    async def of(self, code: str) -> list[RecordedChange]:
        """What recomputations did to the clocks of a code, oldest first."""


class Directories(Protocol):
    """What is known of agencies and procedures."""

    async def current(self) -> Directory:
        """The directory as committed; read anew only where it has changed."""

    async def hold_changes(self) -> None:
        """Hold all other changes back until the transaction ends: what is `current` then stays so."""

    async def await_readers(self) -> None:
        """Return once every transaction that may have read an earlier directory has ended."""

    async def keep_decree(self, decree: Decree, asked_by: str, decreed_at: datetime) -> str:
        """Keep a decree, in the transaction under way; the version of its calendar from then on."""

    async def decrees(self) -> list[KeptDecree]:
        """Every decree that was kept, oldest first."""

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
    recomputations: Recomputations
    outbox: SaysEvents


Begin = Callable[[], AbstractAsyncContextManager[Books]]
"""Begins a transaction; it is committed when the block ends well, else nothing was done."""
