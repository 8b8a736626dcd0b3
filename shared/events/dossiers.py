"""Said by intake: the life of a dossier, one event per move. Keyed by the dossier's code."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.base import (
    AgencyCode,
    DossierCode,
    Event,
    HandlerCode,
    Instant,
    NationalStatus,
    ProcedureCode,
)

TOPIC = "thanthien.dossiers.v1"

Channel = Literal["counter", "online", "post"]


class DossierEvent(Event):
    """What every move of a dossier says: which one, who is responsible now, how far it has come."""

    TOPIC: ClassVar[str] = TOPIC

    dossier: DossierCode
    agency: AgencyCode
    """The agency responsible after the move."""
    status: NationalStatus
    handler: HandlerCode | None = None
    """Who made the move; None where a system did, and in events of before handlers were named."""

    @property
    def subject(self) -> str:
        return self.dossier


class DossierSubmitted(DossierEvent):
    TYPE: ClassVar[str] = "thanthien.dossiers.DossierSubmitted.v1"

    procedure: ProcedureCode
    channel: Channel
    received_at: Instant


class SupplementRequested(DossierEvent):
    TYPE: ClassVar[str] = "thanthien.dossiers.SupplementRequested.v1"

    stage: Literal["check", "appraisal"]
    """`check`: before acceptance. `appraisal`: after it; the clock stops."""
    requested_at: Instant


class DossierSupplemented(DossierEvent):
    TYPE: ClassVar[str] = "thanthien.dossiers.DossierSupplemented.v1"

    stage: Literal["check", "appraisal"]
    supplemented_at: Instant


class DossierAccepted(DossierEvent):
    TYPE: ClassVar[str] = "thanthien.dossiers.DossierAccepted.v1"

    procedure: ProcedureCode
    channel: Channel
    received_at: Instant
    """When the citizen handed it in: chooses rules, forms and agency (rule 13)."""
    complete_at: Instant
    """When it was complete (receipt, or the last supplement): the limit counts from here."""
    accepted_at: Instant


class DossierRefused(DossierEvent):
    TYPE: ClassVar[str] = "thanthien.dossiers.DossierRefused.v1"
    ENDS_SUBJECT: ClassVar[bool] = True

    refused_at: Instant


class DossierTransferred(DossierEvent):
    """`agency` is the agency that now has it."""

    TYPE: ClassVar[str] = "thanthien.dossiers.DossierTransferred.v1"

    from_agency: AgencyCode
    leg: Annotated[int, Field(ge=1)]
    transferred_at: Instant


class DossierForwarded(DossierEvent):
    """The counter handed it to the department that works on it, within the agency."""

    TYPE: ClassVar[str] = "thanthien.dossiers.DossierForwarded.v1"

    forwarded_at: Instant


class DossierResolved(DossierEvent):
    TYPE: ClassVar[str] = "thanthien.dossiers.DossierResolved.v1"

    resolved_at: Instant


class DossierReturned(DossierEvent):
    TYPE: ClassVar[str] = "thanthien.dossiers.DossierReturned.v1"
    ENDS_SUBJECT: ClassVar[bool] = True

    returned_at: Instant


class DossierWithdrawn(DossierEvent):
    TYPE: ClassVar[str] = "thanthien.dossiers.DossierWithdrawn.v1"
    ENDS_SUBJECT: ClassVar[bool] = True

    withdrawn_at: Instant


class DossierStopped(DossierEvent):
    TYPE: ClassVar[str] = "thanthien.dossiers.DossierStopped.v1"
    ENDS_SUBJECT: ClassVar[bool] = True

    stopped_at: Instant
