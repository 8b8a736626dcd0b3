"""Which form a number names, by the day of receipt, and what a dossier has."""

from copy import deepcopy
from datetime import date
from typing import Any

import pytest
import yaml

from services.intake.adapters.rules import RULES, forms, read_forms
from services.intake.domain.forms import (
    FormKind,
    FormRefusedError,
    Language,
    form_asked,
    form_of,
    issued,
)
from services.intake.domain.refused import RefusedError

LAST_OF_2018, FIRST_OF_2025 = date(2025, 9, 14), date(2025, 9, 15)
ERAS = forms().eras


@pytest.mark.parametrize(
    ("number", "received_on", "kind"),
    [
        ("01", LAST_OF_2018, FormKind.RECEIPT),
        ("01", FIRST_OF_2025, FormKind.RECEIPT),
        ("02", LAST_OF_2018, FormKind.SUPPLEMENT_REQUEST),
        ("03", FIRST_OF_2025, FormKind.REFUSAL),
        ("04", LAST_OF_2018, FormKind.APOLOGY),
        ("04", FIRST_OF_2025, FormKind.APOLOGY),
        ("05", LAST_OF_2018, FormKind.CONTROL_SHEET),
        ("05", FIRST_OF_2025, FormKind.STOP_NOTICE),
        ("06", FIRST_OF_2025, FormKind.CONTROL_SHEET),
    ],
)
def test_rule_26_form_numbers_resolve_by_era(
    number: str, received_on: date, kind: FormKind
) -> None:
    assert form_asked(number, received_on, ERAS, "vi").kind is kind


def test_rule_26_mau_05_is_two_different_forms() -> None:
    before = form_asked("05", LAST_OF_2018, ERAS, "vi")
    since = form_asked("05", FIRST_OF_2025, ERAS, "vi")
    assert before.title.vi == "Phiếu kiểm soát quá trình giải quyết hồ sơ"
    assert since.title.vi == "Thông báo dừng giải quyết hồ sơ"
    assert form_of(FormKind.STOP_NOTICE, LAST_OF_2018, ERAS) is None


@pytest.mark.parametrize(
    ("asked", "received_on", "language", "words"),
    [
        ("07", LAST_OF_2018, "vi", "chỉ có các mẫu 01–06; Mẫu 07 (Sổ theo dõi hồ sơ) có từ"),
        ("07", LAST_OF_2018, "en", "Mẫu 07 (Register of dossiers) exists since 15/09/2025"),
        ("stop_notice", LAST_OF_2018, "vi", "Mẫu 05 (Thông báo dừng giải quyết hồ sơ) có từ"),
        ("07", FIRST_OF_2025, "vi", "Mẫu 07 (Sổ theo dõi hồ sơ) lập theo cơ quan"),
        ("06", LAST_OF_2018, "en", "Mẫu 06 (Register of dossiers) is kept per agency"),
        ("08", FIRST_OF_2025, "en", "has the forms 01–07 only"),
        ("5", FIRST_OF_2025, "vi", "chỉ có các mẫu 01–07"),
    ],
)
def test_a_form_of_another_era_is_refused_in_the_citizens_language(
    asked: str, received_on: date, language: Language, words: str
) -> None:
    with pytest.raises(FormRefusedError) as refused:
        form_asked(asked, received_on, ERAS, language)
    assert (refused.value.field, refused.value.value) == ("form", asked)
    assert words in refused.value.rule


def test_rule_17_acceptance_yields_exactly_one_mau_01() -> None:
    moves = [(1, "submit"), (2, "accept"), (3, "request_supplement"), (4, "supplement")]
    found = issued(
        moves, is_accepted=True, is_apologised=False, received_on=FIRST_OF_2025, eras=ERAS
    )
    assert [(issue.form.number, issue.move) for issue in found] == [
        ("01", None),
        ("02", 3),
        ("06", None),
    ]


@pytest.mark.parametrize(("received_on", "numbers"), [(LAST_OF_2018, []), (FIRST_OF_2025, ["05"])])
def test_a_stop_is_told_on_a_form_since_2025(received_on: date, numbers: list[str]) -> None:
    found = issued(
        [(1, "submit"), (2, "stop")],
        is_accepted=False,
        is_apologised=False,
        received_on=received_on,
        eras=ERAS,
    )
    assert [issue.form.number for issue in found] == numbers


def _spoil(read: dict[str, Any], *path: str | int, value: Any) -> dict[str, Any]:
    spoilt = deepcopy(read)
    place = spoilt
    for step in path[:-1]:
        place = place[step]  # type: ignore[index]
    place[path[-1]] = value  # type: ignore[index]
    return spoilt


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("eras", 0, "valid_from"), date(2018, 6, 21), "eras.0.valid_from"),
        (("eras", 1, "valid_from"), None, "eras.valid_from"),
        (("eras", 1, "source"), " ", "eras.1.source"),
        (("eras", 0, "forms", "06", "kind"), "receipt", "eras.0.forms"),
        (("eras", 0, "forms", "06", "kind"), "poem", "kind"),
        (("eras", 0, "forms", "01", "bears"), ["shoe_size"], "eras.0.forms.01.bears"),
        (("eras", 1, "forms", "04", "signs"), ["nobody"], "eras.1.forms.04.signs"),
        (("fields", "shoe_size"), {"vi": "Cỡ giày", "en": "Shoe size"}, "fields"),
        (("columns", "weather"), {"vi": "Thời tiết", "en": "Weather"}, "columns"),
    ],
)
def test_a_rule_file_that_makes_no_sense_is_refused(
    path: tuple[str | int, ...], value: object, field: str
) -> None:
    read = yaml.safe_load((RULES / "forms.yaml").read_text(encoding="utf-8"))
    with pytest.raises(RefusedError) as refused:
        read_forms(_spoil(read, *path, value=value))
    assert refused.value.field == field


def test_numbers_have_no_hole() -> None:
    read = yaml.safe_load((RULES / "forms.yaml").read_text(encoding="utf-8"))
    del read["eras"][0]["forms"]["02"]
    with pytest.raises(RefusedError) as refused:
        read_forms(read)
    assert refused.value.field == "eras.0.forms"
