"""What the law makes of the sums: bands, grades, groups, and what is withheld."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from services.feedback.domain.courtesy import Luon
from services.feedback.domain.ratings import Stars
from services.feedback.domain.scores.cases import (
    RatingFacts,
)
from services.feedback.domain.scores.counting import Place, counts_of, place_of
from services.feedback.domain.scores.figures import (
    FIGURES,
    INDICATORS,
    Count,
    Figure,
    difference,
    total,
)
from services.feedback.domain.scores.news import (
    News,
)
from services.feedback.domain.scores.periods import Period, span_of
from services.feedback.domain.scores.sheets import (
    band,
    grade,
    group_points,
    qd766,
    stars,
    stars_of,
    tt01,
)
from services.feedback.tests.domain.score_examples import (
    EARLY,
    FRIDAY,
    HANOI,
    IN_FORCE,
    LATE,
    ON_TIME,
    PLEDGED,
    RECEIVED,
    RESOLVED,
    RULES,
    SET,
    UNIT,
    at,
    counted,
)


def test_the_places_of_stored_counters_never_move() -> None:
    assert [figure.value for figure in FIGURES] == [
        "on-time",
        "online",
        "complaints",
        "total-time",
        "leg-time",
        "contacts",
        "agencies",
        "attitude",
        "answers",
        "handling",
        "same-day",
        "fridays",
        "apologies",
        "smile",
        "gentle",
        "listen",
        "help",
        "khong-1",
        "khong-2",
        "khong-3",
        "khong-4",
        "khong-5",
    ]


def test_rule_36_officer_bands_5_0_is_100_percent_4_9_and_3_5_are_70_to_under_100_3_4_is_below() -> (
    None
):
    marks = [Decimal(mark) for mark in ("10.0", "5.0", "4.9", "3.5", "3.4", "0.0")]
    assert [band(mark, IN_FORCE) for mark in marks] == [
        "done",
        "done",
        "partly",
        "partly",
        "below",
        "below",
    ]


@pytest.mark.parametrize(
    ("news", "mark"),
    [
        # 1 and 7 are known: (2 + 2) / 2 × 5; then 3 and 4 as well: (2 + 2 + 2 + 2) / 4 × 5.
        ((RECEIVED, SET, EARLY), "10.0"),
        ((RECEIVED, SET, RESOLVED, EARLY), "10.0"),
        ((RECEIVED, SET, RESOLVED, ON_TIME), "7.5"),
        ((RECEIVED, SET, LATE), "2.5"),
    ],
)
def test_rule_36_officer_bands_leave_missing_indicators_out(
    news: tuple[News, ...], mark: str
) -> None:
    sheet = tt01(counted(*news), IN_FORCE)
    assert sheet.handling == Decimal(mark)
    assert sheet.indicators[5] is sheet.indicators[6] is None


def test_an_officers_mark_is_rounded_to_one_decimal_and_then_judged() -> None:
    def sheet(sixtieths: int) -> tuple[Decimal | None, str | None]:
        found = tt01({Figure.HANDLING: Count(sixtieths, 1)}, IN_FORCE)
        return found.handling, found.band

    assert sheet(300) == (Decimal("5.0"), "done")
    assert sheet(297) == (Decimal("5.0"), "done")  # 4.95
    assert sheet(296) == (Decimal("4.9"), "partly")
    assert sheet(206) == (Decimal("3.4"), "below")


def test_agency_grades_and_missing_indicators() -> None:
    marks = [Decimal(mark) for mark in ("18", "15.0", "14.9", "12", "9", "6", "5.9")]
    assert [grade(mark, IN_FORCE) for mark in marks] == [
        "excellent",
        "excellent",
        "good",
        "good",
        "fair",
        "average",
        "weak",
    ]
    assert tt01({}, IN_FORCE).grade is None
    sheet = tt01({Figure.TOTAL_TIME: Count(5, 3), Figure.ANSWERS: Count(9, 10)}, IN_FORCE)
    assert sheet.total == Decimal("16.5")  # (5/3 + 2) × 9/2
    assert sheet.grade == "excellent"
    assert set(sheet.indicators) == set(INDICATORS) == set(range(1, 10))


@pytest.mark.parametrize(("in_time", "points"), [(90, 2), (89, 1), (50, 1), (49, 0)])
def test_feedback_answered_in_time_has_two_points_from_ninety_percent_on(
    in_time: int, points: int
) -> None:
    counts = {Figure.ANSWERS: Count(in_time, 100)}
    assert tt01(counts, IN_FORCE).indicators[8] == Decimal(points)


def test_rule_37_of_766_a_zero_denominator_is_not_applicable() -> None:
    sheet = qd766({}, IN_FORCE)
    assert sheet.total is None and sheet.out_of == 0 and sheet.satisfaction is None
    assert set(sheet.groups.values()) == {None}


def test_rule_37_of_766_72_percent_satisfaction_scores_72_90ths_of_the_maximum() -> None:
    counts = {Figure.ON_TIME: Count(80, 100), Figure.COMPLAINTS: Count(8, 8)}
    sheet = qd766(counts, IN_FORCE)
    assert sheet.satisfaction == Fraction(72, 100)
    assert sheet.groups["satisfaction"] == Decimal("14.40")  # 18 × 72/90
    assert sheet.groups["progress"] == Decimal("16.00")
    assert sheet.groups["digitisation"] is sheet.groups["publication"] is None
    assert (sheet.total, sheet.out_of) == (Decimal("30.40"), 38)
    assert group_points("satisfaction", Fraction(95, 100), IN_FORCE) == 18


def test_more_complaints_than_dossiers_leave_nothing_below_zero() -> None:
    assert qd766({Figure.ON_TIME: Count(1, 1), Figure.COMPLAINTS: Count(3, 3)}, IN_FORCE).groups[
        "satisfaction"
    ] == Decimal("0.00")


def test_rule_34_a_mean_of_too_few_votes_is_withheld() -> None:
    few, enough = IN_FORCE.fewest_votes - 1, IN_FORCE.fewest_votes
    withheld = stars_of(Count(5 * few, few), IN_FORCE)
    assert (withheld.votes, withheld.mean, withheld.is_withheld) == (few, None, True)
    assert stars_of(Count(5 * enough, enough), IN_FORCE).mean == Decimal("5.00")
    none = stars(Luon.SMILE, {}, IN_FORCE)
    assert (none.votes, none.mean, none.is_withheld) == (0, None, False)


def test_a_rating_counts_each_luon_on_its_day_for_its_officer_where_one_is_named() -> None:
    facts = RatingFacts(UNIT, "o-17", at(9), Stars(5, 4, 3, 2))
    assert place_of(facts, HANOI) == Place(UNIT, FRIDAY, "o-17")
    assert counts_of(facts, FRIDAY, HANOI, RULES) == {
        Figure.SMILE: Count(5, 1),
        Figure.GENTLE: Count(4, 1),
        Figure.LISTEN: Count(3, 1),
        Figure.HELP: Count(2, 1),
    }


def test_differences_add_up() -> None:
    before, after = counted(RECEIVED, PLEDGED), counted(RECEIVED, PLEDGED, LATE)
    assert total([before, difference(after, before)]) == after
    assert difference(before, before) == {}


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.DAY, date(2026, 11, 13), date(2026, 11, 13)),
        (Period.WEEK, date(2026, 11, 9), date(2026, 11, 15)),
        (Period.MONTH, date(2026, 11, 1), date(2026, 11, 30)),
        (Period.QUARTER, date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_periods_hold_their_day(period: Period, first: date, last: date) -> None:
    span = span_of(period, FRIDAY)
    assert (span.first_on, span.last_on) == (first, last)
