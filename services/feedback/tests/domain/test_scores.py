"""Scores: what a case counts, and what the law makes of the sums."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from services.feedback.adapters.score_rules import read_score_rules
from services.feedback.domain.courtesy import Khong, Luon
from services.feedback.domain.ratings import Stars
from services.feedback.domain.scores.cases import (
    AnswerFacts,
    ClockFacts,
    DossierFacts,
    Facts,
    RatingFacts,
    ReportFacts,
    StrangeNewsError,
    learn,
)
from services.feedback.domain.scores.counting import Place, counts_of, place_of
from services.feedback.domain.scores.figures import (
    FIGURES,
    INDICATORS,
    Count,
    Counts,
    Figure,
    difference,
    total,
)
from services.feedback.domain.scores.news import (
    AppointmentMoved,
    ClockSet,
    Found,
    Judged,
    News,
    Rang,
    Received,
    Reported,
    Resolved,
    SupplementAsked,
    Supplemented,
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

RULES = read_score_rules()
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
FRIDAY = date(2026, 11, 13)
IN_FORCE = RULES.on(FRIDAY)
UNIT = "H10.01"


def at(hour: int, minute: int = 0, day: int = 13) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=HANOI)


RECEIVED = Received(UNIT, at(8), "counter", is_accepted=True)
SET = ClockSet(UNIT, at(8), 1, at(17), None, at(17))
PLEDGED = replace(SET, pledge_due=at(17))
RESOLVED = Resolved(at(16))
EARLY = Judged("met", at(16), is_early=True)
ON_TIME = Judged("met", at(16))
LATE = Judged("missed", at(8, day=16))


def counted(*news: News, facts: Facts | None = None) -> Counts:
    """What a dossier counts after all this news."""
    facts = facts or DossierFacts()
    for one in news:
        facts = learn(facts, one)
    place = place_of(facts, HANOI)
    return {} if place is None else counts_of(facts, place.on, HANOI, RULES)


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


def test_a_dossier_counts_on_its_units_own_day_of_receipt() -> None:
    evening = datetime(2026, 11, 12, 17, 30, tzinfo=UTC)  # 00:30 of the 13th in Hà Nội
    facts = learn(DossierFacts(), replace(RECEIVED, received_at=evening))
    assert place_of(facts, HANOI) == Place(UNIT, FRIDAY)
    assert place_of(DossierFacts(), HANOI) is None


def test_a_dossier_counts_once_it_is_accepted_and_a_refused_one_never() -> None:
    assert counted(replace(RECEIVED, is_accepted=False)) == {}
    assert counted(replace(RECEIVED, is_accepted=False), RECEIVED) == {
        Figure.ON_TIME: Count(1, 1),
        Figure.ONLINE: Count(0, 1),
    }


def test_it_stays_with_the_agency_that_received_it() -> None:
    facts = learn(DossierFacts(), replace(RECEIVED, is_accepted=False))
    facts = learn(facts, replace(RECEIVED, agency="H10.02"))
    assert isinstance(facts, DossierFacts) and facts.agency == UNIT


@pytest.mark.parametrize(
    ("end", "time", "attitude"),
    [(EARLY, 2, 2), (ON_TIME, 1, 1), (LATE, 0, 1), (Judged("out_of_sync", at(16)), 1, 1)],
)
def test_early_on_time_and_late_are_two_one_and_no_points(
    end: Judged, time: int, attitude: int
) -> None:
    counts = counted(RECEIVED, SET, end)
    assert counts[Figure.TOTAL_TIME] == Count(time, 1)
    assert counts[Figure.ATTITUDE] == Count(attitude, 1)


def test_a_breach_counts_at_once_and_is_taken_back_as_out_of_sync() -> None:
    breached = (RECEIVED, SET, Rang("breach", at(17)))
    assert counted(*breached)[Figure.ON_TIME] == Count(0, 1)
    assert counted(*breached)[Figure.TOTAL_TIME] == Count(0, 1)
    taken_back = counted(*breached, Judged("out_of_sync", at(16)))
    assert taken_back[Figure.ON_TIME] == Count(1, 1)
    assert taken_back[Figure.TOTAL_TIME] == Count(1, 1)


@pytest.mark.parametrize(("supplements", "points"), [(0, 2), (1, 1), (2, 0), (5, 0)])
def test_each_supplement_costs_the_citizen_a_visit(supplements: int, points: int) -> None:
    asked = [SupplementAsked(UNIT, at(9), is_appraisal=False)] * supplements
    assert counted(RECEIVED, *asked, RESOLVED)[Figure.CONTACTS] == Count(points, 1)


@pytest.mark.parametrize(
    ("others", "points"), [((), 2), (("H10.02",), 1), (("H10.02", "H10.03"), 0)]
)
def test_each_further_agency_the_citizen_must_go_to_costs_a_point(
    others: tuple[str, ...], points: int
) -> None:
    asked = [SupplementAsked(other, at(9), is_appraisal=True) for other in (UNIT, *others)]
    assert counted(RECEIVED, *asked, RESOLVED)[Figure.AGENCIES] == Count(points, 1)


def test_the_index_subtracts_the_time_of_supplements_apart_from_the_law() -> None:
    waited = (
        SupplementAsked(UNIT, at(10), is_appraisal=True),
        Supplemented(at(12), is_appraisal=True),
    )
    anew = replace(SET, generation=2, legal_due=at(17, day=20))
    in_time, too_late = Judged("met", at(19)), Judged("met", at(19, 1))
    assert counted(RECEIVED, SET, *waited, anew, in_time)[Figure.ON_TIME] == Count(1, 1)
    by_index = counted(RECEIVED, SET, *waited, anew, too_late)
    assert by_index[Figure.ON_TIME] == Count(0, 1)
    assert by_index[Figure.TOTAL_TIME] == Count(1, 1)


def test_a_decree_moves_the_due_and_takes_a_breach_back() -> None:
    decree = replace(SET, generation=2, legal_due=at(17, day=16), is_recomputed=True)
    breached = (RECEIVED, SET, Rang("breach", at(17)))
    undone = counted(*breached, replace(decree, is_breach_withdrawn=True), LATE)
    assert counted(*breached, decree)[Figure.ON_TIME] == Count(0, 1)
    assert counted(*breached, replace(decree, is_breach_withdrawn=True))[Figure.ON_TIME].sum == 1
    assert undone[Figure.TOTAL_TIME] == Count(0, 1)


def test_a_pledge_is_kept_or_not_and_open_until_then() -> None:
    assert Figure.SAME_DAY not in counted(RECEIVED, SET, ON_TIME)
    assert Figure.SAME_DAY not in counted(RECEIVED, PLEDGED)
    missed = (RECEIVED, PLEDGED, Rang("pledge_missed", at(17)))
    assert counted(*missed)[Figure.SAME_DAY] == Count(0, 1)
    kept = Judged("met", at(16), is_pledge_kept=True)
    assert counted(*missed, kept)[Figure.SAME_DAY] == Count(1, 1)
    assert counted(*missed, Judged("out_of_sync", at(16)))[Figure.SAME_DAY] == Count(1, 1)
    assert counted(*missed, LATE)[Figure.SAME_DAY] == Count(0, 1)


@pytest.mark.parametrize(("appointment", "put_off"), [(13, 0), (14, 0), (15, 0), (16, 1)])
def test_a_friday_is_put_off_once_its_appointment_lies_past_the_weekend(
    appointment: int, put_off: int
) -> None:
    moved = AppointmentMoved(at(8, day=appointment))
    assert counted(RECEIVED, PLEDGED, moved)[Figure.FRIDAYS] == Count(put_off, 1)


def test_other_days_and_procedures_that_are_not_pledged_are_no_fridays() -> None:
    thursday = replace(RECEIVED, received_at=at(8, day=12))
    assert Figure.FRIDAYS not in counted(thursday, PLEDGED)
    assert Figure.FRIDAYS not in counted(RECEIVED, SET)


@pytest.mark.parametrize(
    ("apologised_at", "in_time"), [(at(16, day=12), 1), (at(7, 30), 0), (None, 0)]
)
def test_an_apology_is_in_time_on_the_day_it_is_demanded(
    apologised_at: datetime | None, in_time: int
) -> None:
    news: list[News] = [RECEIVED, SET, Rang("apology", at(7, day=12))]
    if apologised_at is not None:
        news.append(AppointmentMoved(at(17, day=18), apologised_at))
    assert counted(*news, LATE)[Figure.APOLOGIES] == Count(in_time, 1)


def test_what_was_resolved_in_time_owes_no_apology() -> None:
    demanded = (RECEIVED, SET, Rang("apology", at(7, day=12)))
    assert Figure.APOLOGIES not in counted(*demanded, ON_TIME)


REPORTED = Reported(UNIT, (Khong.ARROGANCE, Khong.CORRUPTION), at(9))


@pytest.mark.parametrize(("verdict", "upheld"), [("upheld", 1), ("not_upheld", 0)])
def test_a_report_is_a_complaint_and_counts_where_it_is_upheld(verdict: str, upheld: int) -> None:
    found = Found(verdict)  # type: ignore[arg-type]
    assert counted(REPORTED, found, facts=ReportFacts()) == {
        Figure.COMPLAINTS: Count(1, 1),
        Figure.ATTITUDE: Count(0, 1),
        Figure.KHONG_1: Count(upheld, 1),
        Figure.KHONG_3: Count(upheld, 1),
    }


def test_rule_35_a_complaint_found_false_leaves_indicator_7() -> None:
    pending = counted(REPORTED, facts=ReportFacts())
    assert pending[Figure.ATTITUDE] == Count(0, 1)
    assert counted(REPORTED, Found("false"), facts=ReportFacts()) == {}
    early = counted(RECEIVED, SET, EARLY)
    assert tt01(total([early, pending]), IN_FORCE).indicators[7] == Decimal("1.00")
    assert tt01(early, IN_FORCE).indicators[7] == Decimal("2.00")


def test_an_answer_in_time_counts_for_a_false_report_too() -> None:
    assert counted(REPORTED, Found("false"), facts=ReportFacts()) == {}
    answer = AnswerFacts(agency="H10.90", received_at=at(9))
    assert place_of(answer, HANOI) == Place("H10.90", FRIDAY)
    assert counted(SET, EARLY, facts=answer) == {Figure.ANSWERS: Count(1, 1)}
    assert counted(SET, LATE, facts=answer) == {Figure.ANSWERS: Count(0, 1)}


def test_news_of_another_kind_of_case_is_refused() -> None:
    with pytest.raises(StrangeNewsError, match="Found is no news of DossierFacts"):
        learn(DossierFacts(), Found("false"))


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


def test_an_earlier_leg_that_was_late_stays_late() -> None:
    clock = ClockFacts()
    facts = DossierFacts(agency=UNIT, received_at=at(8), is_accepted=True, clock=clock)
    counts = counted(SET, LATE, replace(SET, generation=2), ON_TIME, facts=facts)
    assert counts[Figure.TOTAL_TIME] == Count(0, 1)
