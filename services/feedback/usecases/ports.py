"""What the use cases ask of the world: repositories on one transaction, texts, chance."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from services.feedback.domain.dossiers import Dossier
from services.feedback.domain.notices import Notice
from services.feedback.domain.ratings import Invitation, Stars, Tally
from services.feedback.domain.reports import ConductReport
from shared.messages import SaysEvents

Draw = Callable[[], str]
"""Draws an unguessable text, fit for a link."""


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency as its citizens know it, and the clock on its wall."""

    code: str
    name: str
    time_zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Text:
    """One notice's words in both languages."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class WrittenNotice:
    """A notice, put into words at `written_at`."""

    notice: Notice
    text: Text
    written_at: datetime


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A notice as it is read back; thanks carries the token of its rating link."""

    dossier: str
    notice: str
    agency: str
    sent_at: datetime
    written_at: datetime
    text: Text
    token: str | None


class Agencies(Protocol):
    async def store(self, agencies: Sequence[Agency]) -> None:
        """Keep each agency's last state."""

    async def find(self, codes: Collection[str]) -> Mapping[str, Agency]:
        """The agencies known among `codes`."""

    async def all(self) -> Sequence[Agency]:
        """Every agency known, by name."""


class Dossiers(Protocol):
    async def lock(self, codes: Collection[str]) -> dict[str, Dossier]:
        """Every dossier of `codes`, locked until the transaction ends; unknown ones begin here."""

    async def store(self, dossiers: Sequence[Dossier]) -> None:
        """Keep dossiers that were locked."""

    async def find(self, code: str) -> Dossier | None:
        """A dossier to look at, not locked."""


class Notices(Protocol):
    async def store(self, notices: Sequence[WrittenNotice]) -> None:
        """Keep notices. Raises where a dossier has had that courtesy already."""

    async def of(self, dossier: str) -> Sequence[KeptNotice]:
        """The dossier's notices, in the order they were sent."""


class WritesTexts(Protocol):
    def write(self, notice: Notice, agency: Agency) -> Text:
        """Put a notice into the agency's words, times as on its wall."""


class Ratings(Protocol):
    async def invite(self, invitations: Sequence[Invitation]) -> None:
        """Keep one-time links."""

    async def find(self, token: str) -> Invitation | None:
        """The link's invitation."""

    async def give(self, invitation: Invitation, stars: Stars, rated_at: datetime) -> None:
        """Use the link, keep the rating, count it in the agency's tally."""

    async def tally(self, agency: str) -> Tally:
        """The agency's votes; none yet is a tally of zeros."""


class Reports(Protocol):
    async def next_number(self, agency: str, reported_on: date) -> int:
        """1, 2, 3… within the agency's day; others wait until the transaction ends."""

    async def store(self, report: ConductReport, secret_sha256: bytes) -> None:
        """Keep a report."""

    async def find(self, code: str) -> tuple[ConductReport, bytes] | None:
        """A report and its secret's SHA-256."""


@dataclass(frozen=True, slots=True)
class Books:
    """All that feedback keeps, and its outbox, in one transaction."""

    agencies: Agencies
    dossiers: Dossiers
    notices: Notices
    ratings: Ratings
    reports: Reports
    outbox: SaysEvents


Begin = Callable[[], AbstractAsyncContextManager[Books]]
"""Begins a transaction; it is committed when the block ends well, else nothing was done."""
