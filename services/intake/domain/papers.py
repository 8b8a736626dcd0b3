"""What is printed: a form, filled with what is known of a dossier."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.intake.domain.forms import Form, FormKind, FormRules, Issue, Words, era_on
from services.intake.domain.hand_overs import (
    Happened,
    Kept,
    Paperwork,
    Verdict,
    Wait,
    hand_overs,
)
from services.intake.domain.procedures import Limit

ReturnBy = Literal["counter", "post", "online"]


@dataclass(frozen=True, slots=True)
class Person:
    """The applicant: personal data, for those who handle the dossier."""

    name: str
    address: str | None
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Apology:
    """Mẫu 04 with its words: both dates as deadline said them, the reason and the signer as the head of
    unit gave them."""

    original_at: datetime
    new_at: datetime
    reason: str
    signer: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a dossier, its instants in the receiving agency's local time."""

    code: str
    received_at: datetime
    agency_name: str
    procedure: str
    procedure_name: str
    limit: Limit | None
    applicant: Person
    documents: tuple[Paperwork, ...]
    sets: int
    return_by: ReturnBy
    kept: Kept
    moves: tuple[Happened, ...]
    waits: tuple[Wait, ...] = ()
    reappointed: tuple[datetime, datetime] | None = None
    """The date first given and the one given instead, whether or not Mẫu 04 has its words yet."""
    apology: Apology | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A field and what it holds; None: a line to be written on by hand."""

    name: str
    label: Words
    value: Words | None


@dataclass(frozen=True, slots=True)
class Table:
    """Columns with their share of the width, and rows. Cells hold Vietnamese, or figures."""

    columns: tuple[Words, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[Words, ...], ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs; a name where it is known."""

    label: Words
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A form ready to be laid out: the same for the screen, for paper and as data."""

    form: Form
    regulation: str
    code: str
    number: str
    agency_name: str
    issued_at: datetime
    lines: tuple[Line, ...]
    table: Table | None
    signatures: tuple[Signature, ...]


def fill(issue: Issue, facts: Facts, rules: FormRules) -> Paper:
    """The form of `issue`, filled in its order; fields without anything to say are left out.

    `issue` is one of this dossier's.
    """
    form = issue.form
    move = next((move for move in facts.moves if move.number == issue.move), None)
    lines = (
        Line(name, rules.fields[name], value)
        for name in form.bears
        if (value := FILLED[name](facts, move)) is not None
    )
    return Paper(
        form=form,
        regulation=era_on(facts.received_at.date(), rules.eras).regulation,
        code=facts.code,
        number=facts.code if move is None else f"{facts.code}/{move.number}",
        agency_name=facts.agency_name if move is None else move.agency_name,
        issued_at=_issued_at(form, facts, move),
        lines=tuple(Line(x.name, x.label, None if x.value == BY_HAND else x.value) for x in lines),
        table=_table(form, facts, move),
        signatures=tuple(
            Signature(rules.signatures[name], _signer(name, facts)) for name in form.signs
        ),
    )


def _issued_at(form: Form, facts: Facts, move: Happened | None) -> datetime:
    if move is not None:
        return move.at
    if form.kind is FormKind.APOLOGY and facts.apology is not None:
        return facts.apology.issued_at
    if form.kind is FormKind.CONTROL_SHEET:
        return facts.moves[-1].at
    return next((move.at for move in facts.moves if move.verb == "accept"), facts.received_at)


def _signer(name: str, facts: Facts) -> str | None:
    return facts.apology.signer if name == "signer" and facts.apology is not None else None


def minute(instant: datetime) -> Words:
    """Hour, minute, date, as the law asks (rule 17)."""
    return Words(
        f"{instant:%H} giờ {instant:%M} phút, ngày {instant:%d/%m/%Y}",
        f"{instant:%H:%M}, {instant.day} {MONTHS[instant.month - 1]} {instant.year}",
    )


# Not strftime's: a month's name must not depend on the machine's locale.
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]

BY_HAND = Words("", "")
"""A field whose value nobody has told us: written by hand."""

NO_LIMIT = Words("Thủ tục không quy định thời hạn", "The procedure has no time limit")
TO_BE_TOLD = Words("Sẽ được thông báo", "You will be told")

RETURN_BY: Mapping[ReturnBy, Words] = {
    "counter": Words("Bộ phận tiếp nhận và trả kết quả", "One-stop counter"),
    "post": Words("Qua bưu chính công ích", "By post"),
    "online": Words("Trực tuyến", "Online"),
}

VERDICTS: Mapping[Verdict, Words] = {
    "early": Words("Trước hạn", "Early"),
    "on_time": Words("Đúng hạn", "On time"),
    "late": Words("Quá hạn", "Late"),
}

_LIMITS: Mapping[str, tuple[str, str]] = {
    "working_days": ("ngày làm việc", "working day"),
    "days": ("ngày", "day"),
    "hours": ("giờ làm việc", "working hour"),
}


def limit_in_words(limit: Limit | None) -> Words | None:
    """A time limit as the citizen reads it."""
    if limit is None:
        return None
    if limit.kind == "none":
        return NO_LIMIT
    if limit.kind == "same_day":
        return Words("Trong ngày làm việc", "The same day")
    vi, en = _LIMITS[limit.kind]
    return Words(f"{limit.amount} {vi}", f"{limit.amount} {en}{'' if limit.amount == 1 else 's'}")


def _same(text: str | None) -> Words | None:
    """What is the citizen's own, or a name: the same in every language."""
    return None if not text else Words(text, text)


def _when(instant: datetime | None) -> Words | None:
    return None if instant is None else minute(instant)


def _return_at(facts: Facts) -> Words:
    """The date that was given; one given instead stands beside it, and does not take its place."""
    if facts.reappointed is not None and facts.kept.appointment_at == facts.reappointed[1]:
        first, new = (minute(instant) for instant in facts.reappointed)
        return Words(f"{first.vi}; hẹn lại: {new.vi} (Mẫu 04)", f"{first.en}; now: {new.en}")
    if facts.kept.appointment_at is not None:
        return minute(facts.kept.appointment_at)
    return NO_LIMIT if facts.kept.is_known else TO_BE_TOLD


def _return_by(facts: Facts) -> Words:
    where = RETURN_BY[facts.return_by]
    if facts.return_by != "counter":
        return where
    return Words(f"{where.vi}, {facts.agency_name}", f"{where.en}, {facts.agency_name}")


def _outcome(facts: Facts) -> Words:
    verdict = facts.kept.verdict
    return Words("Chưa có kết quả", "No result yet") if verdict is None else VERDICTS[verdict]


def _contact(move: Happened | None) -> Words:
    if move is None or move.contact is None:
        return BY_HAND
    return Words(*(f"{move.contact.name}, {move.contact.phone}",) * 2)


def _reason(facts: Facts, move: Happened | None) -> Words | None:
    if move is not None:
        return _same(move.reason)
    return None if facts.apology is None else _same(facts.apology.reason)


def _sets(facts: Facts) -> Words:
    return Words(f"{facts.sets:02d} bộ", f"{facts.sets} set{'' if facts.sets == 1 else 's'}")


Filling = Callable[[Facts, Happened | None], Words | None]

FILLED: Mapping[str, Filling] = {
    "applicant": lambda facts, _: _same(facts.applicant.name),
    "addressee": lambda facts, _: Words(
        f"Ông/Bà {facts.applicant.name}", f"Mr/Ms {facts.applicant.name}"
    ),
    "address": lambda facts, _: _same(facts.applicant.address),
    "phone": lambda facts, _: _same(facts.applicant.phone),
    "email": lambda facts, _: _same(facts.applicant.email),
    "request": lambda facts, _: _same(f"{facts.procedure_name} ({facts.procedure})"),
    "sets": lambda facts, _: _sets(facts),
    "statutory_time": lambda facts, _: limit_in_words(facts.limit),
    "received_at": lambda facts, _: minute(facts.received_at),
    "return_at": lambda facts, _: _return_at(facts),
    "return_by": lambda facts, _: _return_by(facts),
    "requested_at": lambda _, move: _when(move.at if move else None),
    "refused_at": lambda _, move: _when(move.at if move else None),
    "stopped_at": lambda _, move: _when(move.at if move else None),
    "original_return_at": lambda facts, _: _when(
        facts.apology.original_at if facts.apology else None
    ),
    "new_return_at": lambda facts, _: _when(facts.apology.new_at if facts.apology else None),
    "reason": _reason,
    "legal_basis": lambda _, move: _same(move.legal_basis if move else None),
    "contact": lambda _, move: _contact(move),
    "outcome": lambda facts, _: _outcome(facts),
}
"""How each field is filled; None leaves it out."""


def _table(form: Form, facts: Facts, move: Happened | None) -> Table | None:
    match form.kind:
        case FormKind.RECEIPT:
            return _documents(facts.documents)
        case FormKind.SUPPLEMENT_REQUEST if move is not None:
            return _wanted(move.documents)
        case FormKind.CONTROL_SHEET:
            return _hand_overs(facts)
        case _:
            return None


def _documents(documents: Sequence[Paperwork]) -> Table | None:
    """What was handed in, and how many of each."""
    if not documents:
        return None
    return Table(
        (Words("Thành phần hồ sơ", "Documents"), Words("Số bản", "Copies")),
        (5, 1),
        tuple(
            (
                _plain(document.name),
                _plain(document.originals + document.certified + document.copies),
            )
            for document in documents
        ),
    )


def _wanted(documents: Sequence[Paperwork]) -> Table | None:
    """What is asked for: originals, certified copies, plain copies."""
    if not documents:
        return None
    return Table(
        (
            Words("Giấy tờ cần bổ sung", "Documents asked for"),
            Words("Bản chính", "Originals"),
            Words("Bản sao chứng thực", "Certified"),
            Words("Bản sao", "Copies"),
        ),
        (6, 2, 2, 2),
        tuple(
            (
                _plain(document.name),
                _plain(document.originals),
                _plain(document.certified),
                _plain(document.copies),
            )
            for document in documents
        ),
    )


def _plain(value: str | int) -> Words:
    """A name or a figure."""
    return Words(str(value), str(value))


NOT_JUDGED = Words("–", "–")
NO_NOTE = Words("", "")


def _hand_overs(facts: Facts) -> Table:
    rows = []
    for over in hand_overs(facts.moves, facts.received_at, facts.kept, facts.waits):
        verdict = NOT_JUDGED if over.verdict is None else VERDICTS[over.verdict]
        due = NO_NOTE if over.due_at is None else Words(f"Hạn: {minute(over.due_at).vi}", "Due")
        # Figures need no second language where columns are narrow.
        at = minute(over.at).vi
        rows.append((over.giver, over.taker, Words(at, at), verdict, due))
    return Table(
        (
            Words("Bên giao", "From"),
            Words("Bên nhận", "To"),
            Words("Thời gian giao nhận", "Handed over at"),
            Words("Kết quả", "In time?"),
            Words("Ghi chú", "Note"),
        ),
        (4, 4, 4, 2, 4),
        tuple(rows),
    )
