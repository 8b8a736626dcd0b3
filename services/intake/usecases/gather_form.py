"""Gathers what the forms of a dossier need, and fills one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.intake.domain.forms import (
    FormKind,
    FormRefusedError,
    FormRules,
    Issue,
    Language,
    Words,
    form_asked,
    issued,
)
from services.intake.domain.hand_overs import Happened, Kept, Paperwork, Verdict, Wait
from services.intake.domain.papers import Apology, Facts, Paper, Person, fill
from services.intake.domain.procedures import limit_on
from services.intake.domain.promises import Promise
from services.intake.usecases.ports import Document, DossierView, KeptMove, SlipFacts, Transaction


class NotIssuedError(LookupError):
    """The dossier's era has the form, and the dossier does not, or not yet."""

    def __init__(self, code: str, form: str, why: Words, language: Language) -> None:
        super().__init__(why.told(language))
        self.code = code
        self.form = form
        self.language = language


@dataclass(frozen=True, slots=True)
class Gathered:
    """A dossier with all that its forms need: as it is kept, and as the forms tell it."""

    view: DossierView
    facts: Facts
    is_reappointed: bool

    @property
    def language(self) -> Language:
        """The citizen's."""
        return "en" if self.view.language == "en" else "vi"


async def gather(code: str, transaction: Transaction) -> Gathered | None:
    """What the forms of a dossier need; None where there is no such dossier."""
    view = await transaction.dossiers.view(code)
    if view is None:
        return None
    slip = await transaction.slips.facts(code)
    return Gathered(view, _facts(view, slip), slip.reappointment is not None)


def forms_of(gathered: Gathered, rules: FormRules) -> list[Issue]:
    """The forms the dossier has now."""
    return issued(
        [(move.number, move.verb) for move in gathered.facts.moves],
        is_accepted=gathered.view.dossier.accepted_at is not None,
        is_apologised=gathered.facts.apology is not None,
        received_on=gathered.facts.received_at.date(),
        eras=rules.eras,
    )


def form_for(gathered: Gathered, asked: str, move: int | None, rules: FormRules) -> Paper:
    """The form asked for by number or kind, filled; of several, that of `move`, or the last.

    Raises `FormRefusedError` for a form its era does not have (rule 26), `NotIssuedError` for one the
    dossier does not have.
    """
    form = form_asked(asked, gathered.facts.received_at.date(), rules.eras, gathered.language)
    having = [issue for issue in forms_of(gathered, rules) if issue.form == form]
    found = [issue for issue in having if move is None or issue.move == move]
    if found:
        return fill(found[-1], gathered.facts, rules)
    if having:
        rule = Words(f"bước này không lập {form.name}", f"that move did not issue {form.name}")
        raise FormRefusedError("move", move, rule, gathered.language)
    why = _why_not(form.kind, gathered)
    said = Words(
        f"{form.name} ({form.title.vi}): {why.vi}", f"{form.name} ({form.title.en}): {why.en}"
    )
    raise NotIssuedError(gathered.view.dossier.code, form.name, said, gathered.language)


def _why_not(kind: FormKind, gathered: Gathered) -> Words:
    match kind:
        case FormKind.APOLOGY if gathered.is_reappointed:
            return Words(
                "còn thiếu lý do và người ký; gửi bằng POST /dossiers/…/apology",
                "its reason and signer are missing; give them with POST /dossiers/…/apology",
            )
        case FormKind.APOLOGY:
            return Words("hồ sơ chưa được hẹn lại", "the dossier has no new appointment")
        case FormKind.RECEIPT | FormKind.CONTROL_SHEET:
            return Words("hồ sơ chưa được tiếp nhận", "the dossier is not accepted")
        case _:
            return Words("hồ sơ không có bước này", "the dossier has no such step")


def _facts(view: DossierView, slip: SlipFacts) -> Facts:
    dossier, zone = view.dossier, ZoneInfo(view.time_zone)
    received_at = dossier.received_at.astimezone(zone)
    applicant = view.applicant
    return Facts(
        code=dossier.code,
        received_at=received_at,
        agency_name=view.agency_name,
        procedure=dossier.procedure,
        procedure_name=view.procedure_name,
        limit=limit_on(slip.limits, received_at.date()),
        applicant=Person(applicant.name, applicant.address, applicant.phone, applicant.email),
        documents=_paperwork(view.documents),
        sets=view.sets,
        return_by=view.return_by,
        kept=_kept(view.promise, zone),
        moves=tuple(_happened(move, slip.names[move.number], zone) for move in view.moves),
        waits=tuple(_wait(wait, zone) for wait in slip.waits),
        reappointed=None
        if slip.reappointment is None
        else (
            slip.reappointment.original_at.astimezone(zone),
            slip.reappointment.new_at.astimezone(zone),
        ),
        apology=None if slip.apology is None else _apology(slip.apology, zone),
    )


def _kept(promise: Promise | None, zone: ZoneInfo) -> Kept:
    if promise is None:
        return Kept()
    verdict: Verdict | None = None
    if promise.clock == "met":
        verdict = "early" if promise.is_early else "on_time"
    elif promise.clock == "missed":
        verdict = "late"
    return Kept(
        is_known=True,
        appointment_at=_local(promise.appointment_at, zone),
        legal_due=_local(promise.legal_due, zone),
        verdict=verdict,
    )


def _happened(move: KeptMove, agency_name: str, zone: ZoneInfo) -> Happened:
    return Happened(
        number=move.number,
        verb=move.verb,
        agency=move.agency,
        agency_name=agency_name,
        at=move.happened_at.astimezone(zone),
        reason=move.reason,
        legal_basis=move.legal_basis,
        documents=_paperwork(move.documents or ()),
        contact=move.contact,
    )


def _wait(wait: Wait, zone: ZoneInfo) -> Wait:
    return Wait(
        wait.kind,
        wait.generation,
        wait.agency,
        _local(wait.due_at, zone),
        wait.verdict,
        _local(wait.ended_at, zone),
    )


def _apology(apology: Apology, zone: ZoneInfo) -> Apology:
    return Apology(
        apology.original_at.astimezone(zone),
        apology.new_at.astimezone(zone),
        apology.reason,
        apology.signer,
        apology.issued_at.astimezone(zone),
    )


def _paperwork(documents: Sequence[Document]) -> tuple[Paperwork, ...]:
    return tuple(
        Paperwork(document.name, document.copies, document.originals, document.certified)
        for document in documents
    )


def _local(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if instant is None else instant.astimezone(zone)
