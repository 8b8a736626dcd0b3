"""Decrees over a calendar: what they change, and what they may not say."""

from datetime import date

import pytest

from services.deadline.domain.decrees import (
    Decree,
    DecreeRefusedError,
    Swap,
    decreed,
    refuse_contradiction,
)
from services.deadline.tests.offices import vietnam

MONDAY, SATURDAY, SUNDAY = date(2027, 3, 1), date(2027, 3, 6), date(2027, 3, 7)
NEW_YEAR = date(2027, 1, 1)
SWAPPED_OFF, SWAPPED_ON = date(2026, 8, 31), date(2026, 8, 22)


def decree(
    *,
    off: tuple[date, ...] = (),
    worked: tuple[date, ...] = (),
    swaps: tuple[tuple[date, date], ...] = (),
    source: str = "QĐ 1/QĐ-TTg",
) -> Decree:
    return Decree("vn", off, worked, tuple(Swap(*swap) for swap in swaps), source)


def test_a_decree_makes_days_off_days_worked_and_swaps() -> None:
    wanted = decree(off=(MONDAY,), worked=(NEW_YEAR,), swaps=((date(2027, 3, 2), SATURDAY),))
    refuse_contradiction(vietnam(), wanted)
    revised = decreed(vietnam(), wanted)
    assert not revised.is_working_day(MONDAY) and revised.is_working_day(NEW_YEAR)
    assert not revised.is_working_day(date(2027, 3, 2)) and revised.is_working_day(SATURDAY)
    assert revised.weekday_of_hours(SATURDAY) == 2


def test_a_swap_is_undone_by_a_decree_that_says_so() -> None:
    undone = decree(off=(SWAPPED_ON,), worked=(SWAPPED_OFF,))
    refuse_contradiction(vietnam(), undone)
    revised = decreed(vietnam(), undone)
    assert not revised.is_working_day(SWAPPED_ON) and revised.is_working_day(SWAPPED_OFF)


def test_the_same_decree_again_changes_nothing() -> None:
    once = decreed(vietnam(), decree(off=(MONDAY,)))
    again = decreed(once, decree(off=(MONDAY,)))
    assert (again.days_off, again.stands_in_for) == (once.days_off, once.stands_in_for)


@pytest.mark.parametrize(
    ("wanted", "field", "rule"),
    [
        (decree(), "days_off", "changes at least one day"),
        (decree(off=(MONDAY,), source=" "), "source", "is cited"),
        (decree(off=(SATURDAY,)), "days_off.0", "is off already"),
        (decree(off=(MONDAY, NEW_YEAR)), "days_off.1", "is off already"),
        (decree(off=(MONDAY, MONDAY)), "days_off.1", "names this day before"),
        (decree(worked=(MONDAY,)), "days_worked.0", "is worked anyway"),
        (decree(worked=(SATURDAY,)), "days_worked.0", "in a swap only"),
        (decree(swaps=((MONDAY, date(2027, 3, 2)),)), "swaps.0.worked_on", "is worked anyway"),
        (decree(swaps=((SUNDAY, SATURDAY),)), "swaps.0.swapped_off", "is off already"),
        (decree(off=(date(2041, 1, 2),)), "days_off.0", "reaches from 2018-01-01 to 2040-12-31"),
    ],
)
def test_a_decree_that_says_what_is_so_or_cannot_be_is_refused(
    wanted: Decree, field: str, rule: str
) -> None:
    with pytest.raises(DecreeRefusedError, match=rule) as refused:
        refuse_contradiction(vietnam(), wanted)
    assert refused.value.field == field
