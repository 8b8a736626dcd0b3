"""Which notice a happening calls for: each courtesy once per dossier, whatever the order of topics."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.feedback.domain.courtesy import Xin
from services.feedback.domain.happenings import (
    Accepted,
    AppointmentReckoned,
    Happening,
    Moved,
    PromiseBroken,
    Returned,
    Submitted,
    SupplementAsked,
)
from services.feedback.domain.notices import Apology, Greeting, Notice, Request, Thanks


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted, what was received when."""

    agency: str
    received_at: datetime
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class Dossier:
    """What feedback knows of a dossier, and what its citizen has been told."""

    code: str
    agency: str | None = None
    """The agency responsible now; None until the dossier itself is heard of."""
    status: int | None = None
    acceptance: Acceptance | None = None
    is_appointment_known: bool = False
    """The first reckoning has been heard; `appointment_at` may still be None: nothing is due."""
    appointment_at: datetime | None = None
    told: frozenset[Xin] = frozenset()


def learn(dossier: Dossier, happening: Happening) -> tuple[Dossier, Notice | None]:
    """The dossier after the happening, and the notice it calls for, if any.

    - Greeting: an online dossier is greeted when it is submitted, as nobody met its citizen; any
      other when it has been accepted *and* its appointment is known, whichever is heard last.
    - Request: at the first supplement request.
    - Apology: at the first broken promise, be it the pledge or the law.
    - Thanks: at the return.

    Each at most once per dossier. A notice depends only on what happened, not on the order in which
    different topics told it.
    """
    dossier = _note(dossier, happening)
    notice = _called_for(dossier, happening)
    if notice is None or notice.XIN in dossier.told:
        return dossier, None
    return replace(dossier, told=dossier.told | {notice.XIN}), notice


def _note(dossier: Dossier, happening: Happening) -> Dossier:
    if isinstance(happening, Moved):
        dossier = replace(dossier, agency=happening.agency, status=happening.status)
    if isinstance(happening, Accepted):
        acceptance = Acceptance(happening.agency, happening.received_at, happening.accepted_at)
        return replace(dossier, acceptance=acceptance)
    if isinstance(happening, AppointmentReckoned) and not dossier.is_appointment_known:
        return replace(dossier, is_appointment_known=True, appointment_at=happening.appointment_at)
    return dossier


def _called_for(dossier: Dossier, happening: Happening) -> Notice | None:
    match happening:
        case Submitted(channel="online", agency=agency, received_at=at):
            return Greeting(dossier.code, agency, at, received_at=at, is_accepted=False)
        case Accepted() | AppointmentReckoned():
            return _greeting_with_appointment(dossier)
        case SupplementAsked(agency=agency, requested_at=at):
            return Request(dossier.code, agency, at)
        case PromiseBroken(agency=agency, at=at):
            return Apology(
                dossier.code,
                agency,
                at,
                promise=happening.promise,
                due_at=happening.due_at,
                resolved_at=happening.resolved_at,
            )
        case Returned(agency=agency, returned_at=at):
            return Thanks(dossier.code, agency, at)
        case _:
            return None


def _greeting_with_appointment(dossier: Dossier) -> Greeting | None:
    acceptance = dossier.acceptance
    if acceptance is None or not dossier.is_appointment_known:
        return None
    return Greeting(
        dossier.code,
        acceptance.agency,
        sent_at=acceptance.accepted_at,
        received_at=acceptance.received_at,
        is_accepted=True,
        appointment_at=dossier.appointment_at,
    )
