"""What a case counts: a dossier, a report, an answer."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.feedback.domain.courtesy import Khong
from services.feedback.domain.scores.cases import (
    AnswerFacts,
    ClockFacts,
    DossierFacts,
    ReportFacts,
    StrangeNewsError,
    learn,
)
from services.feedback.domain.scores.counting import Place, place_of
from services.feedback.domain.scores.figures import (
    Count,
    Figure,
    total,
)
from services.feedback.domain.scores.news import (
    AppointmentMoved,
    Found,
    Judged,
    News,
    Rang,
    Reported,
    SupplementAsked,
    Supplemented,
)
from services.feedback.domain.scores.sheets import (
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
    SET,
    UNIT,
    at,
    counted,
)


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


def test_an_earlier_leg_that_was_late_stays_late() -> None:
    clock = ClockFacts()
    facts = DossierFacts(agency=UNIT, received_at=at(8), is_accepted=True, clock=clock)
    counts = counted(SET, LATE, replace(SET, generation=2), ON_TIME, facts=facts)
    assert counts[Figure.TOTAL_TIME] == Count(0, 1)
