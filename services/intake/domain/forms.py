"""The forms of the law: which number names which form, by the day of receipt, and which are issued."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Literal

from services.intake.domain.refused import RefusedError

Language = Literal["vi", "en"]


class FormKind(StrEnum):
    """What a form is for; its number differs from era to era."""

    RECEIPT = "receipt"
    SUPPLEMENT_REQUEST = "supplement_request"
    REFUSAL = "refusal"
    APOLOGY = "apology"
    STOP_NOTICE = "stop_notice"
    CONTROL_SHEET = "control_sheet"
    REGISTER = "register"


@dataclass(frozen=True, slots=True)
class Words:
    """The same in Vietnamese and in English."""

    vi: str
    en: str

    def told(self, language: Language) -> str:
        return self.vi if language == "vi" else self.en


@dataclass(frozen=True, slots=True)
class Form:
    """One form of one era. `bears` are its fields and `signs` who signs, in the order printed."""

    number: str
    kind: FormKind
    title: Words
    bears: tuple[str, ...]
    signs: tuple[str, ...]
    says: Words | None = None
    """What it tells the citizen, before the fields."""
    copies_to: tuple[Words, ...] = ()

    @property
    def name(self) -> str:
        """`Mẫu 05`."""
        return f"Mẫu {self.number}"


@dataclass(frozen=True, slots=True)
class FormEra:
    """The forms of dossiers received from `valid_from` on; None: since ever."""

    valid_from: date | None
    regulation: str
    source: str
    forms: tuple[Form, ...]

    @property
    def numbers(self) -> str:
        """`01–06`."""
        return f"{self.forms[0].number}–{self.forms[-1].number}"


@dataclass(frozen=True, slots=True)
class FormRules:
    """The forms, the oldest era first, and how fields, signatures and columns are called."""

    eras: tuple[FormEra, ...]
    fields: Mapping[str, Words]
    signatures: Mapping[str, Words]
    columns: Mapping[str, Words]


class FormRefusedError(RefusedError):
    """A form that this dossier does not have; the rule is told in the citizen's language."""

    def __init__(self, field: str, value: object, rule: Words, language: Language) -> None:
        super().__init__(field, value, rule.told(language))
        self.language = language


def check_rules(rules: FormRules, filled: Collection[str], columns: Collection[str]) -> None:
    """The rule file makes sense: dated in order, each form once, nothing in it that we cannot print.

    `filled` are the fields and `columns` the columns that are known how to fill. Raises
    `RefusedError` naming the place.
    """
    eras = rules.eras
    if not eras or eras[0].valid_from is not None:
        raise RefusedError("eras.0.valid_from", None, "the oldest era reaches back for ever")
    days = [era.valid_from for era in eras[1:]]
    if any(day is None for day in days) or not _is_rising([day for day in days if day]):
        raise RefusedError("eras.valid_from", days, "eras are dated, the oldest first")
    for place, era in enumerate(eras):
        _check_era(f"eras.{place}", era, rules)
    for name, given, known in (
        ("fields", rules.fields, filled),
        ("columns", rules.columns, columns),
    ):
        if unknown := sorted(set(given) - set(known)):
            raise RefusedError(name, unknown, "nothing fills it")


def _is_rising(days: Sequence[date]) -> bool:
    return all(before < after for before, after in pairwise(days))


def _check_era(place: str, era: FormEra, rules: FormRules) -> None:
    if not era.regulation.strip() or not era.source.strip():
        raise RefusedError(f"{place}.source", era.source, "a rule says where it stands")
    numbers = [form.number for form in era.forms]
    if not numbers or numbers != [f"{order:02d}" for order in range(1, len(numbers) + 1)]:
        raise RefusedError(f"{place}.forms", numbers, "numbers go from 01 on, without a hole")
    kinds = [form.kind for form in era.forms]
    if len(set(kinds)) < len(kinds):
        raise RefusedError(f"{place}.forms", kinds, "each kind of form has one number")
    for form in era.forms:
        for name, given, known in (
            ("bears", form.bears, rules.fields),
            ("signs", form.signs, rules.signatures),
        ):
            if unknown := sorted(set(given) - set(known)):
                raise RefusedError(
                    f"{place}.forms.{form.number}.{name}", unknown, "it has no name on paper"
                )


def era_on(day: date, eras: Sequence[FormEra]) -> FormEra:
    """The era of a day of receipt (rule 13). `eras` from the oldest on."""
    return next(era for era in reversed(eras) if era.valid_from is None or era.valid_from <= day)


def form_of(kind: FormKind, received_on: date, eras: Sequence[FormEra]) -> Form | None:
    """The form of a kind for dossiers of that day; None where their era has none."""
    return next((form for form in era_on(received_on, eras).forms if form.kind is kind), None)


def form_asked(asked: str, received_on: date, eras: Sequence[FormEra], language: Language) -> Form:
    """The form a number, or the name of a kind, stands for on the day of receipt (rule 26).

    Raises `FormRefusedError` for a form of another era, for one that never was, and for the register,
    which is an agency's and not a dossier's.
    """
    era = era_on(received_on, eras)
    found = _among(era, asked)
    if found is None:
        raise FormRefusedError("form", asked, _not_of_era(asked, received_on, era, eras), language)
    if found.kind is FormKind.REGISTER:
        rule = Words(
            f"{found.name} ({found.title.vi}) lập theo cơ quan: GET /agencies/…/register",
            f"{found.name} ({found.title.en}) is kept per agency: GET /agencies/…/register",
        )
        raise FormRefusedError("form", asked, rule, language)
    return found


def _among(era: FormEra, asked: str) -> Form | None:
    return next((form for form in era.forms if asked in (form.number, form.kind.value)), None)


def _not_of_era(asked: str, received_on: date, era: FormEra, eras: Sequence[FormEra]) -> Words:
    vi = (
        f"hồ sơ nhận ngày {received_on:%d/%m/%Y} theo {era.regulation}, "
        f"chỉ có các mẫu {era.numbers}"
    )
    en = (
        f"a dossier received on {received_on:%d/%m/%Y} is under {era.regulation}, "
        f"which has the forms {era.numbers} only"
    )
    for other in eras:
        form = _among(other, asked)
        if form is not None and other.valid_from is not None:
            since = f"{other.valid_from:%d/%m/%Y}"
            vi += f"; {form.name} ({form.title.vi}) có từ {since}, {other.regulation}"
            en += f"; {form.name} ({form.title.en}) exists since {since}, {other.regulation}"
            break
        if form is not None:
            vi += f"; {form.name} ({form.title.vi}) là của {other.regulation}"
            en += f"; {form.name} ({form.title.en}) is of {other.regulation}"
            break
    return Words(vi, en)


ISSUED_BY: Mapping[str, FormKind] = {
    "request_supplement": FormKind.SUPPLEMENT_REQUEST,
    "refuse": FormKind.REFUSAL,
    "stop": FormKind.STOP_NOTICE,
}
"""The moves that are told in writing (rule 18), by verb."""


@dataclass(frozen=True, slots=True)
class Issue:
    """A form that a dossier has, and the move that issued it (None: none of its moves)."""

    form: Form
    move: int | None


def issued(
    moves: Sequence[tuple[int, str]],
    *,
    is_accepted: bool,
    is_apologised: bool,
    received_on: date,
    eras: Sequence[FormEra],
) -> list[Issue]:
    """The forms a dossier has by now, in the order of their numbers. `moves`: number and verb.

    Acceptance yields exactly one Mẫu 01 (rule 17) and opens the control sheet; requests, refusals and
    stops are told in writing (rule 18); an apology needs its words (rule 24). A kind that the era
    does not know is not issued.
    """
    kinds: list[tuple[FormKind, int | None]] = [
        (ISSUED_BY[verb], number) for number, verb in moves if verb in ISSUED_BY
    ]
    if is_accepted:
        kinds += [(FormKind.RECEIPT, None), (FormKind.CONTROL_SHEET, None)]
    if is_apologised:
        kinds.append((FormKind.APOLOGY, None))
    found = [
        Issue(form, move)
        for kind, move in kinds
        if (form := form_of(kind, received_on, eras)) is not None
    ]
    return sorted(found, key=lambda issue: (issue.form.number, issue.move or 0))
