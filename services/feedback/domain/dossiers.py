"""Which notices a happening calls for: each once, whatever the order of topics."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from services.feedback.domain.happenings import (
    Accepted,
    AppointmentMoved,
    AppointmentReckoned,
    Happening,
    Moved,
    PromiseBroken,
    Reappointed,
    Returned,
    Stepped,
    Submitted,
    SupplementAsked,
    Supplemented,
)
from services.feedback.domain.notices import Kind, Notice

ONCE = frozenset({Kind.GREETING, Kind.ACCEPTED, Kind.APOLOGY, Kind.THANKS, Kind.CONGRATULATIONS})
"""Said once per dossier; every other kind once per move."""
WITH_APPOINTMENT = frozenset({Kind.SUPPLEMENTED, Kind.FORWARDED, Kind.TRANSFERRED, Kind.RESOLVED})
"""Of an accepted dossier they name its appointment, and wait until it is heard of."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Who received it when, and what is asked for; None: not heard of."""

    agency: str | None
    received_at: datetime
    procedure: str | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted it when."""

    agency: str
    accepted_at: datetime
    handler: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that names the appointment of a limit which nobody has told us of yet."""

    kind: Kind
    number: int
    agency: str
    at: datetime
    limit: int
    """Which: 1 from the acceptance, one more from each supplement of an accepted dossier."""
    handler: str | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """What feedback knows of a dossier, and what its citizen has been told."""

    code: str
    agency: str | None = None
    """The agency responsible now; None until the dossier itself is heard of."""
    status: int | None = None
    receipt: Receipt | None = None
    acceptance: Acceptance | None = None
    limits: int = 0
    """How often its limit began to count, as its moves tell."""
    appointments: tuple[datetime | None, ...] = ()
    """What deadline reckoned for each limit: known before or after the move that began it."""
    moved_to: datetime | None = None
    """Where the last of them was moved."""
    told: tuple[Kind, ...] = ()
    """Every notice called for, by kind. `ACCEPTED` stands as well where the greeting said so."""
    waiting: tuple[Waiting, ...] = ()


def learn(
    dossier: Dossier, happening: Happening, is_congratulated: bool = False
) -> tuple[Dossier, tuple[Notice, ...]]:
    """The dossier after the happening, and the notices it calls for, in the order they are said.

    Every move is told to the citizen, with agency, handler and times (rule 31):

    - Greeting: an online dossier is greeted when it is submitted, as nobody met its citizen; any
      other when it has been accepted *and* its appointment is known, whichever is heard last.
    - Accepted: an online dossier, likewise. Of any other the greeting says it.
    - Every further move once it is heard; one that names an appointment waits until that is known.
    - Thanks: at the return, with congratulations where they were pledged (`is_congratulated`).
    - Apology: at the first broken promise, be it the pledge or the law. A new date: when it is given.

    A notice depends only on what happened, not on the order in which different topics told it; but
    an appointment that was moved is named as moved once that is heard.
    """
    dossier = _note(dossier, happening)
    notices = []
    for notice in _called_for(dossier, happening, is_congratulated):
        if notice.kind in ONCE and notice.kind in dossier.told:
            continue
        notice = replace(notice, number=dossier.told.count(notice.kind) + 1)
        dossier = replace(dossier, told=(*dossier.told, *_tells(notice)))
        if notice.kind in WITH_APPOINTMENT and dossier.limits > len(dossier.appointments):
            dossier = replace(dossier, waiting=(*dossier.waiting, _put_off(notice, dossier.limits)))
        elif notice.kind in WITH_APPOINTMENT and dossier.limits:
            notices.append(_with_appointment(notice, dossier, dossier.limits))
        else:
            notices.append(notice)
    dossier, due = _no_longer_waiting(dossier)
    return dossier, (*notices, *due)


def _note(dossier: Dossier, happening: Happening) -> Dossier:
    if isinstance(happening, Moved):
        dossier = replace(dossier, agency=happening.agency, status=happening.status)
    match happening:
        case Submitted(agency=agency, received_at=at, procedure=procedure):
            return replace(dossier, receipt=Receipt(agency, at, procedure))
        case Accepted(agency=agency, received_at=at, accepted_at=accepted_at, handler=handler):
            return replace(
                dossier,
                acceptance=Acceptance(agency, accepted_at, handler),
                receipt=dossier.receipt or Receipt(agency, at),
                limits=max(dossier.limits, 1),
            )
        case Supplemented(stage="appraisal"):
            return replace(dossier, limits=dossier.limits + 1)
        case AppointmentReckoned(appointment_at=at, received_at=received_at):
            heard = None if received_at is None else Receipt(None, received_at)
            return replace(
                dossier,
                appointments=(*dossier.appointments, at),
                moved_to=None,
                receipt=dossier.receipt or heard,
            )
        case AppointmentMoved(appointment_at=at) | Reappointed(appointment_at=at):
            return replace(dossier, moved_to=at)
        case _:
            return dossier


def _called_for(dossier: Dossier, happening: Happening, is_congratulated: bool) -> Iterator[Notice]:
    received_at = dossier.receipt.received_at if dossier.receipt is not None else None

    def notice(kind: Kind, agency: str, at: datetime, handler: str | None = None) -> Notice:
        return Notice(kind, dossier.code, agency, at, handler=handler, received_at=received_at)

    match happening:
        case Submitted(channel="online", agency=agency, received_at=at, handler=handler):
            yield notice(Kind.GREETING, agency, at, handler)
        case Accepted() | AppointmentReckoned():
            yield from _acceptance_told(dossier)
        case SupplementAsked(agency=agency, requested_at=at, handler=handler):
            yield notice(Kind.REQUEST, agency, at, handler)
        case Supplemented(agency=agency, supplemented_at=at, handler=handler):
            yield notice(Kind.SUPPLEMENTED, agency, at, handler)
        case Stepped(agency=agency, kind=kind, at=at, handler=handler):
            yield notice(kind, agency, at, handler)
        case PromiseBroken(agency=agency, at=at):
            yield replace(
                notice(Kind.APOLOGY, agency, at),
                promise=happening.promise,
                due_at=happening.due_at,
                resolved_at=happening.resolved_at,
            )
        case Reappointed(agency=agency, at=at, original_at=original_at, appointment_at=new_at):
            told = notice(Kind.REAPPOINTED, agency, at)
            yield replace(told, original_at=original_at, appointment_at=new_at)
        case Returned(agency=agency, returned_at=at, handler=handler):
            yield notice(Kind.THANKS, agency, at, handler)
            if is_congratulated and (receipt := dossier.receipt) is not None:
                told = notice(Kind.CONGRATULATIONS, receipt.agency or agency, at)
                yield replace(told, procedure=receipt.procedure)


def _acceptance_told(dossier: Dossier) -> Iterator[Notice]:
    """The greeting that says the acceptance, or the acceptance of who was greeted before."""
    acceptance, receipt = dossier.acceptance, dossier.receipt
    if acceptance is None or not dossier.appointments or Kind.ACCEPTED in dossier.told:
        return
    kind = Kind.ACCEPTED if Kind.GREETING in dossier.told else Kind.GREETING
    yield Notice(
        kind,
        dossier.code,
        acceptance.agency,
        acceptance.accepted_at,
        handler=acceptance.handler,
        received_at=None if receipt is None else receipt.received_at,
        appointment_at=dossier.appointments[0],
        is_accepted=kind is Kind.GREETING,
    )


def _tells(notice: Notice) -> tuple[Kind, ...]:
    return (notice.kind, Kind.ACCEPTED) if notice.is_accepted else (notice.kind,)


def _put_off(notice: Notice, limit: int) -> Waiting:
    return Waiting(notice.kind, notice.number, notice.agency, notice.sent_at, limit, notice.handler)


def _no_longer_waiting(dossier: Dossier) -> tuple[Dossier, list[Notice]]:
    """What waited and need not any more, in the order it was called for."""
    known = len(dossier.appointments)
    due = [one for one in dossier.waiting if one.limit <= known]
    if not due:
        return dossier, []
    left = tuple(one for one in dossier.waiting if one.limit > known)
    received_at = dossier.receipt.received_at if dossier.receipt is not None else None
    notices = [
        Notice(
            one.kind,
            dossier.code,
            one.agency,
            one.at,
            number=one.number,
            handler=one.handler,
            received_at=received_at,
        )
        for one in due
    ]
    return replace(dossier, waiting=left), [
        _with_appointment(notice, dossier, one.limit)
        for notice, one in zip(notices, due, strict=True)
    ]


def _with_appointment(notice: Notice, dossier: Dossier, limit: int) -> Notice:
    """Its appointment as it stands (rule 25); a result may be early against the one first given."""
    first = at = dossier.appointments[limit - 1]
    if limit == len(dossier.appointments) and dossier.moved_to is not None:
        at = dossier.moved_to
    is_early = notice.kind is Kind.RESOLVED and first is not None and notice.sent_at < first
    return replace(notice, appointment_at=at, is_early=is_early)
