"""What the use cases need of the outside, and the words they exchange with it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.intake.domain.agencies import Agency
from services.intake.domain.hand_overs import Contact, Wait
from services.intake.domain.life import Channel, Dossier, Move, State
from services.intake.domain.papers import Apology, ReturnBy
from services.intake.domain.pledges import Pledge
from services.intake.domain.procedures import Limit, Procedure
from services.intake.domain.promises import Promise, Reappointment
from services.intake.domain.reconciliation import Standing
from services.intake.domain.register import Entry
from shared.messages import SaysEvents


class TakenMeanwhileError(RuntimeError):
    """Somebody else took a key or a reference while we worked: roll back and do it again."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which role, for which agency: opaque subjects, never names."""

    subject: str
    role: str
    agency: str | None


@dataclass(frozen=True, slots=True)
class Applicant:
    """Personal data of a citizen; stays in its own table."""

    name: str
    address: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document handed in, or asked for."""

    name: str
    copies: int = 1
    originals: int = 0
    certified: int = 0
    """Certified copies."""


@dataclass(frozen=True, slots=True)
class Key:
    """An Idempotency-Key of a caller, and what was asked under it."""

    caller: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered under a key."""

    fingerprint: bytes
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewDossier:
    """A dossier to add, with what only its forms need."""

    dossier: Dossier
    procedure_revision: int
    receiving_revision: int
    language: str
    reference: str | None
    documents: Sequence[Document]
    applicant: Applicant
    sets: int = 1
    return_by: ReturnBy = "counter"


@dataclass(frozen=True, slots=True)
class KeptMove:
    """One change of a dossier as it is kept: who, for whom, when, why."""

    dossier: str
    number: int
    verb: str
    from_state: State | None
    to_state: State
    agency: str
    happened_at: datetime
    actor: Actor
    recorded_at: datetime
    reason: str | None = None
    legal_basis: str | None = None
    documents: Sequence[Document] | None = None
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class LoadedDossier:
    """A dossier under lock, and how many moves it has had."""

    dossier: Dossier
    moves: int


@dataclass(frozen=True, slots=True)
class DossierView:
    """All that is shown of a dossier."""

    dossier: Dossier
    agency_name: str
    procedure_name: str
    time_zone: str
    language: str
    reference: str | None
    documents: Sequence[Document]
    applicant: Applicant
    promise: Promise | None
    notices: Sequence[tuple[str, datetime]]
    moves: Sequence[KeptMove]
    sets: int = 1
    return_by: ReturnBy = "counter"


@dataclass(frozen=True, slots=True)
class SlipFacts:
    """What forms need beside the dossier. `names`: by move, what its agency was called when it was
    made (rule 16)."""

    limits: Sequence[Limit]
    names: Mapping[int, str]
    waits: Sequence[Wait]
    reappointment: Reappointment | None
    apology: Apology | None


class Registry(Protocol):
    """Agencies, their pledges, and procedures."""

    async def load_agencies(self, codes: Collection[str] | None) -> dict[str, Agency]:
        """The agencies registered of `codes`; None: all."""

    async def load_procedures(self, codes: Collection[str] | None) -> dict[str, Procedure]:
        """The procedures registered of `codes`; None: all."""

    async def lock_agency(self, code: str) -> Agency | None:
        """The agency under lock: its registrations follow one another."""

    async def load_pledges(self, agency: str) -> list[tuple[Pledge, dict[str, Any]]]:
        """The agency's pledges by version, each with what it adds in its own words."""

    async def keep_agency(self, agency: Agency) -> None:
        """Store a revision and make it the present one."""

    async def keep_pledges(
        self, agency: str, pledges: Sequence[Pledge], additions: dict[str, Any]
    ) -> None:
        """Store the agency's pledges; `additions` belong to the last, new one."""

    async def lock_procedures(self, codes: Collection[str]) -> dict[str, Procedure]:
        """The procedures registered of `codes`, under lock."""

    async def keep_procedures(self, procedures: Sequence[Procedure]) -> None:
        """Store revisions and make them the present ones."""

    async def record(
        self, kind: str, revisions: Sequence[tuple[str, int]], actor: Actor, at: datetime
    ) -> None:
        """Keep who registered what, and tell every replica to forget what it knew of it."""


class Dossiers(Protocol):
    """Dossiers, their codes and moves."""

    async def take_orders(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Give out so many orders per prefix; the first of each."""

    async def find_references(
        self, references: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], Dossier]:
        """The dossiers already taken under (receiving agency, reference)."""

    async def add(self, dossiers: Sequence[NewDossier], moves: Sequence[KeptMove]) -> None:
        """Store new dossiers. Raises `TakenMeanwhileError`."""

    async def lock(self, codes: Collection[str]) -> dict[str, LoadedDossier]:
        """The dossiers of `codes` that exist, locked in the order of their codes."""

    async def keep(self, dossiers: Sequence[LoadedDossier], moves: Sequence[KeptMove]) -> None:
        """Store what became of dossiers, and how."""

    async def find_status(self, code: str) -> int | None:
        """The national status of one dossier; None where there is none."""

    async def view(self, code: str) -> DossierView | None:
        """All that is shown of one dossier."""


class Slips(Protocol):
    """What only the forms need."""

    async def facts(self, code: str) -> SlipFacts:
        """What the forms of one dossier need beside it."""

    async def keep_apology(
        self, code: str, reason: str, signer: str, actor: Actor, at: datetime
    ) -> bool:
        """Keep the words of Mẫu 04, once; False where they are kept already, or nothing was heard."""

    async def register_page(
        self,
        agency: str,
        begins: datetime,
        ends: datetime,
        after: tuple[datetime, str] | None,
        size: int,
    ) -> list[Entry]:
        """Dossiers received in [begins, ends), by time of receipt and code, after the one named.

        Instants are UTC.
        """


class Standings(Protocol):
    """How far dossiers have come, all as of one moment."""

    async def of_agency(self, agency: str | None) -> Sequence[Standing]:
        """The dossiers an agency received or is responsible for now; None: all."""

    async def of_codes(self, codes: Collection[str]) -> Sequence[Standing]:
        """Those of `codes` that are dossiers of ours."""


class Answers(Protocol):
    """Answers given under Idempotency-Keys."""

    async def find(self, keys: Collection[Key]) -> dict[tuple[str, str], Answer]:
        """What was answered under the keys before, by (caller, key)."""

    async def keep(self, answers: Mapping[Key, Mapping[str, Any]], at: datetime) -> None:
        """Keep the answers. Raises `TakenMeanwhileError`."""


class Promises(Protocol):
    """What other services told us of our dossiers."""

    async def load(self, codes: Collection[str]) -> dict[str, Promise]:
        """The promises of the dossiers that exist, under lock; a blank one where none is yet."""

    async def keep(self, promises: Sequence[Promise]) -> None:
        """Store promises and wake whoever waits for their appointments, on any replica."""

    async def keep_hand_overs(self, waits: Sequence[tuple[str, Wait]]) -> None:
        """Store (dossier, wait); what a wait leaves open stays as it was."""

    async def keep_reappointments(self, heard: Sequence[Reappointment]) -> None:
        """Store the dates of re-appointments; one known already changes nothing."""

    async def known(self, codes: Collection[str]) -> set[str]:
        """Those of `codes` that are dossiers of ours."""

    async def keep_notices(self, notices: Sequence[tuple[str, str, int, datetime]]) -> None:
        """Store (dossier, notice, sent_at); a notice known already changes nothing."""


class Appointments(Protocol):
    """Reads appointments outside any transaction, for those who wait."""

    async def read(self, codes: Collection[str]) -> dict[str, Promise]:
        """The promises set by now."""


class Transaction(Protocol):
    """One transaction: everything done through it happens together or not at all."""

    @property
    def registry(self) -> Registry: ...
    @property
    def dossiers(self) -> Dossiers: ...
    @property
    def slips(self) -> Slips: ...
    @property
    def answers(self) -> Answers: ...
    @property
    def outbox(self) -> SaysEvents: ...


class Transactions(Protocol):
    """Where transactions begin."""

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits at the end of the block, rolls back when it raises."""


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """A move asked for: of which dossier, by whom. `move.at` is `asked_at` unless a system says."""

    code: str
    move: Move
    actor: Actor
    asked_at: datetime
    is_dated: bool = False
    """Whether the caller gave `move.at`."""
    documents: Sequence[Document] | None = None
    contact: Contact | None = None
    key: Key | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A dossier handed in, as the counter or an agency's system sends it."""

    agency: str
    procedure: str
    channel: Channel
    is_complete: bool
    applicant: Applicant
    documents: Sequence[Document]
    actor: Actor
    asked_at: datetime
    received_at: datetime | None = None
    reference: str | None = None
    language: str = "vi"
    sets: int = 1
    return_by: ReturnBy = "counter"
    key: Key | None = None
    traceparent: str | None = None
