"""What may happen to a dossier, as far as courtesy is concerned. Instants are those of the thing itself."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.feedback.domain.notices import Kind, Promise

Channel = Literal["counter", "online", "post"]
Stage = Literal["check", "appraisal"]


@dataclass(frozen=True, slots=True)
class Moved:
    """A move: the agency responsible after it, and the status. `handler` is an opaque code of who
    made it; None where a system did."""

    agency: str
    status: int
    handler: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Submitted(Moved):
    channel: Channel
    received_at: datetime
    procedure: str | None = None


@dataclass(frozen=True, slots=True)
class SupplementAsked(Moved):
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Supplemented(Moved):
    supplemented_at: datetime
    stage: Stage


@dataclass(frozen=True, slots=True)
class Accepted(Moved):
    received_at: datetime
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class Stepped(Moved):
    """Forwarded, transferred, resolved, refused, stopped or withdrawn."""

    kind: Kind
    at: datetime


@dataclass(frozen=True, slots=True)
class Returned(Moved):
    returned_at: datetime


@dataclass(frozen=True, slots=True)
class AppointmentReckoned:
    """A limit begins to count: its appointment is known, or None where nothing is due by law or pledge."""

    appointment_at: datetime | None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AppointmentMoved:
    """The appointment of the limit that counts now is another."""

    appointment_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reappointed:
    """Mẫu 04: an apology with a new date."""

    agency: str
    at: datetime
    original_at: datetime
    appointment_at: datetime


@dataclass(frozen=True, slots=True)
class PromiseBroken:
    """The promise fell due at `due_at` (None where not said) and was not kept; known at `at`."""

    agency: str
    promise: Promise
    at: datetime
    due_at: datetime | None
    resolved_at: datetime | None


Happening = (
    Moved
    | Submitted
    | SupplementAsked
    | Supplemented
    | Accepted
    | Stepped
    | Returned
    | AppointmentReckoned
    | AppointmentMoved
    | Reappointed
    | PromiseBroken
)
