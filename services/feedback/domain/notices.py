"""The notices: what each courtesy says, before it is put into words."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from services.feedback.domain.courtesy import Xin

Promise = Literal["pledge", "law"]
"""Which promise an apology is for: the agency's own pledge, or the limit set by law."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """Xin chào: the dossier has come in; the result is promised for `appointment_at`.

    `is_accepted` is False for an online dossier that has yet to be checked, and then there is no
    appointment; an accepted dossier without one has no limit by law or pledge.
    """

    XIN: ClassVar[Xin] = Xin.GREETING

    dossier: str
    agency: str
    sent_at: datetime
    received_at: datetime
    is_accepted: bool
    appointment_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Xin phép: something is missing; may we ask for it."""

    XIN: ClassVar[Xin] = Xin.REQUEST

    dossier: str
    agency: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Apology:
    """Xin lỗi: what was promised for `due_at` did not come in time.

    `due_at` is None where the event does not say it, `resolved_at` while nothing is resolved.
    """

    XIN: ClassVar[Xin] = Xin.APOLOGY

    dossier: str
    agency: str
    sent_at: datetime
    promise: Promise
    due_at: datetime | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Thanks:
    """Xin cảm ơn: the result is returned; a one-time rating link goes with it."""

    XIN: ClassVar[Xin] = Xin.THANKS

    dossier: str
    agency: str
    sent_at: datetime


Notice = Greeting | Request | Apology | Thanks
