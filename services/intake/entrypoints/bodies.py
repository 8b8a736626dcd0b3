"""What intake is sent, as JSON."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from shared.events.agencies import Weekday
from shared.events.base import AgencyCode, DossierCode, ProcedureCode, VersionId

_NO_NUL = r"^[^\x00]*$"
"""PostgreSQL keeps every character but this one."""

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_NO_NUL)
]
Words = Annotated[str, StringConstraints(max_length=4_000, pattern=_NO_NUL)]
Short = Annotated[str, StringConstraints(max_length=500, pattern=_NO_NUL)]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NO_NUL)]
Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC)),
    AfterValidator(lambda instant: instant.astimezone(UTC)),
]
"""Codes write the year with two digits: 2000 to 2099. Kept and said in UTC."""


def _without_offset(local: time) -> time:
    if local.tzinfo is not None:
        raise ValueError("a local time is asked, without an offset: the agency has its time zone")
    return local


LocalTime = Annotated[
    time,
    AfterValidator(_without_offset),
    # JSON Schema's own format "time" asks for an offset.
    WithJsonSchema(
        {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"}
    ),
]
Day = Annotated[date, Field(ge=date(1945, 9, 2), le=date(2199, 12, 31))]


class Body(BaseModel):
    """What is sent: nothing may be in it that we do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AgencyBody(Body):
    name: Name
    valid_from: Day
    valid_to: Day | None = None
    successor: AgencyCode | None = None
    time_zone: Annotated[str, StringConstraints(max_length=64)] = "Asia/Ho_Chi_Minh"
    calendar: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")] = "vn"


class ShiftBody(Body):
    opens: LocalTime
    closes: LocalTime


class LadderRungBody(Body):
    """Whom an alarm calls; `at_risk` and `apology` say when, in one of the three ways."""

    rung: Annotated[str, StringConstraints(max_length=32)]
    calls: Annotated[str, StringConstraints(max_length=32)]
    share: (
        Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}/[1-9][0-9]{0,2}$")] | None
    ) = None
    working_days_before: Annotated[int, Field(ge=1, le=60)] | None = None
    working_hours_before: Annotated[int, Field(ge=1, le=400)] | None = None


class PledgeBody(Body):
    valid_from: Day
    valid_to: Day | None = None
    hours: dict[Weekday, tuple[ShiftBody, ...]]
    same_day: tuple[ProcedureCode, ...] = ()
    congratulates: tuple[ProcedureCode, ...] = ()
    """Procedures whose result comes with a letter of congratulation (thư chúc mừng)."""
    keeps_friday: bool = True
    forwards: bool = False
    """Its counter records each hand-over to the department: then forwarding has a clock."""
    xin: tuple[Annotated[str, StringConstraints(max_length=32)], ...] = ()
    luon: tuple[Annotated[str, StringConstraints(max_length=32)], ...] = ()
    khong: tuple[int, ...] = ()
    ladder: Annotated[tuple[LadderRungBody, ...], Field(max_length=20)] = ()
    """The unit's own alarms; one that is left out is as the rule book has it."""
    additions: dict[Reference, Words] = Field(default_factory=dict, max_length=50)
    """What the agency adds in its own words; stays in intake."""


class LimitBody(Body):
    valid_from: Day
    valid_to: Day | None = None
    kind: Literal["working_days", "days", "hours", "same_day", "none"]
    amount: Annotated[int, Field(ge=0, le=3650)] = 0
    leg_hours: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Working hours for each agency the dossier is transferred to."""
    regime: VersionId = "nd61"


class ProcedureBody(Body):
    name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=_NO_NUL),
    ]
    limits: Annotated[tuple[LimitBody, ...], Field(min_length=1, max_length=100)]


class ApplicantBody(Body):
    name: Name
    address: Short | None = None
    phone: Annotated[str, StringConstraints(max_length=50, pattern=_NO_NUL)] | None = None
    email: Annotated[str, StringConstraints(max_length=254, pattern=_NO_NUL)] | None = None


class DocumentBody(Body):
    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=_NO_NUL)
    ]
    copies: Annotated[int, Field(ge=0, le=1000)] = 1
    originals: Annotated[int, Field(ge=0, le=1000)] = 0
    certified: Annotated[int, Field(ge=0, le=1000)] = 0


Documents = Annotated[tuple[DocumentBody, ...], Field(max_length=100)]


class SubmissionBody(Body):
    agency: AgencyCode
    procedure: ProcedureCode
    channel: Literal["counter", "online", "post"]
    is_complete: bool
    received_at: Instant | None = None
    """Only an agency's own system may say when it received the dossier."""
    reference: Reference | None = None
    """The agency's own id of the dossier; sent again, it gives the same code."""
    applicant: ApplicantBody
    documents: Documents = ()
    language: Literal["vi", "en"] = "vi"
    sets: Annotated[int, Field(ge=1, le=100)] = 1
    """How many sets of the documents were handed in."""
    return_by: Literal["counter", "post", "online"] = "counter"
    """How the citizen wants the result."""


class ContactBody(Body):
    """Whom the citizen may ask: an officer's name and phone, which are public."""

    name: Name
    phone: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50, pattern=_NO_NUL)
    ]


class MoveBody(Body):
    at: Instant | None = None
    """Only an agency's own system may say when it happened."""


class ReasonBody(MoveBody):
    reason: Words | None = None
    contact: ContactBody | None = None
    """Printed on the form that tells the citizen."""


class ApologyBody(Body):
    """The words of Mẫu 04; its dates are deadline's (rule 24)."""

    reason: Words | None = None
    signer: Name | None = None


class SupplementRequestBody(ReasonBody):
    documents: Documents = ()
    legal_basis: Short | None = None


class TransferBody(MoveBody):
    to_agency: AgencyCode


class BulkSubmission(SubmissionBody):
    do: Literal["submit"]
    agency: AgencyCode | None = None  # type: ignore[assignment]
    """Left out: the caller's own."""
    at: Instant | None = None
    """Another name of `received_at`, as all other lines have it."""


class BulkMove(Body):
    do: Literal[
        "request_supplement",
        "supplement",
        "accept",
        "refuse",
        "forward",
        "transfer",
        "resolve",
        "return",
        "withdraw",
        "stop",
    ]
    code: DossierCode | None = None
    reference: Reference | None = None
    agency: AgencyCode | None = None
    """Whose reference it is; left out: the caller's own."""
    at: Instant | None = None
    reason: Words | None = None
    legal_basis: Short | None = None
    documents: Documents = ()
    contact: ContactBody | None = None
    to_agency: AgencyCode | None = None


BulkLine = Annotated[BulkSubmission | BulkMove, Field(discriminator="do")]
