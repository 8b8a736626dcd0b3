"""What must hold for all dates, hours and limits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadline.domain.office_hours import WEEKDAYS, OfficeHours, Shift, office_hours
from services.deadline.domain.reckoning import Reckoning, Terms, hangs_on_the_moment, reckon, resume
from services.deadline.domain.rungs import AtRisk, apology_at, at_risk_of
from services.deadline.domain.working_calendar import WorkingCalendar
from services.deadline.domain.working_time import timetable
from services.deadline.tests.offices import local, rule_book, terms, vietnam

MOMENTS = st.datetimes(local("2019-01-01"), local("2034-12-31"))
KINDS = ("working_days", "days", "hours", "same_day", "none")
HALF_HOURS = st.integers(0, 48)
WORKED = WEEKDAYS[:5]

patient = settings(deadline=None)
"""A slow machine is no counterexample."""
thorough = settings(patient, max_examples=300)
"""Where few examples come near the rule."""

REGIMES = st.sampled_from(sorted(rule_book().regimes)) | st.just("boston-311")
"""Often the one that counts unlike all others."""
AMOUNTS = st.integers(0, 8) | st.integers(0, 60)
# Any time of day as often as another; Hypothesis's own durations are nearly whole days.
A_WHILE = st.integers(0, 36 * 60).map(lambda minutes: timedelta(minutes=minutes)) | st.integers(
    0, 20 * 24 * 60
).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def offices(draw: st.DrawFn) -> OfficeHours:
    """Any week: one or two shifts on some weekdays, at any half hour, the day's end included."""
    week = {}
    weekdays = {draw(st.sampled_from(WORKED)), *draw(st.sets(st.sampled_from(WEEKDAYS)))}
    for weekday in sorted(weekdays):
        ends = draw(st.integers(1, 2)) * 2
        drawn = sorted(draw(st.sets(HALF_HOURS, min_size=ends, max_size=ends)))
        times = [time(half // 2 % 24, half % 2 * 30) for half in drawn]
        week[weekday] = tuple(map(Shift, times[::2], times[1::2]))
    return office_hours(week)


@st.composite
def any_terms(
    draw: st.DrawFn, *, kinds: Sequence[str] = KINDS, pledged: Sequence[bool] = (False, True)
) -> Terms:
    return terms(
        draw(st.sampled_from(kinds)),
        draw(AMOUNTS),
        pledged=draw(st.sampled_from(pledged)),
        keeps_friday=draw(st.booleans()),
        office=draw(offices()),
        calendar=rule_book().calendar(draw(st.sampled_from(["vn", "us-ma"]))),
        regime=draw(REGIMES),
    )


def dues(reckoning: Reckoning) -> list[datetime]:
    return [due for due in (reckoning.legal_due, reckoning.pledge_due) if due is not None]


@patient
@given(any_terms(), MOMENTS)
def test_what_is_due_is_due_in_working_time_and_never_before_receipt(
    bound: Terms, received: datetime
) -> None:
    for due in dues(reckon(bound, received)):
        assert due >= received
        assert bound.timetable.is_working_time(due)


@thorough
@given(any_terms(kinds=KINDS[:-1]), MOMENTS, A_WHILE)
def test_the_law_is_monotone_a_later_receipt_is_never_due_earlier(
    bound: Terms, received: datetime, later: timedelta
) -> None:
    first = reckon(bound, received).legal_due
    second = reckon(bound, received + later).legal_due
    assert first is not None and second is not None
    assert first <= second


@patient
@given(any_terms(), MOMENTS)
def test_the_appointment_is_the_earlier_of_the_two(bound: Terms, received: datetime) -> None:
    reckoning = reckon(bound, received)
    assert reckoning.appointment_at == min(dues(reckoning), default=None)


@thorough
@given(any_terms(kinds=KINDS[:-1], pledged=[True]), MOMENTS)
def test_a_pledge_never_exceeds_the_law(bound: Terms, received: datetime) -> None:
    reckoning = reckon(bound, received)
    assert reckoning.pledge_due is not None and reckoning.legal_due is not None
    assert reckoning.pledge_due <= reckoning.legal_due


@patient
@given(any_terms(), MOMENTS)
def test_the_first_alarm_rings_in_working_time_between_receipt_and_due(
    bound: Terms, received: datetime
) -> None:
    due = reckon(bound, received).appointment_at
    if due is not None:
        counts_days = not hangs_on_the_moment(bound)
        warning = at_risk_of(bound, due, received.date(), counts_days=counts_days)
        warning = warning.at(received) if isinstance(warning, AtRisk) else warning
        assert received <= warning <= due
        assert bound.timetable.is_working_time(warning)


@patient
@given(any_terms(), MOMENTS)
def test_an_apology_is_demanded_in_working_time_a_working_day_before_due_or_not_at_all(
    bound: Terms, received: datetime
) -> None:
    due = reckon(bound, received).legal_due
    demanded = None if due is None else apology_at(bound, received.date(), due)
    if due is not None and demanded is not None:
        assert received < demanded and bound.timetable.is_working_time(demanded)
        due_on = bound.timetable.day_of(due)
        assert bound.timetable.working_day_after(demanded.date()) <= due_on


@patient
@given(any_terms(), MOMENTS)
def test_every_due_instant_is_explained_and_every_step_has_its_sentence(
    bound: Terms, received: datetime
) -> None:
    reckoning = reckon(bound, received)
    ends = {step.ends for step in reckoning.steps}
    assert ends.issuperset(dues(reckoning)) and reckoning.steps
    for step in reckoning.steps:
        sentence = rule_book().sentences[step.rule]
        assert sentence.source and "{" not in sentence.tell(step, "vi") + sentence.tell(step, "en")


@patient
@given(offices(), MOMENTS, st.timedeltas(timedelta(microseconds=1), timedelta(hours=100)))
def test_working_time_added_is_working_time_passed(
    office: OfficeHours, start: datetime, amount: timedelta
) -> None:
    table = timetable(vietnam(), office)
    end = table.add_working_time(start, amount)
    assert table.worked_until(end) - table.worked_until(start) == amount
    assert table.is_working_time(end)


@patient
@given(st.dates(date(2019, 1, 1), date(2035, 1, 1)), st.integers(1, 200))
def test_working_days_counted_one_by_one_are_those_counted_at_once(on: date, count: int) -> None:
    table = terms("none").timetable
    by_hand, left = on, count
    while left:
        by_hand += timedelta(days=1)
        left -= vietnam().is_working_day(by_hand)
    assert table.working_day_after(on, count) == by_hand
    assert table.working_day_before(by_hand, count) == table.working_day_from(on) or (
        not vietnam().is_working_day(on)
    )


@patient
@given(any_terms(), MOMENTS, MOMENTS)
def test_a_pause_of_no_length_changes_nothing(
    bound: Terms, received: datetime, paused: datetime
) -> None:
    before = reckon(bound, received)
    after = resume(bound, before, paused, paused)
    assert (after.legal_due, after.pledge_due) == (before.legal_due, before.pledge_due)


@patient
@given(any_terms(), MOMENTS, MOMENTS, A_WHILE)
def test_a_pause_moves_what_is_due_by_the_working_time_it_lasted(
    bound: Terms, received: datetime, paused: datetime, length: timedelta
) -> None:
    before = reckon(bound, received)
    after = resume(bound, before, paused, paused + length)
    worked = bound.timetable.worked_until
    waited = worked(paused + length) - worked(paused)
    for was, due in zip(dues(before), dues(after), strict=True):
        assert worked(due) - worked(was) == waited
        assert bound.timetable.is_working_time(due)


@patient
@given(st.data(), offices(), MOMENTS, st.integers(0, 30))
def test_another_holiday_makes_nothing_due_earlier(
    data: st.DataObject, office: OfficeHours, received: datetime, days_later: int
) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    amount = data.draw(st.integers(1, 30))
    regime = data.draw(REGIMES)
    keeps_friday = data.draw(st.booleans())
    usual = vietnam()
    # Soon after the receipt: one years away would change nothing, and prove nothing.
    more = replace(usual, days_off=usual.days_off | {received.date() + timedelta(days_later)})

    def reckoned(calendar: WorkingCalendar) -> Reckoning:
        bound = terms(
            kind, amount, pledged=True, keeps_friday=keeps_friday, office=office,
            calendar=calendar, regime=regime,
        )  # fmt: skip
        return reckon(bound, received)

    for due, later in zip(dues(reckoned(usual)), dues(reckoned(more)), strict=True):
        assert due <= later
