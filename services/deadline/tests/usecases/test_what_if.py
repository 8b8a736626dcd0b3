"""One log, two ways of counting or two pledges, side by side."""

from services.deadline.tests.offices import local, rule_book
from services.deadline.usecases.audit import Case, Mistake
from services.deadline.usecases.counting import Counter, Office
from services.deadline.usecases.what_if import Comparison, Scenario, compare

FRIDAY_AFTER_CUT_OFF = "2026-11-13 15:01"
Row = tuple[str, Case | Mistake]


def scenario(regime: str = "nd61", *, pledged: bool = False, keeps_friday: bool = True) -> Scenario:
    office = Office(is_pledged_same_day=pledged, keeps_friday=keeps_friday)
    return Scenario(f"{regime}, {pledged}", Counter(rule_book(), regime, office), pledged)


def row(received: str, limit: str = "3d", closed: str | None = None, unit: str = "") -> Row:
    return unit, Case(2, "A", local(received), limit, closed_at=(closed and local(closed)) or None)


def pledges(*rows: Row) -> Comparison:
    return compare(rows, (scenario(), scenario(pledged=True)))


def test_a_same_day_promise_is_kept_by_what_closed_by_its_appointment() -> None:
    law, pledged = pledges(
        row("2026-11-12 09:00", closed="2026-11-12 17:00"),
        row("2026-11-12 09:00", closed="2026-11-12 17:01"),
        row("2026-11-12 09:00"),
        row("2026-11-12 15:01", closed="2026-11-13 16:00"),
    ).outcomes
    assert (law.cases, law.same_day, law.kept, law.closed) == (4, 0, 3, 3)
    assert (pledged.same_day, pledged.same_day_closed, pledged.same_day_kept) == (3, 2, 1)
    assert pledged.kept == 2


def test_the_friday_rule_binds_what_is_same_day_by_law_or_by_pledge_and_nothing_else() -> None:
    law, pledged = pledges(
        row(FRIDAY_AFTER_CUT_OFF, "same-day", "2026-11-16 09:00", "A"),
        row(FRIDAY_AFTER_CUT_OFF, "3d", "2026-11-13 16:00", "B"),
        row("2026-11-12 15:01", "same-day", None, "A"),  # a Thursday
    ).outcomes
    assert {unit: (x.dossiers, x.put_off, x.closed_later) for unit, x in law.fridays.items()} == {
        "A": (1, 1, 1)
    }
    assert {
        unit: (x.dossiers, x.put_off, x.closed_later) for unit, x in pledged.fridays.items()
    } == {"A": (1, 0, 1), "B": (1, 0, 0)}


def test_a_swapped_saturday_is_not_past_the_weekend() -> None:
    law, _ = pledges(row("2026-08-21 15:01", "same-day")).outcomes
    assert law.fridays[""].put_off == 0


def test_a_unit_that_does_not_keep_friday_puts_off_what_comes_after_the_cut_off() -> None:
    found = compare(
        [row(FRIDAY_AFTER_CUT_OFF)],
        (scenario(pledged=True), scenario(pledged=True, keeps_friday=False)),
    )
    keeping, unkept = found.outcomes
    assert (keeping.fridays[""].put_off, unkept.fridays[""].put_off) == (0, 1)
    assert (found.earlier, found.later) == (0, 1)


def test_the_load_lies_where_the_appointments_fall() -> None:
    days = [row("2026-11-12 09:00")] * 3 + [row("2026-11-11 09:00", "1d")]
    law, pledged = pledges(*days).outcomes
    assert law.busiest() == [(local("2026-11-17 17:00"), 3), (local("2026-11-12 17:00"), 1)]
    assert pledged.busiest() == [(local("2026-11-12 17:00"), 3), (local("2026-11-11 17:00"), 1)]


def test_two_regimes_are_compared_at_the_same_moment_and_what_one_cannot_count_with_nothing() -> (
    None
):
    found = compare(
        [
            row("2026-11-12 09:00", "3d"),
            row("2026-11-12 09:00", "8h"),
            ("", Mistake(4, "row", "x")),
        ],
        (scenario("nd61"), scenario("ho-tich")),
    )
    assert [outcome.cases for outcome in found.outcomes] == [1, 1]
    assert (found.earlier, found.later, found.left_out.count) == (0, 0, 2)
    assert "ho-tich" in found.left_out.first[0].why
