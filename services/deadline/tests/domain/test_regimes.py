"""The same receipt by different ways of counting; and the supplement, from zero or subtracted."""

import pytest

from services.deadline.domain.reckoning import Reckoning, reckon, resume
from services.deadline.domain.rules import Supplement
from services.deadline.tests.offices import hours, local, rule_book, terms

BOSTON_DAY = ("08:30-17:00",)
BOSTON_HOURS = hours(
    monday=BOSTON_DAY, tuesday=BOSTON_DAY, wednesday=BOSTON_DAY, thursday=BOSTON_DAY, friday=BOSTON_DAY
)  # fmt: skip


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        pytest.param("2015-01-06 10:30:12", 1, "2015-01-07 10:30:12", id="the time of day is kept"),
        pytest.param("2015-01-01 11:12:50", 10, "2015-01-16 08:30", id="a holiday"),
        pytest.param("2015-01-26 18:14:41", 1, "2015-01-28 08:30", id="after closing"),
        pytest.param("2015-01-26 06:00", 1, "2015-01-27 08:30", id="before opening"),
        pytest.param("2015-02-21 16:05", 1, "2015-02-24 08:30", id="a Saturday"),
        pytest.param("2015-01-06 17:00", 1, "2015-01-07 17:00", id="at closing"),
    ],
)
def test_boston_keeps_the_time_of_day_and_starts_what_comes_outside_hours_at_the_next_opening(
    received: str, days: int, due: str
) -> None:
    bound = terms(
        "working_days",
        days,
        office=BOSTON_HOURS,
        calendar=rule_book().calendar("us-ma"),
        regime="boston-311",
    )
    assert reckon(bound, local(received)).legal_due == local(due)


def test_where_the_office_is_shut_at_that_time_of_day_its_next_opening_that_day_is_meant() -> None:
    split = hours(monday=("08:00-16:00",), tuesday=("07:00-11:30", "13:30-15:00"))
    bound = terms("working_days", 1, office=split, regime="boston-311")
    assert reckon(bound, local("2026-11-09 12:15")).legal_due == local("2026-11-10 13:30")
    assert reckon(bound, local("2026-11-09 15:45")).legal_due == local("2026-11-10 15:00")


@pytest.mark.parametrize("regime", ["nd61", "qd766", "ho-tich", "chung-thuc"])
def test_the_vietnamese_regimes_count_working_days_to_the_close_alike(regime: str) -> None:
    bound = terms("working_days", 3, regime=regime)
    assert reckon(bound, local("2025-12-30 16:59")).legal_due == local("2026-01-06 17:00")


def test_rule_21_after_completion_the_clock_restarts_or_pauses_by_the_rules_version() -> None:
    bound = terms("working_days", 5, regime="qd766")
    assert bound.figures.supplement is Supplement.SUBTRACT
    assert terms("working_days", 5).figures.supplement is Supplement.RESTART
    before = reckon(bound, local("2026-11-09 09:00"))
    assert before.legal_due == local("2026-11-16 17:00")
    # Asked on Tuesday 10:00, brought on Thursday 10:00: two working days of eight hours.
    after = resume(bound, before, local("2026-11-10 10:00"), local("2026-11-12 10:00"))
    assert after.legal_due == local("2026-11-18 17:00")
    assert [step.rule for step in after.steps] == [
        "working_days",
        "close",
        "supplement_subtracted",
    ]


def test_a_supplement_that_came_over_the_weekend_cost_no_working_time() -> None:
    bound = terms("working_days", 5, regime="qd766")
    before = reckon(bound, local("2026-11-09 09:00"))
    after = resume(bound, before, local("2026-11-13 17:00"), local("2026-11-16 07:00"))
    assert after.legal_due == before.legal_due


def test_what_has_no_limit_has_none_after_a_supplement() -> None:
    bound = terms("none", regime="qd766")
    none: Reckoning = reckon(bound, local("2026-11-09 09:00"))
    after = resume(bound, none, local("2026-11-10 10:00"), local("2026-11-12 10:00"))
    assert after.legal_due is None and after.pledge_due is None
