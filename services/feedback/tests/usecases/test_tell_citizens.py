"""Batches heard on real PostgreSQL: what is told, said, refused, and what it costs."""

from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from services.feedback.entrypoints.subscribers import EVENTS, TOPICS
from services.feedback.tests import history
from services.feedback.tests.history import CLOSING, CODE, UNIT, Tell, Teller, at
from shared.clock import VirtualClock
from shared.events import deadlines, dossiers
from shared.events.agencies import Pledge
from shared.events.base import Event
from shared.events.feedback import NoticeSent
from shared.hearing import Hearing
from shared.inbox import Apply
from shared.letters import Letter, Opener
from shared.messages import Heard
from shared.postgres import transaction
from shared.telemetry import HearingMetrics

WHOLE_LIFE = (
    history.submitted(),
    history.supplement_requested(),
    history.accepted(),
    history.deadline_set(),
    history.alarm("at_risk"),
    history.alarm("breach"),
    history.returned(),
    history.missed(),
)


async def said(pool: asyncpg.Pool) -> list[NoticeSent]:
    """What stands in the outbox, in the order it was said."""
    rows = await pool.fetch("select body, time, type from outbox order by id")
    assert {row["type"] for row in rows} <= {NoticeSent.TYPE}
    events = [NoticeSent.model_validate_json(row["body"]) for row in rows]
    assert [row["time"] for row in rows] == [event.sent_at for event in events]
    return events


async def told(pool: asyncpg.Pool, code: str = CODE) -> list[str]:
    """The dossier's notices, in the order they were sent."""
    rows = await pool.fetch("select notice from notices where dossier = $1 order by sent_at", code)
    return [row["notice"] for row in rows]


async def test_a_late_dossiers_life_brings_all_four_courtesies(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    assert await tell(history.agency(), *WHOLE_LIFE) == []
    assert await told(pool) == ["greeting", "request", "thanks", "apology"]
    assert [(event.notice, event.sent_at) for event in await said(pool)] == [
        ("request", at(9)),
        ("greeting", at(8, 5)),
        ("apology", CLOSING.replace(second=1)),
        ("thanks", at(16)),
    ]


MOVES: dict[str, tuple[Event, str]] = {
    "DossierSubmitted": (history.submitted(channel="online"), "greeting"),
    "SupplementRequested": (history.supplement_requested(), "request"),
    "DossierSupplemented": (history.supplemented("check"), "supplemented"),
    "DossierAccepted": (history.accepted(), "accepted"),
    "DossierForwarded": (history.forwarded(), "forwarded"),
    "DossierTransferred": (history.transferred("H10.02"), "transferred"),
    "DossierResolved": (history.resolved(), "resolved"),
    "DossierReturned": (history.returned(), "thanks"),
    "DossierRefused": (history.refused(), "refused"),
    "DossierStopped": (history.stopped(), "stopped"),
    "DossierWithdrawn": (history.withdrawn(), "withdrawn"),
}
"""Every move there is, and what its citizen is told."""


def test_no_move_is_without_its_notice() -> None:
    moves = {event.__name__ for event in dossiers.DossierEvent.__subclasses__()}
    assert moves == MOVES.keys()


@pytest.mark.parametrize(("move", "kind"), MOVES.values(), ids=MOVES)
async def test_every_status_change_notifies_the_citizen_with_agency_handler_and_times_early_results_too(
    pool: asyncpg.Pool, tell: Tell, move: Event, kind: str
) -> None:
    """Rule 31 (NĐ 224/2026 art. 15)."""
    before = [history.submitted(channel="online"), history.deadline_set()]
    if kind != "greeting":
        assert await tell(history.agency(), history.agency("H10.02", "UBND xã"), *before) == []
        await pool.execute("delete from notices")
    assert await tell(history.agency(), *history.by_officer(move)) == []
    (notice,) = await pool.fetch("select * from notices")
    assert (notice["notice"], notice["number"], notice["handler"]) == (kind, 1, history.OFFICER)
    name = "UBND xã" if kind == "transferred" else "UBND phường Hưng Long"
    moved_at = (
        next(
            value
            for field, value in move.model_dump().items()
            if field.endswith("_at") and field not in ("received_at", "complete_at")
        )
        if kind != "greeting"
        else at(8)
    )
    assert notice["sent_at"] == moved_at
    for text, clock in ((notice["text_vi"], "%-H giờ %M"), (notice["text_en"], "%H:%M")):
        assert name in text and CODE in text
        assert history.OFFICER in text
        assert at(8).strftime(clock) in text, "received"
        assert moved_at.strftime(clock) in text, "processed or returned"
        if kind in ("accepted", "forwarded", "transferred", "resolved"):
            assert (CLOSING.strftime(clock) in text) == (kind == "accepted")
    events = await said(pool)
    assert (events[-1].notice, events[-1].agency) == (kind, notice["agency"])


async def test_an_early_result_is_announced(pool: asyncpg.Pool, tell: Tell) -> None:
    """Rule 31; NĐ 61/2018 art. 20.4."""
    await tell(history.agency(), history.submitted(), history.accepted(), history.deadline_set())
    await tell(history.resolved())
    (text,) = await pool.fetch("select text_vi, text_en from notices where notice = 'resolved'")
    assert text["text_vi"].startswith("Tin vui: có kết quả sớm hơn ngày hẹn!")
    assert "earlier than promised" in text["text_en"] and "17:00" in text["text_en"]


async def test_two_transfers_are_two_notices_on_the_bus_and_in_the_books(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    await tell(history.agency(), history.agency("H10.02", "UBND xã Nha Bích"))
    await tell(history.submitted(), history.accepted(), history.deadline_set())
    await tell(history.transferred("H10.02"))
    await tell(history.transferred(UNIT, by="H10.02", hour=10))
    found = [(one.notice, one.number, one.agency) for one in await said(pool)]
    assert found == [
        ("greeting", 1, UNIT),
        ("transferred", 1, "H10.02"),
        ("transferred", 2, UNIT),
    ]
    rows = await pool.fetch(
        "select agency from notices where notice = 'transferred' order by number"
    )
    assert [row["agency"] for row in rows] == ["H10.02", UNIT]


async def test_what_waits_for_its_appointment_outlives_a_restart_between_the_topics(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    for event in (history.agency(), history.submitted(), history.accepted(), history.forwarded()):
        assert await tell(event) == []
    assert await told(pool) == []
    await tell(history.deadline_set())
    assert await told(pool) == ["greeting", "forwarded"]
    assert await pool.fetchval("select waiting from dossiers") is None


async def test_a_new_date_is_told_with_the_one_it_takes_the_place_of(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    await tell(history.agency(), history.submitted(), history.deadline_set(), history.reappointed())
    (text,) = await pool.fetch("select text_en from notices where notice = 'reappointed'")
    assert "at 17:00 on Friday 13 November 2026 as promised" in text["text_en"]
    assert "Result promised for: 17:00 on Monday 16 November 2026" in text["text_en"]


def pledging(*procedures: str, **more: Any) -> Event:
    pledge = Pledge(
        version=1,
        valid_from=at(8).date(),
        hours={},
        congratulates=procedures,
        **more,
    )
    return history.agency(pledges=(pledge,))


@pytest.mark.parametrize(
    ("agency", "notices"),
    [
        pytest.param(pledging("2.000815"), ["thanks", "congratulations"], id="pledged"),
        pytest.param(pledging("1.001193"), ["thanks"], id="for another procedure"),
        pytest.param(pledging(), ["thanks"], id="for none"),
        pytest.param(
            pledging("2.000815", valid_to=at(8).date()), ["thanks", "congratulations"],
            id="on the last day",
        ),
    ],
)  # fmt: skip
async def test_congratulations_are_sent_where_the_unit_pledged_them_and_once(
    pool: asyncpg.Pool, tell: Tell, agency: Event, notices: list[str]
) -> None:
    await tell(agency)
    assert await tell(history.submitted(), history.returned()) == []
    found = [(one.notice, one.number) for one in await said(pool)]
    assert found == [(notice, 1) for notice in notices]


async def test_a_pledge_that_ended_before_the_receipt_congratulates_nobody(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    """Rule 13: by the day of receipt, as the agency's calendar has it."""
    before = at(8).date() - timedelta(days=1)
    pledge = Pledge(
        version=1, valid_from=before, valid_to=before, hours={}, congratulates=("2.000815",)
    )
    await tell(history.agency(pledges=(pledge,)), history.submitted(), history.returned())
    assert [one.notice for one in await said(pool)] == ["thanks"]


async def test_the_trace_goes_on_and_sequences_count_per_dossier(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    await tell(history.agency(), *WHOLE_LIFE)
    rows = await pool.fetch("select source, subject, sequence, traceparent from outbox order by id")
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4]
    assert {(row["source"], row["subject"]) for row in rows} == {
        ("thanthien/feedback/feedback", CODE)
    }
    assert all(row["traceparent"].startswith("00-0af76519") for row in rows)


async def test_event_by_event_or_in_one_batch_the_same_is_said(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    for event in (history.agency(), *WHOLE_LIFE):
        assert await tell(event) == []
    one_by_one = await said(pool)
    await pool.execute("delete from outbox")
    other = "H10.01-20261113-0002"
    renamed = [
        event.model_copy(
            update={"code" if isinstance(event, deadlines.DeadlineEvent) else "dossier": other}
        )
        for event in WHOLE_LIFE
    ]
    await tell(*renamed)
    assert await said(pool) == [event.model_copy(update={"dossier": other}) for event in one_by_one]


async def test_the_thanks_carries_an_open_rating_link(pool: asyncpg.Pool, tell: Tell) -> None:
    await tell(history.agency(), history.submitted(), history.returned())
    (row,) = await pool.fetch("select * from invitations")
    assert (row["dossier"], row["agency"], row["used_at"]) == (CODE, UNIT, None)
    assert (row["invited_at"], len(row["token"])) == (at(16), 43)
    assert (row["expires_at"] - history.NOW).days == 30
    body = await pool.fetchval("select body from outbox")
    assert row["token"] not in body.decode()


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([history.met(is_pledge_kept=True)], id="met, the pledge kept"),
        pytest.param([history.met(is_pledge_kept=None)], id="met, nothing pledged"),
        pytest.param([history.alarm("at_risk")], id="at risk only"),
        pytest.param([history.alarm("breach", kind="conduct_report")], id="a report's clock"),
        pytest.param([history.deadline_set(kind="conduct_report")], id="a report's deadline"),
    ],
)
async def test_what_is_the_agencys_worry_only_is_not_told(
    pool: asyncpg.Pool, tell: Tell, events: list[Event]
) -> None:
    assert await tell(history.agency(), history.submitted(), *events) == []
    assert await told(pool) == []


async def test_a_missed_pledge_is_apologised_for_though_no_alarm_rang(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    await tell(history.agency(), history.met(is_pledge_kept=False))
    assert await told(pool) == ["apology"]


async def test_a_notice_waits_for_its_agency_and_holds_its_dossier_only(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    other = "H10.02-20261113-0001"
    refusals = await tell(
        history.agency("H10.02"),
        history.submitted(channel="online"),
        history.transferred("H10.02"),
        history.submitted(other, "H10.02", channel="online"),
    )
    (refusal,) = refusals
    assert isinstance(refusal.heard.event, dossiers.DossierSubmitted)
    assert refusal.waits_for == f"agencies/{UNIT}"
    assert await told(pool) == []
    assert await told(pool, other) == ["greeting"]
    (untouched,) = await pool.fetch("select agency, told from dossiers where dossier = $1", CODE)
    assert tuple(untouched) == (None, [])


async def test_an_agency_later_in_the_batch_is_early_enough(pool: asyncpg.Pool, tell: Tell) -> None:
    assert await tell(history.submitted(channel="online"), history.agency()) == []
    assert await told(pool) == ["greeting"]


async def test_an_agency_with_an_unknown_time_zone_is_refused_with_its_followers(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    refusals = await tell(
        history.agency(time_zone="Asia/Atlantis"), history.agency(), history.agency("H10.02")
    )
    assert [refusal.reason for refusal in refusals] == [
        "time_zone 'Asia/Atlantis' is not in the IANA database"
    ]
    assert refusals[0].waits_for is None
    assert [row["agency"] for row in await pool.fetch("select agency from agencies")] == ["H10.02"]


class Post:
    """Brings events as Kafka would: as letters, to the inbox."""

    def __init__(self, pool: asyncpg.Pool, apply: Apply, clock: VirtualClock) -> None:
        self._opener = Opener(EVENTS)
        self.ear = Hearing(pool, self._opener, apply, clock, HearingMetrics())
        self._offset = 0

    async def bring(self, *heard: Heard) -> None:
        await self.ear.hear([self._letter(one) for one in heard])

    def _letter(self, one: Heard) -> Letter:
        self._offset += 1
        envelope, event = one.envelope, one.event
        # fmt: off
        return self._opener.open(
            event.TOPIC, 0, self._offset, envelope.subject.encode(), envelope.to_headers(),
            event.model_dump_json().encode(),
        )
        # fmt: on


async def test_redelivery_changes_nothing(
    pool: asyncpg.Pool, apply: Apply, clock: VirtualClock
) -> None:
    post, heard = Post(pool, apply, clock), Teller().tell(history.agency(), *WHOLE_LIFE)
    await post.bring(*heard)
    before = await said(pool)
    await post.bring(*heard)
    for one in heard:
        await post.bring(one)
    assert await said(pool) == before
    assert len(before) == 4


async def test_what_waits_for_an_agency_is_told_once_it_registers(
    pool: asyncpg.Pool, apply: Apply, clock: VirtualClock
) -> None:
    post, teller = Post(pool, apply, clock), Teller()
    await post.bring(*teller.tell(*WHOLE_LIFE))
    assert await said(pool) == []
    assert await pool.fetchval("select count(*) from set_aside") > 0
    await post.bring(*teller.tell(history.agency()))
    assert await pool.fetchval("select count(*) from set_aside") == 0
    assert sorted(event.notice for event in await said(pool)) == [
        "apology",
        "greeting",
        "request",
        "thanks",
    ]


def test_what_is_heard_belongs_to_the_topics_heard() -> None:
    assert {event.TOPIC for event in EVENTS} == set(TOPICS)


async def statements_for(pool: asyncpg.Pool, apply: Apply, dossier_count: int, day: int) -> int:
    """How many statements it costs to tell so many dossiers in one batch."""
    events: list[Event] = [history.agency()]
    for number in range(dossier_count):
        code = f"H10.01-202611{day:02}-{number:04}"
        events += [history.submitted(code, channel="online"), history.returned(code)]
    queries: list[str] = []
    heard = Teller().tell(*events)
    async with transaction(pool) as connection:
        with connection.query_logger(lambda record: queries.append(record.query)):
            assert await apply(connection, heard) == []
    return len(queries)


async def test_a_batch_costs_the_same_number_of_statements_whatever_its_size(
    pool: asyncpg.Pool, apply: Apply
) -> None:
    await statements_for(pool, apply, 1, day=11)  # asyncpg looks the types up once
    few = await statements_for(pool, apply, 2, day=12)
    many = await statements_for(pool, apply, 500, day=13)
    assert few == many <= 12
    assert await pool.fetchval("select count(*) from notices") == 2 * 503


async def test_bodies_on_the_bus_hold_codes_and_instants_only(
    pool: asyncpg.Pool, tell: Tell
) -> None:
    await tell(history.agency(), *WHOLE_LIFE)
    for row in await pool.fetch("select body from outbox"):
        assert set(orjson.loads(row["body"])) == {
            "dossier",
            "agency",
            "notice",
            "sent_at",
            "number",
        }
