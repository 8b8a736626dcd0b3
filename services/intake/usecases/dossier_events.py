"""What intake says of a dossier, move by move: codes, instants and the national status."""

from datetime import datetime
from typing import TypedDict

from services.intake.domain.life import Dossier, Verb
from shared.events import dossiers as wire


class Said(TypedDict):
    """What every move says."""

    dossier: str
    agency: str
    status: int
    handler: str | None


def dossier_submitted(dossier: Dossier, handler: str | None) -> wire.DossierSubmitted:
    """The first event of a dossier."""
    return wire.DossierSubmitted(
        dossier=dossier.code,
        agency=dossier.agency,
        status=dossier.status,
        handler=handler,
        procedure=dossier.procedure,
        channel=dossier.channel,
        received_at=dossier.received_at,
    )


def dossier_moved(
    verb: Verb, before: Dossier, after: Dossier, at: datetime, handler: str | None
) -> wire.DossierEvent:
    """The event of one move, made by `handler` at `at`, from `before` to `after`."""
    if verb is Verb.ACCEPT:
        return dossier_accepted(after, at, handler)
    said: Said = {
        "dossier": after.code,
        "agency": after.agency,
        "status": after.status,
        "handler": handler,
    }
    match verb:
        case Verb.REQUEST_SUPPLEMENT:
            return wire.SupplementRequested(**said, stage=before.stage, requested_at=at)
        case Verb.SUPPLEMENT:
            return wire.DossierSupplemented(**said, stage=before.stage, supplemented_at=at)
        case Verb.REFUSE:
            return wire.DossierRefused(**said, refused_at=at)
        case Verb.FORWARD:
            return wire.DossierForwarded(**said, forwarded_at=at)
        case Verb.TRANSFER:
            return wire.DossierTransferred(
                **said,
                from_agency=before.agency,
                leg=after.leg,
                transferred_at=at,
            )
        case Verb.RESOLVE:
            return wire.DossierResolved(**said, resolved_at=at)
        case Verb.RETURN:
            return wire.DossierReturned(**said, returned_at=at)
        case Verb.WITHDRAW:
            return wire.DossierWithdrawn(**said, withdrawn_at=at)
        case Verb.STOP:
            return wire.DossierStopped(**said, stopped_at=at)


def dossier_accepted(dossier: Dossier, at: datetime, handler: str | None) -> wire.DossierAccepted:
    """The event that starts the clock."""
    return wire.DossierAccepted(
        dossier=dossier.code,
        agency=dossier.agency,
        status=dossier.status,
        procedure=dossier.procedure,
        channel=dossier.channel,
        received_at=dossier.received_at,
        complete_at=dossier.complete_at,
        accepted_at=at,
        handler=handler,
    )
