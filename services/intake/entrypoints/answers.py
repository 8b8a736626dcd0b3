"""What intake answers over HTTP, as its OpenAPI documents it."""

from datetime import date, datetime

from pydantic import (
    BaseModel,
)

from services.intake.entrypoints.bodies import ContactBody, LadderRungBody, ShiftBody


class AgencyShown(BaseModel):
    agency: str
    revision: int
    name: str
    valid_from: date
    valid_to: date | None
    successor: str | None
    time_zone: str
    calendar: str


class PledgeShown(BaseModel):
    version: int
    valid_from: date
    valid_to: date | None
    hours: dict[str, tuple[ShiftBody, ...]]
    same_day: tuple[str, ...]
    congratulates: tuple[str, ...]
    keeps_friday: bool
    forwards: bool
    xin: tuple[str, ...]
    luon: tuple[str, ...]
    khong: tuple[int, ...]
    ladder: tuple[LadderRungBody, ...]
    additions: dict[str, str]


class AgencyWithPledges(AgencyShown):
    pledges: list[PledgeShown]


class PledgeRegistered(BaseModel):
    version: int


class LimitShown(BaseModel):
    valid_from: date
    valid_to: date | None
    kind: str
    amount: int
    leg_hours: int | None
    regime: str


class ProcedureShown(BaseModel):
    procedure: str
    revision: int
    name: str
    limits: list[LimitShown]


class LineRefused(BaseModel):
    line: int
    field: str
    value: str
    rule: str


class ProceduresImported(BaseModel):
    imported: int
    refused: list[LineRefused]


class DossierTaken(BaseModel):
    code: str
    state: str
    status: int
    received_at: datetime
    appointment_at: datetime | None
    legal_due: datetime | None
    pledge_due: datetime | None


class DossierMoved(BaseModel):
    code: str
    state: str
    status: int
    agency: str
    moved_at: datetime
    appointment_at: datetime | None
    legal_due: datetime | None
    pledge_due: datetime | None


class Progress(BaseModel):
    code: str
    status: int


class StepShown(BaseModel):
    """A step of a dossier as a citizen sees it, at the agency's local time."""

    verb: str
    agency_name: str
    at: datetime


class ReasonShown(BaseModel):
    """One rule on the way to the appointment, in both languages."""

    rule: str
    says: "WordsShown"
    source: "WordsShown | None"


class LookedUp(Progress):
    """A dossier for whoever holds its slip; instants in the receiving agency's local time."""

    agency_name: str
    """As the slip names it."""
    handling_agency_name: str
    """Who has it now."""
    procedure_name: str
    received_at: datetime
    is_appointment_known: bool
    appointment_at: datetime | None
    """Null where it is not known yet, or where there is no limit."""
    original_appointment_at: datetime | None
    """The date first given, where another was given instead."""
    explanation: list["WordsShown"]
    reasons: list[ReasonShown]
    """How the dates came about, rule by rule; empty where deadline has not said it."""
    steps: list[StepShown]
    rating_url: str | None
    """Where the dossier can be rated, once its result is ready."""


class ApplicantShown(BaseModel):
    name: str
    address: str | None
    phone: str | None
    email: str | None


class DocumentShown(BaseModel):
    name: str
    copies: int
    originals: int
    certified: int


class MoveShown(BaseModel):
    number: int
    verb: str
    from_state: str | None
    to_state: str
    agency: str
    happened_at: datetime
    recorded_at: datetime
    reason: str | None
    legal_basis: str | None
    documents: list[DocumentShown] | None
    contact: ContactBody | None
    actor: str
    role: str
    actor_agency: str | None


class PromiseShown(BaseModel):
    generation: int
    appointment_at: datetime | None
    legal_due: datetime | None
    pledge_due: datetime | None
    clock: str
    is_at_risk: bool
    is_pledge_missed: bool
    is_breached: bool
    is_out_of_sync: bool
    is_early: bool


class NoticeShown(BaseModel):
    notice: str
    sent_at: datetime


class DossierShown(BaseModel):
    code: str
    state: str
    status: int
    procedure: str
    procedure_name: str
    channel: str
    agency: str
    receiving_agency: str
    receiving_agency_name: str
    resolving_agency: str | None
    successor: str | None
    received_at: datetime
    complete_at: datetime
    accepted_at: datetime | None
    language: str
    reference: str | None
    sets: int
    return_by: str
    documents: list[DocumentShown]
    applicant: ApplicantShown | None
    """Only for those who handle the dossier."""
    promise: PromiseShown | None
    notices: list[NoticeShown]
    moves: list[MoveShown]


class FormIssued(BaseModel):
    """A form that the dossier has now."""

    number: str
    kind: str
    title_vi: str
    title_en: str
    regulation: str
    move: int | None
    """The move that issued it, where one did."""
    url: str


class FormsShown(BaseModel):
    code: str
    regulation: str
    forms: list[FormIssued]


class WordsShown(BaseModel):
    vi: str
    en: str


class LineShown(BaseModel):
    name: str
    label: WordsShown
    value: WordsShown | None
    """None: a line to be written on by hand."""


class TableShown(BaseModel):
    columns: list[WordsShown]
    rows: list[list[WordsShown]]


class SignatureShown(BaseModel):
    label: WordsShown
    name: str | None


class PaperShown(BaseModel):
    """A form, filled; instants are words in the receiving agency's local time."""

    number: str
    kind: str
    title: WordsShown
    regulation: str
    code: str
    paper_number: str
    agency_name: str
    issued_at: datetime
    says: WordsShown | None
    lines: list[LineShown]
    table: TableShown | None
    signatures: list[SignatureShown]
    copies_to: list[WordsShown]
    look_up_url: str
    look_up_secret: str | None
    """Opens the dossier's times on the look-up page; null where the form bears none."""


class PartyShown(BaseModel):
    code: str
    name: str


class Mau01(BaseModel):
    """Giấy tiếp nhận hồ sơ và hẹn trả kết quả; instants in the agency's local time."""

    form: str
    code: str
    agency: PartyShown
    procedure: PartyShown
    applicant: ApplicantShown
    documents: list[DocumentShown]
    channel: str
    received_at: datetime
    return_at: datetime | None
    """The appointment; null where it is not known yet, or where there is no limit."""
    is_appointment_known: bool
    look_up_url: str
    look_up_secret: str | None
    """Opens the dossier's times on the look-up page; null where the form bears none."""
