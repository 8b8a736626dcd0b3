"""Reports against the 5 không."""

from datetime import date

import pytest

from services.feedback.domain import notices
from services.feedback.domain.courtesy import KHONG_NAMES, LUON_NAMES, Khong, Luon
from services.feedback.domain.reports import (
    Kind,
    ReportRefusedError,
    accusation,
    choose_handler,
    must_be_named,
    numbered_by,
    report_code,
)


def test_an_accusation_names_each_khong_once_in_the_plans_order() -> None:
    assert accusation(Kind.FEEDBACK, [3, 1, 3], "") == (Khong.ARROGANCE, Khong.CORRUPTION)


@pytest.mark.parametrize(
    ("against", "words", "field"),
    [([], "", "against"), ([0], "", "against"), ([1, 6], "", "against"), ([1], "a" * 4001, "text")],
)
def test_a_report_that_breaks_a_rule_names_the_field(
    against: list[int], words: str, field: str
) -> None:
    with pytest.raises(ReportRefusedError) as refused:
        accusation(Kind.FEEDBACK, against, words)
    assert refused.value.field == field


def test_4000_characters_are_enough_and_allowed() -> None:
    assert accusation(Kind.FEEDBACK, [5], "ở" * 4000) == (Khong.ABUSE,)


def test_a_report_code_derives_from_agency_day_and_number() -> None:
    assert report_code(Kind.FEEDBACK, "H10.01", date(2026, 8, 21), 7) == "PA-H10-01-20260821-0007"
    assert (
        report_code(Kind.FEEDBACK, "H10.01", date(2026, 8, 21), 10_000)
        == "PA-H10-01-20260821-10000"
    )


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [(Kind.FEEDBACK, "PA"), (Kind.COMPLAINT, "KN"), (Kind.DENUNCIATION, "TC")],
)
def test_each_kind_has_a_code_of_its_own_shape(kind: Kind, prefix: str) -> None:
    assert report_code(kind, "H10.90", date(2026, 8, 21), 1) == f"{prefix}-H10-90-20260821-0001"


def test_only_feedback_is_numbered_by_the_agency_it_is_about() -> None:
    assert numbered_by(Kind.FEEDBACK, "H10.01", "H10.90") == "H10.01"
    assert numbered_by(Kind.COMPLAINT, "H10.01", "H10.90") == "H10.90"
    assert numbered_by(Kind.DENUNCIATION, "H10.01", "H10.90") == "H10.90"


def test_a_complaint_and_a_denunciation_say_what_they_are_about_in_words() -> None:
    for kind in (Kind.COMPLAINT, Kind.DENUNCIATION):
        assert accusation(kind, [], "Quyết định số 1") == ()
        with pytest.raises(ReportRefusedError) as refused:
            accusation(kind, [1], " ")
        assert refused.value.field == "text"


def test_only_a_complaint_must_be_named() -> None:
    must_be_named(Kind.FEEDBACK, False)
    must_be_named(Kind.DENUNCIATION, False)
    with pytest.raises(ReportRefusedError) as refused:
        must_be_named(Kind.COMPLAINT, False)
    assert refused.value.field == "author_name"


@pytest.mark.parametrize(
    ("kind", "agency", "inspectorates", "handler"),
    [
        (Kind.DENUNCIATION, "H10.01", ["H10.90", "H10.91"], "H10.90"),
        (Kind.DENUNCIATION, "H10.90", ["H10.90", "H10.91"], "H10.91"),
        (Kind.DENUNCIATION, "H10.01", ["H10.77", "H10.91"], "H10.91"),  # H10.77 is not registered
        (Kind.FEEDBACK, "H10.01", ["H10.90"], "H10.90"),
        (Kind.FEEDBACK, "H10.90", ["H10.90"], "H10.90"),
        (Kind.COMPLAINT, "H10.01", [], "H10.01"),
    ],
)
def test_the_first_inspectorate_that_is_not_reported_handles(
    kind: Kind, agency: str, inspectorates: list[str], handler: str
) -> None:
    registered = {"H10.01", "H10.90", "H10.91"}
    assert choose_handler(kind, agency, inspectorates, registered) == handler


@pytest.mark.parametrize("inspectorates", [[], ["H10.01"], ["H10.77"]])
def test_no_agency_handles_a_denunciation_of_itself(inspectorates: list[str]) -> None:
    with pytest.raises(ReportRefusedError) as refused:
        choose_handler(Kind.DENUNCIATION, "H10.01", inspectorates, {"H10.01"})
    assert refused.value.field == "kind"


def test_everything_in_the_plan_has_a_name_in_both_languages() -> None:
    assert list(notices.KIND_NAMES) == list(notices.Kind)
    assert list(LUON_NAMES) == list(Luon)
    assert list(KHONG_NAMES) == list(Khong)
    names = [*notices.KIND_NAMES.values(), *LUON_NAMES.values(), *KHONG_NAMES.values()]
    assert all(name.vi and name.en for name in names)
