"""Counting without a server: limits as people write them, local times, many at once."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadline.domain.reckoning import reckon
from services.deadline.domain.rules import LimitKind, NoRuleError
from services.deadline.domain.working_calendar import CalendarEndsError
from services.deadline.tests.offices import local, rule_book, terms
from services.deadline.usecases.counting import (
    Counter,
    LimitError,
    LocalTimeError,
    Office,
    parse_limit,
)


def counter(regime: str = "nd61", office: Office | None = None) -> Counter:
    return Counter(rule_book(), regime, office or Office())


def test_limits_are_written_as_people_write_them() -> None:
    assert parse_limit("same-day") == (LimitKind.SAME_DAY, 0)
    assert parse_limit("3d") == (LimitKind.WORKING_DAYS, 3)
    assert parse_limit("8h") == (LimitKind.HOURS, 8)


@pytest.mark.parametrize(
    "text", ["", "3", "d", "0d", "-1d", "3.5d", "3 d", "3D", "99999d", "today"]
)
def test_a_limit_that_is_none_is_named_with_what_is_asked(text: str) -> None:
    with pytest.raises(LimitError, match=r"is no limit; same-day, 3d \(working days\) or 8h"):
        parse_limit(text)


def test_the_pledge_of_the_office_is_kept_apart() -> None:
    pledged = counter(office=Office(is_pledged_same_day=True))
    found = pledged.count(local("2026-08-21 15:01"), "same-day")
    assert pledged.with_offset(found.pledge_due) == "2026-08-21T17:00:00+07:00"
    assert pledged.with_offset(found.legal_due) == "2026-08-22T17:00:00+07:00"


def test_instants_and_local_times_are_the_same_moment() -> None:
    instant = datetime.fromisoformat("2026-08-21T08:01:00+00:00")
    assert counter().local(instant) == counter().local(local("2026-08-21 15:01"))


def test_a_local_time_that_was_skipped_is_refused() -> None:
    boston = counter("boston-311")
    with pytest.raises(
        LocalTimeError, match="2015-03-08T02:30:00 does not exist in America/New_York"
    ):
        boston.local(local("2015-03-08 02:30"))
    assert boston.local(local("2015-03-08 03:00")) == local("2015-03-08 03:00")


def test_a_limit_the_regime_does_not_count_is_named_with_those_it_does() -> None:
    with pytest.raises(
        NoRuleError, match="'ho-tich' counts no 'hours'; it counts same_day, working"
    ):
        counter("ho-tich").count(local("2026-08-21 15:01"), "8h")


def test_a_calendar_that_ends_before_the_due_date_says_so() -> None:
    with pytest.raises(CalendarEndsError, match="'vn' reaches from 2018-01-01 to 2040-12-31"):
        counter().count(local("2040-12-20 09:00"), "30d")


@settings(deadline=None)
@given(
    st.sampled_from(sorted(rule_book().regimes)),
    st.lists(st.datetimes(local("2019-01-01"), local("2034-12-31")), min_size=1, max_size=30),
    st.sampled_from(
        [("same-day", "same_day", 0), ("3d", "working_days", 3), ("20d", "working_days", 20)]
    ),
)
def test_many_at_once_are_due_as_each_alone(
    regime: str, moments: list[datetime], limit: tuple[str, str, int]
) -> None:
    text, kind, amount = limit
    bulk = counter(regime)
    for moment in moments:
        alone = reckon(
            terms(
                kind,
                amount,
                office=bulk.regime.on(moment.date()).default_hours,
                calendar=bulk.calendar,
                regime=regime,
            ),
            moment,
        )
        assert bulk.count(moment, text) == alone
