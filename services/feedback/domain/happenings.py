"""What may happen to a dossier, as far as courtesy is concerned. Instants are those of the thing itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.feedback.domain.notices import Promise

Channel = Literal["counter", "online", "post"]


@dataclass(frozen=True, slots=True)
class Moved:
    """A move that calls for no notice: the agency and the status are all that is noted."""

    agency: str
    status: int


@dataclass(frozen=True, slots=True)
class Submitted(Moved):
    channel: Channel
    received_at: datetime


@dataclass(frozen=True, slots=True)
class SupplementAsked(Moved):
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted(Moved):
    received_at: datetime
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class Returned(Moved):
    returned_at: datetime


@dataclass(frozen=True, slots=True)
class AppointmentReckoned:
    """The appointment is known: `appointment_at`, or None where nothing is due by law or pledge."""

    appointment_at: datetime | None


@dataclass(frozen=True, slots=True)
class PromiseBroken:
    """The promise fell due at `due_at` (None where not said) and was not kept; known at `at`."""

    agency: str
    promise: Promise
    at: datetime
    due_at: datetime | None
    resolved_at: datetime | None


Happening = (
    Moved | Submitted | SupplementAsked | Accepted | Returned | AppointmentReckoned | PromiseBroken
)
