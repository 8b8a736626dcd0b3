"""Heard once, in order, gaps seen; one bad event stops one dossier."""

import asyncio
import random
from collections.abc import Callable
from itertools import count
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import dead_letters
from shared.events.agencies import AgencyRegistered
from shared.events.dossiers import DossierWithdrawn
from shared.hearing import Hearing
from shared.letters import Letter
from shared.tests.conftest import NOW, Listener

EXAMPLES = count(1)

MakeLetter = Callable[..., Letter]


async def test_a_batch_is_applied_in_order_and_redelivery_changes_nothing(
    hearing: Hearing, listener: Listener, letter: MakeLetter
) -> None:
    batch = [letter("A", 1), letter("B", 1), letter("A", 2)]
    await hearing.hear(batch)
    await hearing.hear(batch)
    assert await listener.effects("A") == [1, 2]
    assert await listener.effects("B") == [1]


async def test_a_gap_is_held_until_it_closes_and_then_applied_in_order(
    hearing: Hearing, listener: Listener, letter: MakeLetter
) -> None:
    await hearing.hear([letter("A", 3), letter("A", 2), letter("B", 1)])
    assert await listener.effects("A") == []
    assert await listener.held("A") == [(2, "gap"), (3, "gap")]
    assert await listener.effects("B") == [1]
    await hearing.hear([letter("A", 1)])
    assert await listener.effects("A") == [1, 2, 3]
    assert await listener.held("A") == []


async def test_a_refused_event_holds_its_followers_and_only_them(
    hearing: Hearing, listener: Listener, letter: MakeLetter
) -> None:
    listener.refuse.add(("A", 2))
    await hearing.hear([letter("A", 1), letter("A", 2), letter("A", 3), letter("B", 1)])
    await hearing.hear([letter("A", 4), letter("B", 2)])
    assert await listener.effects("A") == [1]
    assert await listener.held("A") == [(2, "refused"), (3, "follower"), (4, "follower")]
    assert await listener.effects("B") == [1, 2]


async def test_retry_applies_what_was_set_aside_in_order(
    hearing: Hearing, listener: Listener, letter: MakeLetter, pool: asyncpg.Pool
) -> None:
    listener.refuse.add(("A", 2))
    await hearing.hear([letter("A", 1), letter("A", 2), letter("A", 3), letter("A", 4)])
    assert await dead_letters.retry(hearing, pool, "A") == 0
    listener.refuse.clear()
    assert await dead_letters.retry(hearing, pool, "A") == 3
    assert await listener.effects("A") == [1, 2, 3, 4]
    assert await listener.held("A") == []


async def test_discard_steps_over_the_head_and_keeps_it_with_its_reason(
    hearing: Hearing, listener: Listener, letter: MakeLetter, pool: asyncpg.Pool
) -> None:
    listener.refuse.add(("A", 2))
    await hearing.hear([letter("A", 1), letter("A", 2), letter("A", 3)])
    head, follower = [one["id"] for one in await dead_letters.show(pool, "A")]
    with pytest.raises(ValueError, match="not next"):
        await dead_letters.discard(hearing, pool, follower, because="x", by="me", now=NOW)
    with pytest.raises(ValueError, match="reason"):
        await dead_letters.discard(hearing, pool, head, because=" ", by="me", now=NOW)
    await dead_letters.discard(hearing, pool, head, because="a test", by="me", now=NOW)
    assert await listener.effects("A") == [1, 3]
    assert await pool.fetchval("select discarded_because from discarded") == "a test"


@pytest.mark.parametrize("value", [b"", b"\xff\x00", b"{}", b'{"dossier": 1}', b"[" * 2000])
async def test_an_undecodable_event_is_kept_with_what_follows_it(
    hearing: Hearing, listener: Listener, letter: MakeLetter, pool: asyncpg.Pool, value: bytes
) -> None:
    await hearing.hear([letter("A", 1, value=value), letter("A", 2), letter("B", 1)])
    assert await listener.held("A") == [(1, "undecodable"), (2, "follower")]
    assert await listener.effects("B") == [1]
    assert await pool.fetchval("select value from set_aside where sequence = 1") == value


async def test_a_record_that_is_no_cloud_event_is_kept_byte_for_byte(
    hearing: Hearing, pool: asyncpg.Pool
) -> None:
    headers = [("x", b"\x00\xff")]
    stray = hearing.opener.open("thanthien.dossiers.v1", 3, 7, b"\x00key", headers, b"\x00")
    await hearing.hear([stray])
    await hearing.hear([stray])
    kept = await pool.fetch("select * from set_aside")
    assert [(row["key"], row["value"], row["cause"]) for row in kept] == [
        (b"\x00key", b"\x00", "undecodable")
    ]
    assert kept[0]["headers"] == '[["x","\\u0000ÿ"]]'


async def test_an_event_no_version_of_ours_knows_is_kept_and_listed(
    hearing: Hearing, listener: Listener, letter: MakeLetter, pool: asyncpg.Pool
) -> None:
    await hearing.hear([letter("A", 1, type_="thanthien.dossiers.DossierBlessed.v7")])
    waiting = await dead_letters.list_waiting(pool)
    assert [(one.subject, one.cause) for one in waiting] == [("A", "unknown_type")]
    assert "DossierBlessed" in waiting[0].reason


async def test_an_event_that_is_not_for_us_only_moves_the_sequence_on(
    hearing: Hearing, listener: Listener, letter: MakeLetter
) -> None:
    await hearing.hear([letter("A", 1, type_=DossierWithdrawn.TYPE), letter("A", 2)])
    assert await listener.effects("A") == [2]


async def test_an_early_event_is_applied_once_what_it_waits_for_has_come(
    hearing: Hearing, listener: Listener, letter: MakeLetter
) -> None:
    listener.wait_for[("A", 1)] = "agencies/H10.01"
    await hearing.hear([letter("A", 1), letter("A", 2)])
    assert await listener.held("A") == [(1, "waiting"), (2, "follower")]
    listener.wait_for.clear()
    agency = letter(
        "H10.01", 5, type_=AgencyRegistered.TYPE, topic=AgencyRegistered.TOPIC, source="agencies"
    )
    await hearing.hear([agency])
    assert await listener.effects("A") == [1, 2]


async def test_foreign_events_without_a_sequence_are_known_by_their_id(
    hearing: Hearing, listener: Listener, letter: MakeLetter
) -> None:
    one = letter("A", None, source="urn:agency:land", event_id="x1")
    other = letter("A", None, source="urn:agency:land", event_id="x2")
    await hearing.hear([one, one, other])
    await hearing.hear([other])
    assert await listener.effects("A") == [None, None]


async def test_a_transient_fault_is_waited_out_and_sets_nothing_aside(
    hearing: Hearing, listener: Listener, letter: MakeLetter, pool: asyncpg.Pool
) -> None:
    listener.faults = [ConnectionResetError(), asyncpg.DeadlockDetectedError("x"), TimeoutError()]
    await hearing.hear([letter("A", 1)])
    assert await listener.effects("A") == [1]
    assert await pool.fetchval("select count(*) from set_aside") == 0


async def test_what_waits_is_released_though_the_connection_breaks_after_the_commit(
    hearing: Hearing, listener: Listener, letter: MakeLetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener.wait_for[("A", 1)] = "agencies/H10.01"
    await hearing.hear([letter("A", 1)])
    listener.wait_for.clear()
    fetch, broken = asyncpg.Pool.fetch, [asyncpg.ConnectionDoesNotExistError("cut")]

    async def breaks_once(pool: asyncpg.Pool, *args: Any) -> Any:
        if broken:
            raise broken.pop()
        return await fetch(pool, *args)

    monkeypatch.setattr(asyncpg.Pool, "fetch", breaks_once)
    agency = letter(
        "H10.01", 1, type_=AgencyRegistered.TYPE, topic=AgencyRegistered.TOPIC, source="agencies"
    )
    await hearing.hear([agency])
    assert not broken
    assert await listener.effects("A") == [1]


async def test_a_bug_is_pinned_on_the_one_event_that_meets_it(
    hearing: Hearing, listener: Listener, letter: MakeLetter
) -> None:
    listener.fail.add(("C", 2))
    subjects = "ABCDE"
    await hearing.hear([letter(subject, n) for n in (1, 2, 3) for subject in subjects])
    for subject in "ABDE":
        assert await listener.effects(subject) == [1, 2, 3]
    assert await listener.effects("C") == [1]
    assert [n for n, _ in await listener.held("C")] == [2, 3]
    listener.fail.clear()
    await hearing.retry("C")
    assert await listener.effects("C") == [1, 2, 3]


async def test_two_members_hearing_the_same_batch_apply_it_once(
    hearing: Hearing, listener: Listener, letter: MakeLetter
) -> None:
    batch = [letter(f"D{n}", m) for m in (1, 2) for n in range(20)]
    await asyncio.gather(*(hearing.hear(batch) for _ in range(4)))
    for n in range(20):
        assert await listener.effects(f"D{n}") == [1, 2]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), batch=st.integers(1, 12), balk=st.integers(0, 6))
async def test_late_doubled_and_shuffled_events_end_as_an_in_order_replay(
    hearing: Hearing, listener: Listener, letter: MakeLetter, seed: int, batch: int, balk: int
) -> None:
    """Rule 28: events may arrive twice, late or out of order."""
    chance = random.Random(seed)
    subjects = [f"R{next(EXAMPLES)}-{n}" for n in range(3)]
    listener.refuse = {(subjects[0], balk)}
    letters = [letter(subject, n) for subject in subjects for n in range(1, 7)] * 2
    chance.shuffle(letters)
    for start in range(0, len(letters), batch):
        await hearing.hear(letters[start : start + batch])
    expected = list(range(1, balk)) if balk else list(range(1, 7))
    assert await listener.effects(subjects[0]) == expected
    listener.refuse.clear()
    await hearing.retry(subjects[0])
    for subject in subjects:
        assert await listener.effects(subject) == [1, 2, 3, 4, 5, 6]
        assert await listener.held(subject) == []
