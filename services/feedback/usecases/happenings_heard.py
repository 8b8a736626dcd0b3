"""Which event means which happening: the table from the wire to the domain."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from services.feedback.domain.happenings import (
    Accepted,
    AppointmentMoved,
    AppointmentReckoned,
    Happening,
    PromiseBroken,
    Reappointed,
    Returned,
    Stepped,
    Submitted,
    SupplementAsked,
    Supplemented,
)
from services.feedback.domain.notices import Kind, Promise
from shared.events import deadlines, dossiers
from shared.events.base import Event


def _submitted(event: dossiers.DossierSubmitted) -> Submitted:
    return Submitted(
        event.agency,
        event.status,
        event.channel,
        event.received_at,
        event.procedure,
        handler=event.handler,
    )


def _supplement_asked(event: dossiers.SupplementRequested) -> SupplementAsked:
    return SupplementAsked(event.agency, event.status, event.requested_at, handler=event.handler)


def _supplemented(event: dossiers.DossierSupplemented) -> Supplemented:
    at = event.supplemented_at
    return Supplemented(event.agency, event.status, at, event.stage, handler=event.handler)


def _accepted(event: dossiers.DossierAccepted) -> Accepted:
    return Accepted(
        event.agency, event.status, event.received_at, event.accepted_at, handler=event.handler
    )


def _stepped(kind: Kind, instant: str) -> Callable[[dossiers.DossierEvent], Stepped]:
    """A further move; `instant` is the field that says when."""
    at = attrgetter(instant)
    return lambda event: Stepped(event.agency, event.status, kind, at(event), handler=event.handler)


def _returned(event: dossiers.DossierReturned) -> Returned:
    return Returned(event.agency, event.status, event.returned_at, handler=event.handler)


def _appointment_reckoned(event: deadlines.DeadlineSet) -> AppointmentReckoned:
    return AppointmentReckoned(event.appointment_at, event.received_at)


def _appointment_moved(
    event: deadlines.DeadlineRecomputed | deadlines.AppointmentSet,
) -> AppointmentMoved:
    return AppointmentMoved(event.appointment_at)


def _reappointed(event: deadlines.Reappointed) -> Reappointed:
    return Reappointed(
        event.agency, event.reappointed_at, event.original_appointment_at, event.appointment_at
    )


BROKEN: Mapping[deadlines.Rung, Promise] = {"pledge_missed": "pledge", "breach": "law"}


def _alarm_rung(event: deadlines.AlarmRung) -> PromiseBroken | None:
    """What the agency is warned of is its own worry; its citizen is told once a promise is broken.

    A new date (Mẫu 04) that passes breaks no further one: the law's was broken before.
    """
    promise = BROKEN.get(event.rung)
    if promise is None:
        return None
    return PromiseBroken(event.agency, promise, event.rang_at, event.due_at, resolved_at=None)


def _deadline_met(event: deadlines.DeadlineMet) -> PromiseBroken | None:
    """Kept the law and yet missed the pledge: known here where no alarm had time to ring."""
    if event.is_pledge_kept is not False:
        return None
    at = event.resolved_at
    return PromiseBroken(event.agency, "pledge", at, due_at=None, resolved_at=at)


def _deadline_missed(event: deadlines.DeadlineMissed) -> PromiseBroken:
    at = event.resolved_at
    return PromiseBroken(event.agency, "law", at, event.legal_due, resolved_at=at)


HAPPENINGS: Mapping[type[Event], Callable[[Any], Happening | None]] = {
    dossiers.DossierSubmitted: _submitted,
    dossiers.SupplementRequested: _supplement_asked,
    dossiers.DossierSupplemented: _supplemented,
    dossiers.DossierAccepted: _accepted,
    dossiers.DossierRefused: _stepped(Kind.REFUSED, "refused_at"),
    dossiers.DossierTransferred: _stepped(Kind.TRANSFERRED, "transferred_at"),
    dossiers.DossierForwarded: _stepped(Kind.FORWARDED, "forwarded_at"),
    dossiers.DossierResolved: _stepped(Kind.RESOLVED, "resolved_at"),
    dossiers.DossierReturned: _returned,
    dossiers.DossierWithdrawn: _stepped(Kind.WITHDRAWN, "withdrawn_at"),
    dossiers.DossierStopped: _stepped(Kind.STOPPED, "stopped_at"),
    deadlines.DeadlineSet: _appointment_reckoned,
    deadlines.DeadlineRecomputed: _appointment_moved,
    deadlines.AppointmentSet: _appointment_moved,
    deadlines.Reappointed: _reappointed,
    deadlines.AlarmRung: _alarm_rung,
    deadlines.DeadlineMet: _deadline_met,
    deadlines.DeadlineMissed: _deadline_missed,
}


def happening_of(event: Event) -> Happening | None:
    """What the event means for a dossier's citizen; None where it means nothing to them."""
    if isinstance(event, deadlines.DeadlineEvent) and event.kind != "dossier":
        return None
    translate = HAPPENINGS.get(type(event))
    return None if translate is None else translate(event)
