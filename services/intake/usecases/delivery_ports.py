"""What delivery needs of the outside."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.intake.domain.deliveries import Fault, Settlement, State
from services.intake.domain.hand_overs import Contact as Officer


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours to try, until its lease ends. `attempts` includes this one."""

    dossier: str
    notice: str
    number: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Contact:
    """How a citizen may be reached, and the language of their dossier."""

    language: str
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Addressee:
    """The citizen of a dossier, and who is there for them: who moved it last, and whom its agency named."""

    contact: Contact
    handler: str | None
    officer: Officer | None


@dataclass(frozen=True, slots=True)
class Wording:
    """A notice's words, and the code of the handler they name, if any."""

    text: str
    handler: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice ready to be carried. `id` is the same for every try."""

    id: str
    dossier: str
    notice: str
    number: int
    language: str
    text: str
    contact: Contact


@dataclass(frozen=True, slots=True)
class KeptDelivery:
    """A delivery as it is listed."""

    dossier: str
    notice: str
    number: int
    state: State
    attempts: int
    next_attempt_at: datetime | None
    reason: str | None
    settled_at: datetime | None


class DeliveryError(RuntimeError):
    """A try failed; `fault` says why, in a class and a code."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.reason)


class QueuesDeliveries(Protocol):
    """Queues deliveries in the transaction in which a notice is heard."""

    async def add(self, notices: Collection[tuple[str, str, int]]) -> None:
        """Queue (dossier, notice, number) and wake whoever delivers; one known already changes nothing."""


class Deliveries(Protocol):
    """Deliveries; each call is a transaction of its own."""

    async def claim(self, now: datetime, lease_until: datetime, size: int) -> list[Claim]:
        """Take up to `size` that are due, the longest due first; they come back at `lease_until`."""

    async def earliest(self) -> datetime | None:
        """When the next is due; None: none is pending."""

    async def addressee(self, dossier: str) -> Addressee:
        """How the dossier's citizen may be reached, and who is there for them."""

    async def settle(self, claim: Claim, settlement: Settlement, now: datetime) -> bool:
        """Store what became of it; False where the lease ran out and somebody else has it."""

    async def list(self, states: Collection[State], limit: int) -> Sequence[KeptDelivery]:
        """Deliveries in these states, the last settled first."""

    async def retry(self, dossier: str | None, now: datetime) -> int:
        """Try again what failed or was undeliverable, of one dossier or of all; how many."""


class Words(Protocol):
    """Where a notice's words come from."""

    async def of(self, dossier: str, notice: str, number: int, language: str) -> Wording:
        """The words, with the rating link where there is one. Raises `DeliveryError`."""


class Channel(Protocol):
    """How notices are carried."""

    @property
    def name(self) -> str: ...

    def reaches(self, contact: Contact) -> bool:
        """Whether the citizen left what this channel needs."""

    async def send(self, letter: Letter) -> None:
        """Carry it. Raises `DeliveryError`."""
