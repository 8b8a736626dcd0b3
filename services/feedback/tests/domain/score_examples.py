"""A Friday's news of one dossier, and what it counts."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.feedback.adapters.score_rules import read_score_rules
from services.feedback.domain.scores.cases import (
    DossierFacts,
    Facts,
    learn,
)
from services.feedback.domain.scores.counting import counts_of, place_of
from services.feedback.domain.scores.figures import (
    Counts,
)
from services.feedback.domain.scores.news import (
    ClockSet,
    Judged,
    News,
    Received,
    Resolved,
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
