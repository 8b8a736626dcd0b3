"""Said by intake: procedures and their time limits. Compacted: each event is the whole procedure."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import Event, ProcedureCode, VersionId

TOPIC = "thanthien.procedures.v1"


class Limit(BaseModel):
    """A time limit, in force for dossiers received in its period."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    valid_from: date
    valid_to: date | None = None
    kind: Literal["working_days", "days", "hours", "same_day", "none"]
    amount: Annotated[int, Field(ge=0, le=3650)] = 0
    """Working days, plain days or working hours; 0 for same_day and none."""
    leg_hours: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Working hours that each agency has once a dossier is transferred to it; None: no limit of
    its own, only the dossier's."""
    regime: VersionId = "nd61"
    """The way of counting, by its name in deadline's rule book."""


class ProcedureRegistered(Event):
    """A procedure with every limit it has had."""

    TYPE: ClassVar[str] = "thanthien.procedures.ProcedureRegistered.v1"
    TOPIC: ClassVar[str] = TOPIC

    procedure: ProcedureCode
    name: Annotated[str, Field(min_length=1, max_length=1000)]
    """The procedure's public name; not personal data."""
    limits: Annotated[tuple[Limit, ...], Field(min_length=1)]

    @property
    def subject(self) -> str:
        return self.procedure
