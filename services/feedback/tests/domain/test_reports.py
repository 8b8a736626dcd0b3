"""Reports against the 5 không."""

from datetime import date

import pytest

from services.feedback.domain.courtesy import KHONG_NAMES, LUON_NAMES, XIN_NAMES, Khong, Luon, Xin
from services.feedback.domain.reports import Kind, ReportRefusedError, accusation, report_code


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


def test_everything_in_the_plan_has_a_name_in_both_languages() -> None:
    assert list(XIN_NAMES) == list(Xin)
    assert list(LUON_NAMES) == list(Luon)
    assert list(KHONG_NAMES) == list(Khong)
    names = [*XIN_NAMES.values(), *LUON_NAMES.values(), *KHONG_NAMES.values()]
    assert all(name.vi and name.en for name in names)
