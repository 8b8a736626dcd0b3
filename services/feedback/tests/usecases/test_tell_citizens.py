"""Batches heard on real PostgreSQL: what is told, said, refused, and what it costs."""

import asyncpg
import orjson
import pytest

from services.feedback.entrypoints.subscribers import EVENTS, TOPICS
from services.feedback.tests import history
from services.feedback.tests.history import CLOSING, CODE, UNIT, Tell, Teller, at
from shared.clock import VirtualClock
from shared.events import deadlines, dossiers
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
    """The dossier's courtesies, in the order they were sent."""
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
        assert set(orjson.loads(row["body"])) == {"dossier", "agency", "notice", "sent_at"}
