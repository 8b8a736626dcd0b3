"""What the policy no longer keeps goes, nothing else does, and what is forgotten is never heard twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest

from deploy.local.postgres import Database
from shared.events.agencies import AgencyRegistered
from shared.events.dossiers import DossierReturned, DossierWithdrawn
from shared.hearing import Hearing
from shared.letters import Letter
from shared.messages import Saying
from shared.outbox import Outbox
from shared.postgres import transaction
from shared.pruning import (
    SET_SIZE,
    ByAge,
    Plan,
    Pruned,
    PrunedElsewhereError,
    count_prunable,
    prune,
)
from shared.retention import ENDED, Policy, PolicyError, least_days_heard, read_policy
from shared.tests.conftest import NOW, Listener

MakeLetter = Callable[..., Letter]

TERM = {
    "days": 100,
    "tables": ["effects"],
    "because": "a test asks for it",
    "source": "this very test",
}
POLICY = Policy.model_validate(
    {"pruned": {"ended": TERM, "foreign_ids": TERM, "old": TERM}, "kept": {}}
)
PLAN = Plan(POLICY, [("effects", "delete from effects where subject = any($1::text[])")])


@pytest.fixture
async def connection(database: Database, pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """Of no pool, as the command's; the pool is asked for because it makes the tables."""
    opened = await asyncpg.connect(database.dsn("deadline"))
    yield opened
    await opened.close()


async def pass_days(pool: asyncpg.Pool, days: int) -> None:
    """As if so many days had passed since everything ended."""
    await pool.execute("update endings set ended_at = ended_at - make_interval(days => $1)", days)


async def end(hearing: Hearing, letter: MakeLetter, *subjects: str) -> None:
    await hearing.hear([letter(subject, 1) for subject in subjects])


async def test_what_ended_long_ago_is_forgotten_and_nothing_else(
    hearing: Hearing, letter: MakeLetter, pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await end(hearing, letter, "OLD", "OLDER")
    await pass_days(pool, 101)
    await end(hearing, letter, "NEW")
    pruned = await prune(connection, PLAN, seconds=60)
    assert pruned == Pruned(Counter(effects=2, heard=2, heard_ids=0), 2, 0, True)
    assert [row[0] for row in await pool.fetch("select subject from heard")] == ["NEW"]
    assert [row[0] for row in await pool.fetch("select subject from effects")] == ["NEW"]
    assert await pool.fetchval("select ended_at is not null from prunings") is True


async def test_only_the_last_event_of_a_subject_ends_it(
    hearing: Hearing, letter: MakeLetter, listener: Listener, pool: asyncpg.Pool
) -> None:
    listener.refuse.add(("REFUSED", 1))
    await hearing.hear([letter("REFUSED", 1), letter("GAP", 2), letter("ENDED", 1)])
    await hearing.hear([letter("WITHDRAWN", 1, type_=DossierWithdrawn.TYPE)])  # known, not for us
    ended = await pool.fetch("select subject from endings order by subject")
    assert [row[0] for row in ended] == ["ENDED", "WITHDRAWN"]


async def test_who_says_the_last_event_notes_the_end_as_well(pool: asyncpg.Pool) -> None:
    last = DossierReturned(dossier="H10", agency="H10.01", status=10, returned_at=NOW)
    async with transaction(pool) as connection:
        await Outbox(connection, "thanthien/intake").say([Saying(last, NOW)] * 2)
    assert [row[0] for row in await pool.fetch("select subject from endings")] == ["H10"]


async def test_what_is_forgotten_is_never_heard_again_however_it_comes(
    hearing: Hearing,
    letter: MakeLetter,
    listener: Listener,
    pool: asyncpg.Pool,
    connection: asyncpg.Connection,
) -> None:
    await hearing.hear([letter("A", 1), letter("A", 2)])
    await pass_days(pool, 101)
    await prune(connection, PLAN, seconds=60)
    assert await listener.effects("A") == []
    await hearing.hear(
        [letter("A", 1), letter("A", 2), letter("A", 7), letter("A", None), letter("B", 1)]
    )
    assert await listener.effects("A") == []
    assert await listener.held("A") == []
    assert await listener.effects("B") == [1]


async def test_an_agency_goes_on_though_a_dossier_of_its_code_is_forgotten(
    hearing: Hearing,
    letter: MakeLetter,
    listener: Listener,
    pool: asyncpg.Pool,
    connection: asyncpg.Connection,
) -> None:
    source = "thanthien/intake/agencies"
    of_agency = {"topic": AgencyRegistered.TOPIC, "source": source}
    await hearing.hear([letter("A", 1), letter("A", 4, **of_agency)])
    await pass_days(pool, 101)
    await prune(connection, PLAN, seconds=60)
    assert [row[0] for row in await pool.fetch("select source from heard")] == [source]
    await hearing.hear([letter("A", 4, **of_agency), letter("A", 5, **of_agency)])
    assert await listener.effects("A") == [5]


async def test_what_is_set_aside_or_open_is_put_off_by_a_whole_term(
    hearing: Hearing, letter: MakeLetter, pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await end(hearing, letter, "HELD", "OPEN", "OVER")
    await hearing.hear([letter("HELD", 3)])
    await pass_days(pool, 101)
    plan = Plan(POLICY, PLAN.deletions, "select 'OPEN' where 'OPEN' = any($1::text[])")
    first = await prune(connection, plan, seconds=60)
    assert (first.forgotten, first.put_off) == (1, 2)
    again = await prune(connection, plan, seconds=60)
    assert (again.forgotten, again.put_off) == (0, 0)
    await pool.execute("delete from set_aside")
    await pass_days(pool, 101)
    assert (await prune(connection, PLAN, seconds=60)).forgotten == 2


async def test_more_than_a_set_goes_set_by_set_and_rows_in_use_are_stepped_over(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    count = 2 * SET_SIZE + 7
    await pool.execute(
        "insert into endings (subject, ended_at) select 'S' || n, now() - interval '101 days' - n * interval '1 s'"
        " from generate_series(1, $1::int) as n",
        count,
    )
    assert (await count_prunable(connection, PLAN))["endings"] == count
    told: list[int] = []
    async with transaction(pool) as busy:
        await busy.execute("select from endings where subject = 'S3' for update")
        async with asyncio.timeout(20):
            pruned = await prune(
                connection, PLAN, seconds=60, tell=lambda p: told.append(p.forgotten)
            )
    assert pruned.forgotten == count - 1
    assert told == [SET_SIZE, 2 * SET_SIZE, count - 1]
    assert (await prune(connection, PLAN, seconds=60)).forgotten == 1


async def test_it_stops_when_its_time_is_over_and_says_so(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await pool.execute("insert into endings (subject, ended_at) values ('A', '2001-01-01')")
    assert (await prune(connection, PLAN, seconds=0)).is_complete is False
    assert (await prune(connection, PLAN, seconds=60)).is_complete is True


async def test_rows_with_an_instant_of_their_own_go_by_age(
    hearing: Hearing, letter: MakeLetter, pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    await hearing.hear([letter("A", None, event_id="1"), letter("B", None, event_id="2")])
    await pool.execute("update heard_ids set heard_at = now() - interval '99 days' where id = '1'")
    await pool.execute("update heard_ids set heard_at = now() - interval '101 days' where id = '2'")
    plan = Plan(POLICY, (), by_age=[ByAge("old", "set_aside", "set_aside_at")])
    assert await count_prunable(connection, plan) == {"heard_ids": 1, "set_aside": 0, "endings": 0}
    assert (await prune(connection, plan, seconds=60)).removed["heard_ids"] == 1
    assert [row[0] for row in await pool.fetch("select id from heard_ids")] == ["1"]


async def test_one_prunes_at_a_time(database: Database, connection: asyncpg.Connection) -> None:
    await prune(connection, PLAN, seconds=60)
    other = await asyncpg.connect(database.dsn("deadline"))
    try:
        with pytest.raises(PrunedElsewhereError):
            await prune(other, PLAN, seconds=60)
        await connection.close()
        await prune(other, PLAN, seconds=60)
    finally:
        await other.close()


@pytest.mark.parametrize("term", [ENDED, "foreign_ids"])
def test_what_was_heard_is_known_as_long_as_topics_may_deliver_it_again(
    tmp_path: Path, term: str
) -> None:
    file = tmp_path / "retention.yaml"
    shape = "pruned: {{{}: {{days: {}, tables: [heard], because: because of a test, source: this test itself}}}}\nkept: {{}}\n"
    assert least_days_heard() == 44
    file.write_text(shape.format(term, 43))
    with pytest.raises(PolicyError, match=rf"pruned\.{term}\.days is 43; at least 44"):
        read_policy(file)
    file.write_text(shape.format(term, 44))
    assert read_policy(file).days(term) == 44


def test_a_wrong_policy_is_named_by_file_field_and_rule(tmp_path: Path) -> None:
    file = tmp_path / "retention.yaml"
    file.write_text(
        "pruned: {ended: {days: 0, tables: [], because: because of it, source: itself a test}}\nkept: {}\n"
    )
    with pytest.raises(
        PolicyError, match=r"retention\.yaml: pruned\.ended\.days: .*greater than or equal to 1"
    ):
        read_policy(file)
