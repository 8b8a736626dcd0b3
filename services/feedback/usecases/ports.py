"""What the use cases ask of the world: repositories on one transaction, texts, chance."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from services.feedback.domain.attachments import Attachment
from services.feedback.domain.authors import Author
from services.feedback.domain.congratulating import Congratulating
from services.feedback.domain.dossiers import Dossier
from services.feedback.domain.notices import Notice
from services.feedback.domain.ratings import Invitation, Stars, Tally
from services.feedback.domain.report_steps import Step, Verdict
from services.feedback.domain.reports import Kind, Report
from services.feedback.domain.scores.counting import Case, Place
from services.feedback.domain.scores.figures import Count, Counts, Figure
from services.feedback.domain.scores.news import CaseKind, CaseName
from services.feedback.domain.scores.periods import Span
from services.feedback.domain.scores.rules import ScoreRules
from shared.messages import SaysEvents

Draw = Callable[[], str]
"""Draws an unguessable text, fit for a link."""


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency as its citizens know it, and the clock on its wall."""

    code: str
    name: str
    time_zone: ZoneInfo
    congratulating: tuple[Congratulating, ...] = ()
    """What it pledged to congratulate on, period by period."""


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
    number: int
    agency: str
    handler: str | None
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
        """Keep notices. Raises where a dossier has had one of that kind and number already."""

    async def of(self, dossier: str) -> Sequence[KeptNotice]:
        """The dossier's notices, in the order they were sent."""


class WritesTexts(Protocol):
    def write(self, notice: Notice, agency: Agency) -> Text:
        """Put a notice into the agency's words, times as on its wall."""


class Ratings(Protocol):
    async def invite(self, invitations: Sequence[Invitation]) -> None:
        """Keep invitations; a dossier that has one keeps it. Their dossiers must be locked."""

    async def find(self, token: str) -> Invitation | None:
        """The link's invitation."""

    async def find_of(self, dossier: str) -> Invitation | None:
        """The dossier's invitation."""

    async def give(
        self, invitation: Invitation, stars: Stars, rated_at: datetime, *, at_counter: bool
    ) -> None:
        """Use the invitation, keep the rating, count it in the agency's tally. The dossier must be locked."""

    async def tally(self, agency: str) -> Tally:
        """The agency's votes; none yet is a tally of zeros."""

    async def tallies(self) -> Mapping[str, Tally]:
        """The votes of every agency that has any."""


@dataclass(frozen=True, slots=True)
class Doer:
    """Who did something to a report: an opaque subject (None: its author) and a role."""

    subject: str | None
    role: str


@dataclass(frozen=True, slots=True)
class TakenStep:
    """One step in a report's handling, as its author and its handlers read it."""

    step: Step
    words: str
    verdict: Verdict | None
    by: Doer
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody looked at what could show a report's author: `identity`, or `attachment 1`."""

    what: str
    by: Doer
    reason: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Sealed:
    """An author's identity, which only the key of that id opens."""

    key_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Identity:
    """What is sealed: the author, and their words as they came, where masking changed them."""

    author: Author
    words: str | None


class SealError(Exception):
    """An identity that cannot be opened: its key is not here, or it is not this report's."""


class SealsIdentities(Protocol):
    """Stands before the keys. Without one, nobody can give a name."""

    @property
    def can_seal(self) -> bool:
        """Whether there is a key to seal with."""

    def seal(self, report: str, identity: Identity) -> Sealed:
        """Seal what is the report's alone."""

    def open(self, report: str, sealed: Sealed) -> Identity:
        """Raises `SealError`."""


@dataclass(frozen=True, slots=True)
class Handled:
    """Which reports a handler lists: of one handler or of all, but never those about `not_about`."""

    handler: str | None
    not_about: str | None
    kind: Kind | None = None


class Reports(Protocol):
    async def next_number(self, agency: str, kind: Kind, reported_on: date) -> int:
        """1, 2, 3… within the agency's day and the kind; others wait until the transaction ends."""

    async def store(self, report: Report, secret_sha256: bytes) -> None:
        """Keep a report."""

    async def find(self, code: str, *, locked: bool = False) -> tuple[Report, bytes] | None:
        """A report and its secret's SHA-256; locked until the transaction ends, if asked."""

    async def of_unit(self, agency: str, after: str | None, limit: int) -> Sequence[Report]:
        """Reports about a unit without a word of them, newest code first; never a denunciation."""

    async def of_handler(self, asked: Handled, after: str | None, limit: int) -> Sequence[Report]:
        """Reports to handle, newest code first."""

    async def take(self, report: Report, step: TakenStep) -> None:
        """Keep a step and the state it leads to. The report must be locked."""

    async def steps(self, code: str) -> Sequence[TakenStep]:
        """The steps taken, in order."""

    async def attach(self, code: str, attachments: Sequence[Attachment]) -> None:
        """Keep a report's attachments, apart from it."""

    async def attachment(self, code: str, number: int) -> Attachment | None:
        """One attachment, counted from 1."""


class Identities(Protocol):
    async def store(self, code: str, sealed: Sealed) -> None:
        """Keep a report's sealed identity."""

    async def find(self, code: str) -> Sealed | None:
        """A report's sealed identity."""

    async def log(self, code: str, opening: Opening) -> None:
        """Keep who looked, when and why. The report must be locked."""

    async def openings(self, code: str) -> Sequence[Opening]:
        """Who looked, in order."""

    async def key_ids(self) -> frozenset[str]:
        """The keys that identities are sealed with."""


@dataclass(frozen=True, slots=True)
class CountedCase:
    """A case that made a figure: what it added, and on which day."""

    name: str
    kind: CaseKind
    code: str
    counted_on: date
    added: Count


class Scores(Protocol):
    async def lock(self, names: Collection[CaseName]) -> dict[CaseName, Case]:
        """Every case of `names`, the known ones locked until the transaction ends."""

    async def store(self, cases: Sequence[Case], changes: Mapping[Place, Counts]) -> None:
        """Keep cases that `lock` gave, and add the changes to their places' sums.

        Raises `HeardElsewhereError` where a case that was new is so no more: begin again.
        """

    async def sums(self, span: Span, agency: str | None, officer: str | None) -> Counts:
        """A period's figures: an agency's or the town's; one officer's or everybody's."""

    async def sums_by_agency(self, span: Span) -> Mapping[str, Counts]:
        """A period's figures of every agency that has any."""

    async def weeks(
        self, figure: Figure, first_on: date, last_on: date
    ) -> Mapping[str, Mapping[date, Count]]:
        """One figure of every agency that has any, by the Monday of each week."""

    async def cases(
        self, span: Span, agency: str, figure: Figure, after: tuple[date, str] | None, limit: int
    ) -> Sequence[CountedCase]:
        """The cases that made a figure, by day and name, those after `after`."""

    async def clear(self) -> None:
        """Forget every case and every sum, to hear all again."""


@dataclass(frozen=True, slots=True)
class Books:
    """All that feedback keeps, and its outbox, in one transaction."""

    agencies: Agencies
    dossiers: Dossiers
    notices: Notices
    ratings: Ratings
    reports: Reports
    identities: Identities
    scores: Scores
    score_rules: ScoreRules
    outbox: SaysEvents


Begin = Callable[[], AbstractAsyncContextManager[Books]]
"""Begins a transaction; it is committed when the block ends well, else nothing was done."""
