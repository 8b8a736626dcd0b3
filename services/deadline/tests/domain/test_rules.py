"""Rules 1-11 and 13 of the rule book: each test's name is its sentence. Hours 07:00-11:30, 13:30-17:00."""

from dataclasses import replace
from datetime import date, time

import pytest

from services.deadline.domain.promises import Limit, limit_in_force
from services.deadline.domain.reckoning import reckon
from services.deadline.domain.rules import LimitKind, NoRuleError, Period, Wait
from services.deadline.tests.offices import hours, local, rule_book, terms, vietnam


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-12 14:59:59", "2026-11-12 17:00"),
        ("2026-11-12 15:00:00", "2026-11-12 17:00"),
        ("2026-11-12 15:00:00.000001", "2026-11-13 17:00"),
        ("2026-11-12 15:00:01", "2026-11-13 17:00"),
    ],
)
def test_rule_1_same_day_by_1500_is_due_today_and_a_second_later_the_next_working_day(
    received: str, due: str
) -> None:
    assert reckon(terms("same_day"), local(received)).legal_due == local(due)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-08-21 15:01", "2026-08-22 17:00"),  # Saturday, swapped
        ("2026-11-13 15:01", "2026-11-16 17:00"),
        ("2026-02-13 15:01", "2026-02-23 17:00"),  # over Tết
    ],
)
def test_rule_2_after_1500_on_friday_is_due_on_the_next_working_day_a_swapped_saturday_too(
    received: str, due: str
) -> None:
    assert reckon(terms("same_day"), local(received)).legal_due == local(due)


def test_rule_3_on_friday_the_pledge_is_due_at_close_even_after_1500_and_apart_from_the_law() -> (
    None
):
    reckoning = reckon(terms("same_day", pledged=True), local("2026-11-13 15:01"))
    assert reckoning.pledge_due == local("2026-11-13 17:00")
    assert reckoning.legal_due == local("2026-11-16 17:00")
    assert reckoning.appointment_at == local("2026-11-13 17:00")


def test_rule_3_a_unit_that_does_not_keep_friday_pledges_the_next_working_day() -> None:
    unkept = terms("working_days", 3, pledged=True, keeps_friday=False)
    assert reckon(unkept, local("2026-11-13 15:01")).pledge_due == local("2026-11-16 17:00")


def test_rule_3_nobody_can_keep_friday_after_closing() -> None:
    reckoning = reckon(terms("same_day", pledged=True), local("2026-11-13 20:00"))
    assert reckoning.pledge_due == local("2026-11-16 17:00")


def test_rule_3_on_other_days_the_pledge_follows_the_cut_off() -> None:
    pledged = terms("working_days", 3, pledged=True)
    assert reckon(pledged, local("2026-11-12 15:00")).pledge_due == local("2026-11-12 17:00")
    assert reckon(pledged, local("2026-11-12 15:01")).pledge_due == local("2026-11-13 17:00")


def test_rule_3_where_the_law_asks_for_it_sooner_the_pledge_is_the_laws() -> None:
    reckoning = reckon(terms("hours", 1, pledged=True), local("2026-11-12 09:00"))
    assert reckoning.pledge_due == reckoning.legal_due == local("2026-11-12 10:00")
    assert reckoning.steps[-1].rule == "pledge_after_law"


def test_rule_4_a_procedure_not_on_the_list_is_unaffected_on_fridays() -> None:
    reckoning = reckon(terms("same_day"), local("2026-11-13 15:01"))
    assert reckoning.pledge_due is None
    assert reckoning.appointment_at == reckoning.legal_due == local("2026-11-16 17:00")


@pytest.mark.parametrize(
    ("days", "received", "due"),
    [
        pytest.param(
            3,
            "2025-12-30 09:00",
            "2026-01-06 17:00",
            id="rule 5: +3 from Tue 30/12/2025 is Tue 6/1/2026",
        ),
        pytest.param(
            2,
            "2026-01-08 09:00",
            "2026-01-10 17:00",
            id="rule 6: +2 from Thu 8/1/2026 is Sat 10/1/2026, swapped",
        ),
        pytest.param(
            3,
            "2024-04-26 09:00",
            "2024-05-04 17:00",
            id="rule 7: +3 from Fri 26/4/2024 is Sat 4/5/2024, swapped",
        ),
        pytest.param(
            1,
            "2026-11-23 09:00",
            "2026-11-24 17:00",
            id="rule 8: +1 from Mon 23/11/2026 is Tue 24/11, not confirmed off",
        ),
    ],
)
def test_rules_5_to_8_working_days_pass_over_holidays_and_keep_swaps(
    days: int, received: str, due: str
) -> None:
    assert reckon(terms("working_days", days), local(received)).legal_due == local(due)


def test_rule_8_once_24_11_is_confirmed_off_the_day_after_monday_is_wednesday() -> None:
    confirmed = terms("working_days", 1, calendar=vietnam(confirmed=True))
    assert reckon(confirmed, local("2026-11-23 09:00")).legal_due == local("2026-11-25 17:00")


def test_rule_9_day_limits_exclude_the_day_of_receipt_whatever_the_hour() -> None:
    one_day = terms("working_days", 1)
    for hour in ("00:00", "07:00", "15:00", "16:59", "23:59"):
        due = reckon(one_day, local(f"2026-11-10 {hour}")).legal_due
        assert due == local("2026-11-11 17:00")


def test_rule_9_hour_limits_count_only_working_minutes() -> None:
    assert reckon(terms("hours", 2), local("2026-11-10 10:30")).legal_due == local(
        "2026-11-10 14:30"
    )
    assert reckon(terms("hours", 1), local("2026-11-10 12:15")).legal_due == local(
        "2026-11-10 14:30"
    )


def test_rule_9_plain_days_count_every_day_and_end_on_a_working_day() -> None:
    assert reckon(terms("days", 5), local("2026-11-09 09:00")).legal_due == local(
        "2026-11-16 17:00"
    )
    assert reckon(terms("days", 3), local("2026-11-09 09:00")).legal_due == local(
        "2026-11-12 17:00"
    )


@pytest.mark.parametrize(
    ("received", "due"),
    [("2026-11-09 16:00", "2026-11-10 16:00"), ("2026-11-13 20:00", "2026-11-16 17:00")],
)
def test_rule_10_an_online_submission_is_checked_within_8_working_hours(
    received: str, due: str
) -> None:
    check_hours = rule_book().regime("nd61").on(date(2026, 11, 9)).waits[Wait.ONLINE_CHECK].amount
    assert reckon(terms("hours", check_hours), local(received)).legal_due == local(due)


def test_rule_11_a_saturday_shift_accepts_dossiers_and_adds_no_working_time() -> None:
    day = ("07:00-11:30", "13:30-17:00")
    with_saturday = hours(
        monday=day, tuesday=day, wednesday=day, thursday=day, friday=day, saturday=("07:00-11:30",)
    )
    received = local("2026-11-14 08:00")  # a Saturday
    assert reckon(terms("hours", 1, office=with_saturday), received).legal_due == local(
        "2026-11-16 08:00"
    )
    assert reckon(terms("same_day", office=with_saturday), received).legal_due == local(
        "2026-11-16 17:00"
    )


def test_rule_11_a_swapped_saturday_is_a_full_working_day_with_the_hours_it_stands_in_for() -> None:
    short_saturday = hours(
        monday=("08:00-12:00",), friday=("08:00-16:00",), saturday=("07:00-09:00",)
    )
    due = reckon(terms("same_day", office=short_saturday), local("2026-08-22 08:00")).legal_due
    assert due == local("2026-08-22 12:00")  # it stands in for Monday 31/8


def test_rule_13_limits_are_chosen_by_the_day_of_receipt() -> None:
    old = Limit(date(2020, 1, 1), date(2026, 6, 30), LimitKind.WORKING_DAYS, 15, "nd61")
    new = Limit(date(2026, 7, 1), None, LimitKind.WORKING_DAYS, 10, "nd61")
    assert limit_in_force("1.000001", (old, new), date(2026, 6, 30)) is old
    assert limit_in_force("1.000001", (old, new), date(2026, 7, 1)) is new
    with pytest.raises(
        NoRuleError, match=r"procedure 1\.000001 has no limit in force on 2019-12-31"
    ):
        limit_in_force("1.000001", (old, new), date(2019, 12, 31))


def test_rule_13_figures_are_chosen_by_the_day_of_receipt() -> None:
    now = rule_book().regime("nd61").on(date(2026, 1, 1))
    later = replace(now, cut_off=time(16))
    old = Period(date(2020, 1, 1), date(2026, 6, 30), now, ())
    new = Period(date(2026, 7, 1), None, later, ())
    regime = replace(rule_book().regime("nd61"), periods=(old, new))
    assert regime.on(date(2026, 6, 30)) is now
    assert regime.on(date(2026, 7, 1)) is later
    with pytest.raises(NoRuleError, match="no figures for 2019-12-31"):
        regime.on(date(2019, 12, 31))
