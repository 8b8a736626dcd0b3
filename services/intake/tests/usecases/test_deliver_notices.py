"""From a notice heard to a letter carried, on a real database; feedback and the channel are real servers and files."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlparse

import asyncpg
import httpx
import pytest

from deploy.local.loopback import HOST
from deploy.local.postgres import Database
from services.intake.adapters.channels.file_outbox import FileOutbox
from services.intake.adapters.channels.smtp import Mail, MailServer
from services.intake.adapters.deliveries import CLAIM, PostgresDeliveries, PostgresQueue
from services.intake.adapters.promises import PostgresPromises
from services.intake.adapters.words import FeedbackWords
from services.intake.domain.deliveries import FIRST_WAIT, TRIES, Settlement
from services.intake.entrypoints.deliverer import CHANNEL, Deliverer
from services.intake.entrypoints.subscribers import keeping
from services.intake.tests.entrypoints.test_appointments import heard
from services.intake.tests.town import FRIDAY, UNIT, Town
from services.intake.usecases.deliver_notices import LEASE, Carrier, deliver_notices
from services.intake.usecases.delivery_ports import Letter
from shared.clock import VirtualClock
from shared.events.feedback import Notice, NoticeSent
from shared.postgres import transaction
from shared.process import listen_for_ever


class Feedback(BaseHTTPRequestHandler):
    """Answers as feedback's `GET /notices` does."""

    status = 200
    tokens: list[str]

    def do_GET(self) -> None:
        self.tokens.append(self.headers["authorization"])
        (dossier,) = parse_qs(urlparse(self.path).query)["dossier"]
        notices = [
            {
                "notice": notice,
                "number": number,
                "handler": "cb-17" if notice == "transferred" else None,
                "text": {"vi": f"{notice}: xin chào {number}", "en": f"{notice}: hello {number}"},
                "rating_link": "https://feedback.example/rate/x" if notice == "thanks" else None,
            }
            for notice, number in (
                ("greeting", 1),
                ("thanks", 1),
                ("transferred", 1),
                ("transferred", 2),
                ("congratulations", 1),
            )
        ]
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(json.dumps({"dossier": dossier, "notices": notices}).encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def feedback() -> Iterator[tuple[str, type[Feedback]]]:
    handler = type("Answering", (Feedback,), {"tokens": []})
    server = ThreadingHTTPServer((HOST, 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://{HOST}:{server.server_port}/notices", handler
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def carrier(
    pool: asyncpg.Pool,
    clock: VirtualClock,
    feedback: tuple[str, type[Feedback]],
    tmp_path: Path,
) -> AsyncIterator[Carrier]:
    token = tmp_path / "token"
    token.write_text("first\n")
    async with httpx.AsyncClient(trust_env=False) as client:
        yield Carrier(
            PostgresDeliveries(lambda: pool),
            FeedbackWords(client, feedback[0], token),
            FileOutbox(tmp_path / "outbox"),
            clock.now,
            lambda: 0.0,
        )


async def hear(
    pool: asyncpg.Pool, clock: VirtualClock, code: str, *notices: Notice, number: int = 1
) -> None:
    apply = keeping(PostgresPromises, partial(PostgresQueue, now=clock.now))
    events = [
        NoticeSent(dossier=code, agency=UNIT, notice=notice, sent_at=FRIDAY, number=number)
        for notice in notices
    ]
    async with transaction(pool) as connection:
        assert not await apply(connection, [heard(event) for event in events])


def carried(tmp_path: Path) -> list[str]:
    files = (tmp_path / "outbox").glob("*.json")
    return sorted(json.loads(file.read_text())["text"] for file in files)


async def state_of(pool: asyncpg.Pool) -> tuple[str, int, str | None, datetime]:
    row = await pool.fetchrow("select state, attempts, reason, next_attempt_at from deliveries")
    assert row is not None
    return tuple(row.values())


async def test_a_notice_heard_is_carried_once_in_the_dossiers_language_with_its_link(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock, carrier: Carrier, tmp_path: Path
) -> None:
    code = await town.code(language="en", headers=town.system)
    await hear(pool, clock, code, "greeting", "thanks")
    await hear(pool, clock, code, "greeting")
    assert await deliver_notices(carrier) == [Settlement("delivered")] * 2
    assert carried(tmp_path) == [
        "greeting: hello 1",
        "thanks: hello 1\nhttps://feedback.example/rate/x",
    ]
    await hear(pool, clock, code, "greeting")
    assert await deliver_notices(carrier) == []


async def test_two_transfers_are_two_letters_each_with_its_own_words(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock, carrier: Carrier, tmp_path: Path
) -> None:
    code = await town.code(headers=town.system)
    await hear(pool, clock, code, "transferred")
    await hear(pool, clock, code, "transferred", number=2)
    assert await deliver_notices(carrier) == [Settlement("delivered")] * 2
    assert carried(tmp_path) == ["transferred: xin chào 1", "transferred: xin chào 2"]


async def test_one_of_two_alike_is_claimed_and_settled_alone(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock, carrier: Carrier
) -> None:
    code = await town.code()
    await hear(pool, clock, code, "transferred")
    await hear(pool, clock, code, "transferred", number=2)
    (first,) = await carrier.deliveries.claim(FRIDAY, FRIDAY + LEASE, 1)
    assert await carrier.deliveries.settle(first, Settlement("delivered"), clock.now())
    (second,) = await carrier.deliveries.claim(FRIDAY, FRIDAY + LEASE, 9)
    assert {first.number, second.number} == {1, 2}


async def test_who_handles_is_added_where_the_words_do_not_say_it(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock, carrier: Carrier, tmp_path: Path
) -> None:
    """Rule 31: a clock's notice knows no officer; intake does, and whom its agency named to be asked."""
    code = await town.code(is_complete=False)
    asked = {"reason": "Thiếu giấy", "contact": {"name": "Cán bộ Mẫu", "phone": "0271000000"}}
    assert (await town.move(code, "supplement-requests", asked)).is_success
    officer = await pool.fetchval("select actor from moves where dossier = $1 limit 1", code)
    await hear(pool, clock, code, "greeting", "transferred", "congratulations")
    assert await deliver_notices(carrier) == [Settlement("delivered")] * 3
    named = "Liên hệ: Cán bộ Mẫu, điện thoại 0271000000."
    assert carried(tmp_path) == [
        "congratulations: xin chào 1",
        f"greeting: xin chào 1\nNgười xử lý: cán bộ mã {officer}.\n{named}",
        f"transferred: xin chào 1\n{named}",
    ]


async def test_without_a_channel_nothing_is_queued(town: Town, pool: asyncpg.Pool) -> None:
    notice = NoticeSent(dossier=await town.code(), agency=UNIT, notice="greeting", sent_at=FRIDAY)
    async with transaction(pool) as connection:
        await keeping(PostgresPromises)(connection, [heard(notice)])
    assert await pool.fetchval("select count(*) from notices") == 1
    assert await pool.fetchval("select count(*) from deliveries") == 0


async def test_what_was_heard_and_what_is_queued_are_kept_together_or_not_at_all(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock
) -> None:
    code = await town.code()
    apply = keeping(PostgresPromises, partial(PostgresQueue, now=clock.now))
    notice = NoticeSent(dossier=code, agency=UNIT, notice="greeting", sent_at=FRIDAY)
    with pytest.raises(ZeroDivisionError):
        async with transaction(pool) as connection:
            await apply(connection, [heard(notice)])
            raise ZeroDivisionError
    assert await pool.fetchval("select count(*) from deliveries") == 0


async def test_many_deliverers_carry_each_notice_once(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock, carrier: Carrier, tmp_path: Path
) -> None:
    for _ in range(10):
        await hear(pool, clock, await town.code(), "greeting", "thanks")
    sent: list[str] = []

    class Counting(FileOutbox):
        async def send(self, letter: Letter) -> None:
            sent.append(letter.id)
            await super().send(letter)

    counting = replace(carrier, channel=Counting(tmp_path / "outbox"))
    settled = await asyncio.gather(*(deliver_notices(counting) for _ in range(6)))
    assert sum(map(len, settled)) == 20
    assert len(sent) == len(set(sent)) == 20


async def test_a_claim_under_way_is_stepped_over_not_waited_for(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock, carrier: Carrier
) -> None:
    await hear(pool, clock, await town.code(), "greeting")
    async with transaction(pool) as connection:
        assert len(await connection.fetch(CLAIM, FRIDAY, FRIDAY + LEASE, 9)) == 1
        async with asyncio.timeout(5):
            assert await deliver_notices(carrier) == []


async def test_a_fault_is_tried_again_with_the_token_of_then_and_given_up_in_the_end(
    town: Town,
    pool: asyncpg.Pool,
    clock: VirtualClock,
    carrier: Carrier,
    feedback: tuple[str, type[Feedback]],
    tmp_path: Path,
) -> None:
    await hear(pool, clock, await town.code(), "greeting")
    feedback[1].status = 503
    await deliver_notices(carrier)
    assert await state_of(pool) == ("pending", 1, "Words 503", FRIDAY + FIRST_WAIT)
    assert await deliver_notices(carrier) == [], "it is not due yet"
    (tmp_path / "token").write_text("second")
    for _ in range(TRIES - 1):
        earliest = await carrier.deliveries.earliest()
        assert earliest is not None
        await clock.set(earliest)
        assert await deliver_notices(carrier)
    assert (await state_of(pool))[:3] == ("failed", TRIES, "Words 503")
    assert await carrier.deliveries.earliest() is None
    assert feedback[1].tokens == ["Bearer first"] + ["Bearer second"] * (TRIES - 1)

    feedback[1].status = 200
    assert await carrier.deliveries.retry(None, clock.now()) == 1
    assert await deliver_notices(carrier) == [Settlement("delivered")]
    assert await carrier.deliveries.retry(None, clock.now()) == 0


async def test_a_notice_that_feedback_does_not_know_is_a_fault(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock, carrier: Carrier
) -> None:
    await hear(pool, clock, await town.code(), "apology")
    await deliver_notices(carrier)
    assert (await state_of(pool))[:3] == ("pending", 1, "Words Missing")


async def test_a_citizen_without_an_address_is_undeliverable_and_nobody_is_asked(
    town: Town,
    pool: asyncpg.Pool,
    clock: VirtualClock,
    carrier: Carrier,
    feedback: tuple[str, type[Feedback]],
) -> None:
    await hear(pool, clock, await town.code(), "greeting")
    mail = Mail(MailServer(HOST, 9, "motcua@example.gov.vn", "none"), clock.now)
    await deliver_notices(replace(carrier, channel=mail))
    assert (await state_of(pool))[:3] == ("undeliverable", 1, "NoAddress")
    assert feedback[1].tokens == []


async def test_what_a_dead_process_had_claimed_comes_back_and_its_late_word_counts_no_more(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock, carrier: Carrier
) -> None:
    await hear(pool, clock, await town.code(), "greeting")
    (lost,) = await carrier.deliveries.claim(FRIDAY, FRIDAY + LEASE, 9)
    assert await deliver_notices(carrier) == [], "it is another's until the lease ends"
    await clock.set(FRIDAY + LEASE)
    (again,) = await carrier.deliveries.claim(clock.now(), clock.now() + LEASE, 9)
    failed = Settlement("failed", "Late")
    assert not await carrier.deliveries.settle(lost, failed, clock.now())
    assert await carrier.deliveries.settle(again, Settlement("delivered"), clock.now())
    assert not await carrier.deliveries.settle(again, failed, clock.now()), "settled is settled"
    assert (await state_of(pool))[0] == "delivered"


async def test_what_kills_every_process_that_tries_it_is_given_up(
    town: Town, pool: asyncpg.Pool, clock: VirtualClock, carrier: Carrier
) -> None:
    await hear(pool, clock, await town.code(), "greeting")
    for _ in range(TRIES):
        assert await carrier.deliveries.claim(clock.now(), clock.now() + LEASE, 9)
        await clock.set(clock.now() + LEASE)
    await deliver_notices(carrier)
    assert (await state_of(pool))[:3] == ("failed", TRIES + 1, "LeaseExpired")


async def test_the_deliverer_wakes_for_a_notice_and_for_its_next_try(
    town: Town,
    pool: asyncpg.Pool,
    clock: VirtualClock,
    carrier: Carrier,
    feedback: tuple[str, type[Feedback]],
    database: Database,
    tmp_path: Path,
) -> None:
    deliverer = Deliverer(carrier, clock)
    listening = listen_for_ever(database.dsn("intake"), CHANNEL, deliverer.wake)
    tasks = [asyncio.create_task(deliverer.run()), asyncio.create_task(listening)]
    try:
        feedback[1].status = 503
        await hear(pool, clock, await town.code(), "greeting")
        async with asyncio.timeout(10):
            while not feedback[1].tokens or (await state_of(pool))[2] is None:
                await asyncio.sleep(0.01)
            feedback[1].status = 200
            await clock.set(FRIDAY + FIRST_WAIT + timedelta(seconds=1))
            while not carried(tmp_path):
                await asyncio.sleep(0.01)
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
