"""Said by feedback: what citizens were told and what they answered. No author, no words."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.base import AgencyCode, DossierCode, Event, Instant, ReportCode

TOPIC = "thanthien.feedback.v1"

Notice = Literal[
    "greeting",
    "request",
    "apology",
    "thanks",
    "accepted",
    "supplemented",
    "forwarded",
    "transferred",
    "resolved",
    "refused",
    "stopped",
    "withdrawn",
    "reappointed",
    "congratulations",
]
"""xin chào, xin phép, xin lỗi, xin cảm ơn; then one for each further change of status, a new date, and
congratulations where the unit pledged them."""

Stars = Annotated[int, Field(ge=1, le=5)]


class NoticeSent(Event):
    TYPE: ClassVar[str] = "thanthien.feedback.NoticeSent.v1"
    TOPIC: ClassVar[str] = TOPIC

    dossier: DossierCode
    agency: AgencyCode
    notice: Notice
    sent_at: Instant
    number: Annotated[int, Field(ge=1)] = 1
    """The how-manyeth of its kind for the dossier: two transfers are two notices."""

    @property
    def subject(self) -> str:
        return self.dossier


class RatingGiven(Event):
    """Stars for each of the 4 luôn, and overall where they were given."""

    TYPE: ClassVar[str] = "thanthien.feedback.RatingGiven.v1"
    TOPIC: ClassVar[str] = TOPIC

    dossier: DossierCode
    agency: AgencyCode
    smile: Stars
    gentle: Stars
    listen: Stars
    help: Stars
    rated_at: Instant
    overall: Stars | None = None

    @property
    def subject(self) -> str:
        return self.dossier


class ComplaintReceived(Event):
    """A complaint (khiếu nại). Its author, its object and its words stay in feedback."""

    TYPE: ClassVar[str] = "thanthien.feedback.ComplaintReceived.v1"
    TOPIC: ClassVar[str] = TOPIC

    report: ReportCode
    agency: AgencyCode
    """The agency that handles it."""
    received_at: Instant

    @property
    def subject(self) -> str:
        return self.report


class DenunciationReceived(Event):
    """A denunciation (tố cáo): nothing but that one is there, and who handles it."""

    TYPE: ClassVar[str] = "thanthien.feedback.DenunciationReceived.v1"
    TOPIC: ClassVar[str] = TOPIC

    report: ReportCode
    agency: AgencyCode
    """The agency that handles it, never the one it is about."""
    received_at: Instant

    @property
    def subject(self) -> str:
        return self.report


class ReportMoved(Event):
    """A step in the handling of a report, complaint or denunciation."""

    TYPE: ClassVar[str] = "thanthien.feedback.ReportMoved.v1"
    TOPIC: ClassVar[str] = TOPIC

    report: ReportCode
    agency: AgencyCode
    """The agency that handles it."""
    step: Literal[
        "returned", "asked", "answered", "accepted", "refused", "resolved", "published", "withdrawn"
    ]
    """`returned`: not ours to handle. `asked`, `answered`: more was asked of its author, and came.
    `accepted`, `refused`: a complaint is taken up, or not."""
    moved_at: Instant
    verdict: Literal["upheld", "not_upheld", "false"] | None = None
    """What a resolution found; a report found false leaves the scores. Never of a denunciation."""

    @property
    def subject(self) -> str:
        return self.report


class ConductReported(Event):
    """A report against one or more of the 5 không. Its author and its words stay in feedback."""

    TYPE: ClassVar[str] = "thanthien.feedback.ConductReported.v1"
    TOPIC: ClassVar[str] = TOPIC

    report: ReportCode
    agency: AgencyCode
    against: Annotated[tuple[Annotated[int, Field(ge=1, le=5)], ...], Field(min_length=1)]
    dossier: DossierCode | None = None
    reported_at: Instant
    handler: AgencyCode | None = None
    """The agency that handles it, where that is not the one reported."""

    @property
    def subject(self) -> str:
        return self.report
