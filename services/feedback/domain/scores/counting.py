"""What a case counts, where, and on which day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from services.feedback.domain.courtesy import Luon
from services.feedback.domain.scores.cases import (
    AnswerFacts,
    ClockFacts,
    DossierFacts,
    Facts,
    LegFacts,
    RatingFacts,
    ReportFacts,
)
from services.feedback.domain.scores.figures import (
    AGAINST,
    INDICATORS,
    SIXTIETHS,
    STARS,
    Count,
    Counts,
    Figure,
    difference,
)
from services.feedback.domain.scores.news import CaseName
from services.feedback.domain.scores.rules import ScoreRules, ScoreRulesOn

FRIDAY = 5
ONE = Count(1, 1)
NONE_OF_ONE = Count(0, 1)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Whose figures, of which day: the unit's own local day of receipt, rating or report."""

    agency: str
    on: date
    officer: str = ""
    """Empty where no officer is named."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a case, and what it counts so far."""

    name: CaseName
    facts: Facts
    place: Place | None = None
    counts: Counts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Learnt:
    """A case after its news, and what that adds to its place, or to two."""

    case: Case
    changes: Sequence[tuple[Place, Counts]]


def recount(case: Case, facts: Facts, zone: tzinfo | None, rules: ScoreRules) -> Learnt:
    """Take off what the case counted, and add what it counts by these facts."""
    place = None if zone is None else place_of(facts, zone)
    counts: Counts = {}
    if place is not None and zone is not None:
        counts = counts_of(facts, place.on, zone, rules)
    changes: list[tuple[Place, Counts]]
    if case.place is not None and case.place != place:
        changes = [(case.place, difference({}, case.counts))]
        if place is not None:
            changes.append((place, counts))
    elif place is not None:
        changes = [(place, difference(counts, case.counts))]
    else:
        changes = []
    after = Case(case.name, facts, place, counts)
    return Learnt(after, [(where, change) for where, change in changes if change])


def place_of(facts: Facts, zone: tzinfo) -> Place | None:
    """Where a case counts; None while what says so has not been heard."""
    match facts:
        case DossierFacts(agency=agency, received_at=at, officer=officer):
            pass
        case RatingFacts(agency=agency, rated_at=at, officer=officer):
            pass
        case LegFacts(agency=agency, received_at=at) | AnswerFacts(agency=agency, received_at=at):
            officer = None
        case ReportFacts(agency=agency, reported_at=at):
            officer = None
    if agency is None or at is None:
        return None
    return Place(agency, at.astimezone(zone).date(), officer or "")


def counts_of(facts: Facts, on: date, zone: tzinfo, rules: ScoreRules) -> Counts:
    """What a case counts, by the rules of its day. Nothing here hangs on what time it is now."""
    in_force = rules.on(on)
    match facts:
        case DossierFacts():
            return _dossier(facts, on, zone, in_force)
        case LegFacts():
            return {Figure.LEG_TIME: _time(facts.clock, in_force)} if facts.clock.is_judged else {}
        case RatingFacts(stars=stars):
            return (
                {}
                if stars is None
                else {STARS[luon]: Count(getattr(stars, luon), 1) for luon in Luon}
            )
        case ReportFacts():
            return _report(facts, in_force)
        case AnswerFacts():
            return _answer(facts)


def _dossier(facts: DossierFacts, on: date, zone: tzinfo, rules: ScoreRulesOn) -> Counts:
    """A refused dossier counts nothing: it was not accepted, and no time ran."""
    if not facts.is_accepted:
        return {}
    counts = {
        Figure.ON_TIME: _yes(_is_on_time(facts)),
        Figure.ONLINE: _yes(facts.channel == "online"),
        **_indicators(facts, rules),
    }
    clock = facts.clock
    if clock.pledge_due is not None:
        kept = _is_pledge_kept(clock)
        if kept is not None:
            counts[Figure.SAME_DAY] = _yes(kept)
        if on.isoweekday() == FRIDAY and clock.appointment_at is not None:
            counts[Figure.FRIDAYS] = _yes(_is_put_off(clock.appointment_at, on, zone))
    if clock.is_overdue or clock.apologised_at is not None:
        counts[Figure.APOLOGIES] = _yes(_is_apologised_in_time(clock, zone))
    return counts


def _is_on_time(facts: DossierFacts) -> bool:
    """QĐ 766: done or in progress within its date, the time of supplements subtracted.

    Apart from the limit of NĐ 61, which counts from zero after a supplement: here the first due
    moves by as long as the citizen was waited for. What is still open is late once a breach was
    called.
    """
    clock = facts.clock
    if clock.resolved_at is None or clock.first_due is None:
        return not clock.is_overdue
    return clock.resolved_at <= clock.first_due + facts.waited


def _indicators(facts: DossierFacts, rules: ScoreRulesOn) -> dict[Figure, Count]:
    """TT 01/2018 art. 13, indicators 1, 3, 4 and 7 of one dossier, and their mean for its officer.

    Indicator 2 stands with the agency of each leg. What is not known yet is left out.
    """
    clock, points = facts.clock, dict[Figure, Count]()
    if clock.is_judged:
        points[Figure.TOTAL_TIME] = _time(clock, rules)
        is_early = clock.is_early and not clock.is_overdue
        points[Figure.ATTITUDE] = Count(
            rules.attitude.early if is_early else rules.attitude.other, 1
        )
    if facts.is_resolved:
        points[Figure.CONTACTS] = Count(_graded(rules.contacts, facts.supplements), 1)
        points[Figure.AGENCIES] = Count(_graded(rules.agencies, len(facts.asked_by)), 1)
    marks = [
        points[figure].sum
        for number in rules.officer_indicators
        if (figure := INDICATORS[number]) in points
    ]
    if marks:
        mean = sum(marks) * SIXTIETHS // len(marks)
        points[Figure.HANDLING] = Count(mean * len(rules.officer_indicators), 1)
    return points


def _report(facts: ReportFacts, rules: ScoreRulesOn) -> Counts:
    """A report found false leaves every figure (rule 35); its answer is another case, and stays."""
    counts = {}
    if facts.reported_at is not None and facts.verdict != "false":
        counts[Figure.COMPLAINTS] = ONE
        counts[Figure.ATTITUDE] = Count(rules.attitude.complaint, 1)
        for khong in facts.against:
            counts[AGAINST[khong]] = _yes(facts.verdict == "upheld")
    return counts


def _answer(facts: AnswerFacts) -> Counts:
    """TT 01/2018 art. 13, indicator 8, at the agency that had to answer."""
    clock = facts.clock
    return {Figure.ANSWERS: _yes(not clock.is_overdue)} if clock.is_judged else {}


def _time(clock: ClockFacts, rules: ScoreRulesOn) -> Count:
    if clock.is_overdue:
        return Count(rules.time.late, 1)
    return Count(rules.time.early if clock.is_early else rules.time.on_time, 1)


def _is_pledge_kept(clock: ClockFacts) -> bool | None:
    if clock.outcome is not None:
        return clock.is_pledge_kept is True
    return False if clock.is_pledge_missed or clock.is_breached else None


def _is_put_off(appointment_at: datetime, friday: date, zone: tzinfo) -> bool:
    sunday = friday + timedelta(days=2)
    return appointment_at.astimezone(zone).date() > sunday


def _is_apologised_in_time(clock: ClockFacts, zone: tzinfo) -> bool:
    """Mẫu 04 by the end of the day it was demanded for; where none was demanded, before the law's due."""
    at = clock.apologised_at
    if at is None:
        return False
    if clock.apology_due_at is not None:
        return at.astimezone(zone).date() <= clock.apology_due_at.astimezone(zone).date()
    return clock.legal_due is None or at <= clock.legal_due


def _graded(points: tuple[int, ...], times: int) -> int:
    """Points for none, one, two… more than needed; 0 for still more."""
    return points[times] if times < len(points) else 0


def _yes(is_so: bool) -> Count:
    return ONE if is_so else NONE_OF_ONE
