"""Said by deadline: when things are due, who was called, what came of it. Keyed by subject."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import AgencyCode, Event, Instant, VersionId

TOPIC = "thanthien.deadlines.v1"

ClockKind = Literal[
    "dossier",
    "online_check",
    "forwarding",
    "appraisal_supplement",
    "transfer_leg",
    "conduct_report",
    "report_return",
    "report_inquiry",
    "report_publication",
    "complaint_acceptance",
    "complaint_decision",
    "denunciation",
]
"""What waits for an office. One code may have several clocks, each of another kind."""

Rung = Literal["at_risk", "apology", "pledge_missed", "breach", "reappointment_missed"]
Call = Literal["officer", "head_of_unit", "town"]
"""Who is called by an alarm, of the agency named beside it; the town is above all of them."""


class DeadlineEvent(Event):
    """What every event of a clock says. `code` is the dossier's or the report's."""

    TOPIC: ClassVar[str] = TOPIC

    code: Annotated[str, Field(pattern=r"^[A-Z0-9.-]{1,64}$")]
    kind: ClockKind
    agency: AgencyCode
    generation: Annotated[int, Field(ge=1)]
    """1 for the first reckoning; one more each time the limit counts anew (a supplement)."""

    @property
    def subject(self) -> str:
        return self.code


Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$")]
"""A date, or a moment on the wall of the agency whose hours are kept: local, without an offset."""


class ReckoningStep(BaseModel):
    """One rule applied on the way to a due instant: it led from one day or moment to another.

    What a rule says in words its hearers know, each in their own; so what has a usual value is left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    starts: Day
    ends: Day
    amount: Annotated[int, Field(ge=0, exclude_if=lambda amount: amount == 0)] = 0
    """The rule's figure where it has one: working days, plain days or hours."""
    source: Annotated[
        str | None, Field(max_length=200, exclude_if=lambda source: source is None)
    ] = None
    """The law this regime cites for the rule, where that is not what all regimes cite."""


class DeadlineSet(DeadlineEvent):
    """A clock runs. `appointment_at` is what Mẫu 01 prints: the earlier of the two due instants."""

    TYPE: ClassVar[str] = "thanthien.deadlines.DeadlineSet.v1"

    received_at: Instant
    legal_due: Instant | None
    """None where the procedure has no limit."""
    pledge_due: Instant | None
    """None where the agency pledges nothing beyond the law for this dossier."""
    appointment_at: Instant | None
    regime: VersionId
    rules_version: VersionId
    calendar_version: VersionId
    steps: Annotated[
        tuple[ReckoningStep, ...] | None, Field(exclude_if=lambda steps: steps is None)
    ] = None
    """How a dossier's due instants came about, in order; left out for other clocks, and in events of before."""


class DeadlineRecomputed(DeadlineSet):
    """The dates of an open clock were counted anew, on purpose: a decree changed the days, or a rule its
    figures. In a new generation where an alarm that had rung is taken back."""

    TYPE: ClassVar[str] = "thanthien.deadlines.DeadlineRecomputed.v1"

    recomputation: Annotated[int, Field(ge=1)]
    """Which run: deadline keeps why it was asked for, and by whom."""
    cause: Literal["calendar", "rules"]
    is_breach_withdrawn: bool
    """It had been called overdue, and by the new dates it is not."""


class DeadlineUncomputable(DeadlineEvent):
    """Something waits and no clock can be set for it: the event that would have set it is set aside, and
    somebody must look. Said once per clock and generation."""

    TYPE: ClassVar[str] = "thanthien.deadlines.DeadlineUncomputable.v1"

    cause: Literal["no_rule", "calendar_ends", "office_hours"]
    found_at: Instant


class CalendarRevised(Event):
    """A decree changed which days a calendar works. It moves no date by itself (rule 12)."""

    TYPE: ClassVar[str] = "thanthien.deadlines.CalendarRevised.v1"
    TOPIC: ClassVar[str] = TOPIC

    calendar: VersionId
    version: VersionId
    revised_at: Instant

    @property
    def subject(self) -> str:
        return self.calendar


class AppointmentSet(DeadlineEvent):
    """A head of unit chose another lawful instant; the due instants stay."""

    TYPE: ClassVar[str] = "thanthien.deadlines.AppointmentSet.v1"

    appointment_at: Instant


class Reappointed(DeadlineEvent):
    """Mẫu 04: an apology with a new date, once. The due instants stay and still judge lateness
    (rule 25)."""

    TYPE: ClassVar[str] = "thanthien.deadlines.Reappointed.v1"

    original_appointment_at: Instant
    appointment_at: Instant
    legal_due: Instant | None
    reappointed_at: Instant


class ClockStopped(DeadlineEvent):
    """Nothing is due any more (or, for a supplement, until it comes)."""

    TYPE: ClassVar[str] = "thanthien.deadlines.ClockStopped.v1"

    reason: Literal["supplement", "refused", "withdrawn", "stopped"]
    stopped_at: Instant


class AlarmRung(DeadlineEvent):
    """Somebody is called, once per clock, generation and rung."""

    TYPE: ClassVar[str] = "thanthien.deadlines.AlarmRung.v1"

    rung: Rung
    due_at: Instant
    """When the rung was to ring."""
    rang_at: Instant
    is_late: bool
    """It could not ring when it should have (the service was down)."""
    calls: Call | None = None
    """None in events of before ladders were the agencies' own."""


class DeadlineMet(DeadlineEvent):
    """Resolved by the legal due instant, by event time."""

    TYPE: ClassVar[str] = "thanthien.deadlines.DeadlineMet.v1"

    resolved_at: Instant
    is_pledge_kept: bool | None
    """None where nothing was pledged."""
    is_early: bool
    """Resolved on an earlier local day than the appointment's."""


class DeadlineMissed(DeadlineEvent):
    """Resolved after the legal due instant, by event time."""

    TYPE: ClassVar[str] = "thanthien.deadlines.DeadlineMissed.v1"

    resolved_at: Instant
    legal_due: Instant


class BreachWithdrawn(DeadlineEvent):
    """A breach was called, and the event that had kept the deadline came late: "lệch đồng bộ"."""

    TYPE: ClassVar[str] = "thanthien.deadlines.BreachWithdrawn.v1"

    resolved_at: Instant
    legal_due: Instant
    heard_at: Instant
