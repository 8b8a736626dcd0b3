"""Scores kept with what is heard, on real PostgreSQL: any order, any batches, or all over again, the same."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.feedback.adapters.books import begin_on, books_on
from services.feedback.adapters.score_rules import read_score_rules
from services.feedback.adapters.seals import Seals
from services.feedback.domain.ratings import Stars
from services.feedback.domain.reports import Kind
from services.feedback.domain.scores.cases import NO_FACTS, Facts, learn
from services.feedback.domain.scores.counting import Case, Place, recount
from services.feedback.domain.scores.figures import Count, Counts, Figure, total
from services.feedback.domain.scores.news import CaseName
from services.feedback.domain.scores.periods import Period, span_of
from services.feedback.tests import history
from services.feedback.tests.history import CLOSING, CODE, HANOI, UNIT, Tell, at
from services.feedback.usecases.give_rating import give_rating
from services.feedback.usecases.keep_scores import keep_scores, rebuild_scores
from services.feedback.usecases.news_heard import news_of
from services.feedback.usecases.take_report import Told, take_report
from shared.events import deadlines, dossiers, feedback
from shared.events.base import Event
from shared.inbox import HeardElsewhereError
from shared.postgres import transaction

DAY = date(2026, 11, 13)
MONTH = span_of(Period.MONTH, DAY)
OTHER = "H10.02"
REPORT = "PA-H10-01-20261113-0001"


def leg(event: type[deadlines.DeadlineEvent], code: str, **more: Any) -> Event:
    return event(code=code, kind="transfer_leg", agency=OTHER, generation=1, **more)


def reappointed(code: str) -> Event:
    return deadlines.Reappointed(
        code=code,
        kind="dossier",
        agency=UNIT,
        generation=1,
        original_appointment_at=CLOSING,
        appointment_at=CLOSING + timedelta(days=5),
        legal_due=CLOSING,
        reappointed_at=at(9),
    )


def withdrawn(code: str) -> Event:
    return deadlines.BreachWithdrawn(
        code=code,
        kind="dossier",
        agency=UNIT,
        generation=1,
        resolved_at=at(16),
        legal_due=CLOSING,
        heard_at=CLOSING + timedelta(days=1),
    )


def rated(code: str, stars: int) -> Event:
    return feedback.RatingGiven(
        dossier=code, agency=UNIT, smile=stars, gentle=3, listen=4, help=5, rated_at=at(18)
    )


def reported(code: str = REPORT) -> Event:
    return feedback.ConductReported(report=code, agency=UNIT, against=(1, 4), reported_at=at(10))


def found(verdict: Any, code: str = REPORT) -> Event:
    return feedback.ReportMoved(
        report=code, agency=OTHER, step="resolved", moved_at=at(15), verdict=verdict
    )


def answered(code: str = REPORT, by: str = OTHER) -> Event:
    return deadlines.DeadlineMet(
        code=code,
        kind="conduct_report",
        agency=by,
        generation=1,
        resolved_at=at(15),
        is_pledge_kept=None,
        is_early=True,
    )


ASKED = {"agency": UNIT, "status": 5, "stage": "appraisal"}


def life(code: str, end: Sequence[Event]) -> dict[str, list[Event]]:
    """One dossier's events by topic, each topic in its order."""
    channel: dossiers.Channel = "online" if code.endswith("1") else "counter"
    asked = dossiers.SupplementRequested(dossier=code, requested_at=at(9), **ASKED)
    came = dossiers.DossierSupplemented(dossier=code, supplemented_at=at(10), **ASKED)
    return {
        "dossiers": [
            history.submitted(code, channel=channel),
            history.accepted(code, channel=channel),
            asked,
            came,
            history.transferred(OTHER, code),
            history.resolved(code, OTHER),
            history.returned(code, OTHER),
        ],
        "deadlines": [
            history.deadline_set(code).model_copy(update={"pledge_due": CLOSING}),
            history.alarm("at_risk", code),
            history.deadline_set(code, kind="transfer_leg", by=OTHER),
            *end,
            leg(
                deadlines.DeadlineMet, code, resolved_at=at(16), is_pledge_kept=None, is_early=False
            ),
        ],
        "feedback": [rated(code, int(code[-1]) % 5 + 1)],
    }


def made_up() -> dict[str, dict[str, list[Event]]]:
    """A made-up history, by subject and topic."""
    ends = [
        [history.met(True)],
        [history.alarm("breach"), history.missed()],
        [history.alarm("breach"), withdrawn(CODE)],
        [history.alarm("apology"), reappointed(CODE), history.missed()],
        [history.alarm("breach")],
    ]
    lives = {}
    for number in range(10):
        code = f"H10.01-20261113-{number:04}"
        end = [event.model_copy(update={"code": code}) for event in ends[number % len(ends)]]
        lives[code] = life(code, end)
    reports = {
        f"PA-{number}": {
            "feedback": [reported(f"PA-{number}"), found(verdict, f"PA-{number}")],
            "deadlines": [
                history.deadline_set(f"PA-{number}", OTHER, kind="conduct_report"),
                answered(f"PA-{number}"),
            ],
        }
        for number, verdict in enumerate(("upheld", "not_upheld", "false", None))
    }
    return lives | reports


def shuffled(by_subject: dict[str, dict[str, list[Event]]], chance: random.Random) -> list[Event]:
    """One order that the wire allows: each subject's events of one topic stay in theirs."""
    queues = [list(events) for topics in by_subject.values() for events in topics.values()]
    turns = [number for number, queue in enumerate(queues) for _ in queue]
    chance.shuffle(turns)
    return [queues[number].pop(0) for number in turns]


def in_order(by_subject: dict[str, dict[str, list[Event]]]) -> list[Event]:
    return [
        event for topics in by_subject.values() for events in topics.values() for event in events
    ]


class Shelf:
    """Cases and sums in memory, kept as the use case keeps them."""

    def __init__(self) -> None:
        self.cases: dict[CaseName, Case] = {}
        self.sums: dict[Place, Counts] = {}

    def hear(self, events: Sequence[Event]) -> None:
        learnt: dict[CaseName, Facts] = {}
        for event in events:
            if (news := news_of(event)) is not None:
                name = news[0]
                case = self.cases.setdefault(name, Case(name, NO_FACTS[name.kind]))
                learnt[name] = learn(learnt.get(name, case.facts), news[1])
        for name, facts in learnt.items():
            zone = None if facts.agency is None else HANOI
            after = recount(self.cases[name], facts, zone, read_score_rules())
            self.cases[name] = after.case
            for place, change in after.changes:
                self.sums[place] = total([self.sums.get(place, {}), change])

    def figures(self) -> dict[Place, Counts]:
        return {place: counts for place, counts in self.sums.items() if counts}


@given(chance=st.randoms(use_true_random=False), size=st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_any_order_the_wire_allows_and_any_batches_count_the_same(
    chance: random.Random, size: int
) -> None:
    whole, mixed = Shelf(), Shelf()
    whole.hear(in_order(made_up()))
    events = shuffled(made_up(), chance)
    for begin in range(0, len(events), size):
        mixed.hear(events[begin : begin + size])
    assert mixed.figures() == whole.figures()
    counted: dict[Place, list[Counts]] = {}
    for case in mixed.cases.values():
        if case.place is not None:
            counted.setdefault(case.place, []).append(case.counts)
    assert {place: total(every) for place, every in counted.items() if total(every)} == (
        mixed.figures()
    )


async def rows(pool: asyncpg.Pool) -> list[tuple[Any, ...]]:
    """Every sum, its slots added up."""
    found = await pool.fetch(
        """select agency, counted_on, officer, place, sum(added) as added, sum(counted) as counted
           from score_sums, unnest(sums, counts) with ordinality as u (added, counted, place)
           group by 1, 2, 3, 4 having sum(added) <> 0 or sum(counted) <> 0 order by 1, 2, 3, 4"""
    )
    return [tuple(row) for row in found]


async def sums(pool: asyncpg.Pool, agency: str | None = UNIT, officer: str | None = None) -> Counts:
    async with begin_on(pool)() as books:
        return await books.scores.sums(MONTH, agency, officer)


async def batches(events: Sequence[Event], size: int) -> AsyncIterator[Sequence[Event]]:
    for begin in range(0, len(events), size):
        yield events[begin : begin + size]


async def test_a_rebuild_from_the_topics_gives_the_same_to_the_last_digit(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    begin = begin_on(pool)
    await tell(history.agency(), history.agency(OTHER, "UBND xã Nha Bích"))
    for _, part in groupby(shuffled(made_up(), random.Random(7)), key=lambda event: event.TOPIC):
        events = list(part)
        if events[0].TOPIC == feedback.TOPIC:  # said by feedback itself
            async with begin() as books:
                await keep_scores(events, books)
        else:
            assert await tell(*events) == []
    kept = await rows(pool)
    assert len(kept) >= 19
    for seed in (1, 2):
        again = shuffled(made_up(), random.Random(seed))
        assert await rebuild_scores(batches(again, 17), begin) == len(again)
        assert await rows(pool) == kept
    shelf = Shelf()
    shelf.hear(in_order(made_up()))
    assert await sums(pool) == shelf.sums[Place(UNIT, DAY)]
    assert await sums(pool, OTHER) == {
        Figure.LEG_TIME: Count(10, 10),
        Figure.ANSWERS: Count(4, 4),
    }
    assert await sums(pool, None) == total(shelf.sums.values())


async def test_what_is_heard_twice_in_one_batch_or_changes_nothing_adds_nothing(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    await tell(history.agency(), history.submitted(), history.accepted(), history.deadline_set())
    before = await rows(pool)
    await tell(history.alarm("at_risk"), history.returned(), history.deadline_set())
    assert await rows(pool) == before


async def test_a_rating_and_a_report_count_in_the_transaction_that_takes_them(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    await tell(history.agency(), history.submitted(), history.accepted(), history.returned())
    token = await pool.fetchval("select token from invitations")
    async with begin_on(pool)() as books:
        await give_rating(token, Stars(5, 4, 3, 2), books, history.NOW)
        told = Told(Kind.FEEDBACK, UNIT, [2], None, "")
        await take_report(told, books, Seals({}), (), lambda: "secret", history.NOW)
    counts = await sums(pool)
    assert counts[Figure.SMILE] == Count(5, 1) and counts[Figure.HELP] == Count(2, 1)
    assert counts[Figure.KHONG_2] == Count(0, 1)
    assert counts[Figure.COMPLAINTS] == Count(1, 1)


async def test_rule_35_a_complaint_found_false_leaves_indicator_7_and_scores_are_recomputed(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    await tell(history.agency())
    async with begin_on(pool)() as books:
        await keep_scores([reported()], books)
    assert (await sums(pool))[Figure.ATTITUDE] == Count(0, 1)
    async with begin_on(pool)() as books:
        await keep_scores([found("false")], books)
    assert await sums(pool) == {}


async def test_an_answer_counts_at_the_agency_that_handles_the_report_not_at_the_one_reported(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    await tell(history.agency(), history.agency(OTHER))
    async with begin_on(pool)() as books:
        await keep_scores([reported()], books)
    begun = history.deadline_set(REPORT, OTHER, appointment_at=None, kind="conduct_report")
    assert await tell(begun, answered()) == []
    assert await sums(pool, OTHER) == {Figure.ANSWERS: Count(1, 1)}
    assert Figure.ANSWERS not in await sums(pool, UNIT)


async def test_rule_32_a_denunciation_never_enters_a_score(pool: asyncpg.Pool, tell: Tell) -> None:
    received = feedback.DenunciationReceived(report="TC-1", agency=UNIT, received_at=at(9))
    breach = history.alarm("breach", "TC-1", kind="denunciation")
    await tell(history.agency(), breach)
    async with begin_on(pool)() as books:
        await keep_scores([received], books)
    assert await rows(pool) == []
    assert await pool.fetchval("select count(*) from score_cases") == 0


async def test_a_dossier_waits_for_its_agency_as_its_day_is_the_agencys_own(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    (refusal,) = await tell(history.submitted())
    assert refusal.waits_for == f"agencies/{UNIT}"
    (refusal,) = await tell(history.deadline_set(kind="transfer_leg"))
    assert refusal.waits_for == f"agencies/{UNIT}"
    assert await rows(pool) == []


@pytest.mark.parametrize("behind", [10, 400])
async def test_a_rating_costs_the_same_however_many_dossiers_lie_behind_it(
    pool: asyncpg.Pool, tell: Tell, behind: int
) -> None:
    codes = [f"H10.01-20261113-{number:04}" for number in range(behind)]
    await tell(history.agency(), *(history.accepted(code) for code in codes))
    await tell(history.returned(codes[0]))
    token = await pool.fetchval("select token from invitations")
    before = await pool.fetchval("select count(*) from score_sums")
    queries: list[str] = []
    async with transaction(pool) as connection:
        with connection.query_logger(lambda record: queries.append(record.query)):
            await give_rating(token, Stars(5, 5, 5, 5), books_on(connection), history.NOW)
    assert len([query for query in queries if "score_" in query]) == 3
    after = await pool.fetchval("select count(*) from score_sums")
    assert after - before <= 1  # the connection's own slot


async def test_a_case_that_two_transactions_begin_at_once_is_begun_by_one_and_the_other_hears_again(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    await tell(history.agency())
    asked, rang = history.accepted(), history.alarm("breach")
    async with begin_on(pool)() as first:
        await keep_scores([asked], first)
        second = asyncio.create_task(_keep(pool, rang))
        await _until_it_waits(pool)
    with pytest.raises(HeardElsewhereError, match="1 new cases are told of elsewhere"):
        await second
    await _keep(pool, rang)
    assert (await sums(pool))[Figure.ON_TIME] == Count(0, 1)


async def _keep(pool: asyncpg.Pool, event: Event) -> None:
    async with begin_on(pool)() as books:
        await keep_scores([event], books)


async def _until_it_waits(pool: asyncpg.Pool) -> None:
    async with asyncio.timeout(10):
        while not await pool.fetchval(
            "select exists (select from pg_stat_activity"
            " where wait_event_type = 'Lock' and datname = current_database())"
        ):
            await asyncio.sleep(0.01)


async def test_an_officers_figures_stand_apart_and_add_up_to_the_units(pool: asyncpg.Pool) -> None:
    async with begin_on(pool)() as books:
        place = {
            Place(UNIT, DAY, "o-17"): {Figure.SMILE: Count(5, 1)},
            Place(UNIT, DAY): {Figure.SMILE: Count(3, 1)},
        }
        await books.scores.store([], place)
        await books.scores.store([], place)
    assert await sums(pool, UNIT, "o-17") == {Figure.SMILE: Count(10, 2)}
    assert await sums(pool, UNIT) == {Figure.SMILE: Count(16, 4)}
