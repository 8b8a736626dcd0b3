"""`dead-letters` as an operator runs it: words with what to do, or one JSON value."""

from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from shared.clock import VirtualClock
from shared.events.agencies import AgencyRegistered
from shared.events.base import Event
from shared.events.dossiers import DossierReturned
from shared.events.envelope import Envelope
from shared.hearing import Hearing
from shared.letters import Opener
from shared.messages import Heard, Refusal
from shared.postgres import open_pool
from shared.settings import ServiceSettings
from shared.telemetry import HearingMetrics
from shared.tests.conftest import NOW
from shared.tests.terminal import run

SOURCE = "urn:agency:H10.09"


@pytest.fixture
async def pool(settings: ServiceSettings) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(settings.database_url)
    yield opened
    await opened.close()


async def refuse_all(connection: asyncpg.Connection, heard: Sequence[Heard]) -> list[Refusal]:
    return [Refusal(heard[0], "it balks")]


async def set_aside(
    pool: asyncpg.Pool, subject: str, *sequences: int, event: Event | None = None
) -> None:
    """Letters that an ear of the test's own refuses; left to itself, a return of no dossier we know."""
    hearing = Hearing(
        pool,
        Opener([DossierReturned, AgencyRegistered]),
        refuse_all,
        VirtualClock(NOW),
        HearingMetrics(),
    )
    said = event or DossierReturned(dossier=subject, agency="H10.09", status=10, returned_at=NOW)
    for number in sequences:
        envelope = Envelope(f"{subject}/{number}", SOURCE, said.TYPE, subject, NOW, number)
        headers, key = envelope.to_headers(), subject.encode()
        await hearing.hear([hearing.opener.open(said.TOPIC, 0, number, key, headers, said.body())])


async def test_list_ends_with_what_to_do(settings: ServiceSettings, pool: asyncpg.Pool) -> None:
    await set_aside(pool, "A-1", 1, 2)
    await set_aside(pool, "B-1", 2)
    words = await run(settings, "dead-letters", "list", "--limit", "2")
    assert words.code == 0
    assert "2 subjects are held back, 3 letters in all:" in words.out
    assert "  1 refused: read the reason" in words.out
    assert "  1 gap: nothing at first" in words.out
    assert "There may be more: these are the 2 longest held" in words.out
    assert "Next: python -m services.deadline dead-letters show A-1" in words.out
    listed = (await run(settings, "dead-letters", "list", "--json")).json
    assert [(one["subject"], one["letters"], one["cause"]) for one in listed] == [
        ("A-1", 2, "refused"),
        ("B-1", 1, "gap"),
    ]


async def test_show_gives_each_letter_and_what_to_do_with_the_first(
    settings: ServiceSettings, pool: asyncpg.Pool
) -> None:
    await set_aside(pool, "A-1", 1, 2)
    words = await run(settings, "dead-letters", "show", "A-1")
    first = await pool.fetchval("select min(id) from set_aside")
    assert f"letter {first}: thanthien.dossiers.DossierReturned.v1 #1, refused\n" in words.out
    assert "  reason   it balks\n" in words.out
    assert f'dead-letters discard {first} --because "…"' in words.out
    shown = (await run(settings, "dead-letters", "show", "A-1", "--json")).json
    assert [(one["sequence"], one["cause"]) for one in shown] == [(1, "refused"), (2, "follower")]
    nothing = await run(settings, "dead-letters", "show", "Z-1", "--json")
    assert (nothing.code, nothing.json) == (1, {"error": "nothing is set aside for 'Z-1'"})


async def test_retry_says_what_was_applied_and_what_still_holds(
    settings: ServiceSettings, pool: asyncpg.Pool
) -> None:
    agency = AgencyRegistered(agency="H10.09", name="UBND", valid_from=NOW.date())
    await set_aside(pool, "H10.09", 1, event=agency)
    done = await run(settings, "dead-letters", "retry", "H10.09", "--json")
    said = {"subject": "H10.09", "applied": 1, "left": 0, "held_by": None}
    assert (done.code, done.json) == (0, said), done.errors

    await set_aside(pool, "B-1", 2)
    stuck = await run(settings, "dead-letters", "retry", "B-1")
    assert stuck.code == 1
    assert stuck.out.startswith("B-1: 0 applied\n1 letters are set aside for B-1; letter ")
    assert "What to do: nothing at first; if it stays, look at the publisher's relay" in stuck.out


async def test_discard_wants_a_reason_and_says_what_is_left(
    settings: ServiceSettings, pool: asyncpg.Pool
) -> None:
    await set_aside(pool, "A-1", 1, 2)
    first = str(await pool.fetchval("select min(id) from set_aside"))
    bare = await run(settings, "dead-letters", "discard", first, "--because", " ", "--json")
    assert (bare.code, bare.json) == (1, {"error": "a reason must be given"})
    done = await run(settings, "dead-letters", "discard", first, "--because", "a test", "--json")
    assert (done.code, done.json["letter"], done.json["subject"]) == (0, int(first), "A-1")
    assert done.json["left"] == await pool.fetchval("select count(*) from set_aside")
    assert await pool.fetchval("select discarded_by from discarded") == "operator-1"


async def test_a_database_that_is_away_is_said_in_words(settings: ServiceSettings) -> None:
    away = "postgresql://x:y@127.0.0.1:1/z"
    said = await run(settings, "dead-letters", "list", "--json", DATABASE_URL=away)
    assert said.code == 1
    assert said.json["error"].startswith("the database cannot be asked: ")
    assert "Traceback" not in said.errors
