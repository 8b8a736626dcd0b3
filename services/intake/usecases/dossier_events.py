"""What intake says of a dossier, move by move: codes, instants and the national status."""

from datetime import datetime

from services.intake.domain.life import Dossier, Verb
from shared.events import dossiers as wire


def dossier_submitted(dossier: Dossier) -> wire.DossierSubmitted:
    """The first event of a dossier."""
    return wire.DossierSubmitted(
        dossier=dossier.code,
        agency=dossier.agency,
        status=dossier.status,
        procedure=dossier.procedure,
        channel=dossier.channel,
        received_at=dossier.received_at,
    )


def dossier_moved(verb: Verb, before: Dossier, after: Dossier, at: datetime) -> wire.DossierEvent:
    """The event of one move, made at `at`, from `before` to `after`."""
    code, agency, status = after.code, after.agency, after.status
    match verb:
        case Verb.REQUEST_SUPPLEMENT:
            return wire.SupplementRequested(
                dossier=code, agency=agency, status=status, stage=before.stage, requested_at=at
            )
        case Verb.SUPPLEMENT:
            return wire.DossierSupplemented(
                dossier=code, agency=agency, status=status, stage=before.stage, supplemented_at=at
            )
        case Verb.ACCEPT:
            return dossier_accepted(after, at)
        case Verb.REFUSE:
            return wire.DossierRefused(dossier=code, agency=agency, status=status, refused_at=at)
        case Verb.FORWARD:
            return wire.DossierForwarded(
                dossier=code, agency=agency, status=status, forwarded_at=at
            )
        case Verb.TRANSFER:
            return wire.DossierTransferred(
                dossier=code,
                agency=agency,
                status=status,
                from_agency=before.agency,
                leg=after.leg,
                transferred_at=at,
            )
        case Verb.RESOLVE:
            return wire.DossierResolved(dossier=code, agency=agency, status=status, resolved_at=at)
        case Verb.RETURN:
            return wire.DossierReturned(dossier=code, agency=agency, status=status, returned_at=at)
        case Verb.WITHDRAW:
            return wire.DossierWithdrawn(
                dossier=code, agency=agency, status=status, withdrawn_at=at
            )
        case Verb.STOP:
            return wire.DossierStopped(dossier=code, agency=agency, status=status, stopped_at=at)


def dossier_accepted(dossier: Dossier, at: datetime) -> wire.DossierAccepted:
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
    )
