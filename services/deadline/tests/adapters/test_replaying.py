"""A schema rebuilt from real topics beside the live one: the same to the last row, or what differs is named;
after a switch no alarm rings twice and none is lost."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from deploy.local.brokers import Broker, choose_broker
from deploy.local.postgres import Database
from deploy.local.topics import create_topics
from services.deadline.adapters.directories import Memory
from services.deadline.adapters.replayed_tables import CARRIED, CARRIED_FIRST, REBUILT
from services.deadline.main import replay_plan
from services.deadline.tests.adapters.lives import Town, live
from services.deadline.tests.conftest import Deadline, accepted, resolved
from services.deadline.tests.offices import rule_book
from shared.clock import SystemClock
from shared.doctor.database import examine_role
from shared.events.catalogue import EVENTS
from shared.events.deadlines import TOPIC, AlarmRung
from shared.inbox import Apply
from shared.postgres import PLUMBING, open_pool
from shared.relay import new_producer
from shared.replaying.plan import PLUMBING_CARRIED, PLUMBING_TABLES, ReplayError
from shared.replaying.reading import open_reading
from shared.replaying.rebuild import Order, Outcome, replay
from shared.tests.terminal import CHECKOUT

pytestmark = pytest.mark.broker

OPERATOR = "replayer"
PASSWORD = "of-the-tests"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of the test's own, for the topics' own names."""
    made: Broker = choose_broker(tmp_path)
    made.begin()
    made.wait_until_ready()
    yield made
    made.stop()


@pytest.fixture
async def town(
    broker: Broker, database_of: Callable[..., Awaitable[Database]]
) -> AsyncIterator[Town]:
    """A service that has lived through `live`, and an operator's role that is no superuser."""
    await create_topics(broker.bootstrap_servers, with_local=False)
    database = await database_of("deadline")
    await _make_operator(database)
    producer = new_producer(broker.bootstrap_servers)
    await producer.start()
    dsn = database.dsn("deadline")
    place = database.admin_dsn.partition("@")[2]
    town = Town(
        Deadline(await open_pool(dsn), Memory(rule_book()), dsn=dsn),
        producer,
        f"postgresql://{OPERATOR}:{PASSWORD}@{place}",
        broker.bootstrap_servers,
    )
    await live(town)
    yield town
    await town.deadline.pool.close()
    await producer.stop()


async def _make_operator(database: Database) -> None:
    admin = await asyncpg.connect(database.admin_dsn)
    try:
        if not await admin.fetchval(
            "select exists (select from pg_roles where rolname = $1)", OPERATOR
        ):
            await admin.execute(
                f"create role {OPERATOR} login password '{PASSWORD}' in role deadline"
            )
        await admin.execute(f"grant create, connect on database {database.name} to {OPERATOR}")
    finally:
        await admin.close()


async def rebuild(town: Town, **asked: object) -> Outcome:
    order = Order(town.operator_dsn, town.kafka, "deadline_anew")
    return await replay(replay_plan(), replace(order, **asked), lambda _: None)  # type: ignore[arg-type]


async def switch(town: Town, **asked: object) -> Outcome:
    """With every replica stopped, and another started afterwards."""
    await town.deadline.pool.close()
    try:
        return await rebuild(town, is_switched=True, **asked)
    finally:
        town.deadline.pool = await open_pool(town.deadline.dsn)
        town.deadline.memory = Memory(rule_book())


def named(outcome: Outcome) -> dict[str, tuple[int, int, int]]:
    """By table that differs: rows that differ, only live, only new."""
    return {
        one.table: (one.differing, one.only_live, one.only_new)
        for one in outcome.compared
        if not one.is_same
    }


async def alarms_said(town: Town) -> Counter[tuple[str, str, int, str]]:
    """Every alarm that lies in the topic, by kind, code, generation and rung."""
    rang: Counter[tuple[str, str, int, str]] = Counter()
    async with open_reading(town.kafka, [TOPIC], "nobody") as reading:
        async for records in reading.records():
            for record in records:
                headers = dict(record.headers)
                event = EVENTS[headers["ce_type"].decode()].hear(record.value)
                if isinstance(event, AlarmRung):
                    rang[event.kind, event.code, event.generation, event.rung] += 1
    return rang


async def numbers_said(town: Town) -> dict[str, list[int]]:
    """The sequences in the topic, by subject, in order."""
    found: dict[str, list[int]] = {}
    async with open_reading(town.kafka, [TOPIC], "nobody") as reading:
        async for records in reading.records():
            for record in records:
                number = int(dict(record.headers)["ce_sequence"])
                found.setdefault(record.key.decode(), []).append(number)
    return found


async def test_a_schema_rebuilt_beside_the_live_one_is_the_same_to_the_last_row(
    town: Town,
) -> None:
    outcome = await rebuild(town)
    assert named(outcome) == {}, outcome.compared
    assert (outcome.left_out, outcome.missed) == ([], [])
    rows = {one.table: one.rows for one in outcome.compared}
    assert rows.keys() == {one.name for one in (*REBUILT, *PLUMBING_TABLES)}
    assert rows["clocks"] >= 15 and rows["alarms"] >= 15 and rows["past_generations"] >= 2
    assert rows["recomputed"] >= 2 and rows["set_aside"] == 2 and rows["lateness"] >= 3
    assert await sibling_schemas(town) == ["deadline"], "nothing is left behind"


async def test_alarms_neither_ring_again_after_a_switch_nor_are_lost(town: Town) -> None:
    before = await town.deadline.pool.fetch("select * from alarms order by 1, 2, 3, 4")
    waiting = await town.deadline.pool.fetch(
        "select code, kind, next_rung_at from clocks order by 1, 2"
    )
    outcome = await switch(town)
    pool = town.deadline.pool
    assert outcome.kept_as is not None and named(outcome) == {}
    assert await pool.fetch("select * from alarms order by 1, 2, 3, 4") == before
    assert await pool.fetch("select code, kind, next_rung_at from clocks order by 1, 2") == waiting
    await town.deadline.timer().ring_what_is_due()
    assert await pool.fetchval("select count(*) from alarms") == len(before)
    await town.tell(accepted("NEW", "2026-11-18 09:00"))
    await town.deadline.pass_to("2026-12-07 08:00")
    await town.relay()
    rang = await alarms_said(town)
    kept = await pool.fetch("select kind, code, generation, rung from alarms")
    assert rang == Counter(tuple(row) for row in kept), "each said once, none only kept"
    assert len(rang) > len(before)
    assert ("dossier", "OPEN", 1, "breach") in rang
    overdue = "select exists (select from clocks where next_rung_at < $1)"
    assert not await pool.fetchval(overdue, town.deadline.clock.now())
    for code, numbers in (await numbers_said(town)).items():
        assert numbers == list(range(1, len(numbers) + 1)), (
            f"{code}: no number twice, none left out"
        )
    assert named(await rebuild(town)) == {}, "and what went on can be rebuilt again"


async def test_damage_is_named_and_a_switch_mends_it(town: Town) -> None:
    pool = town.deadline.pool
    right = await pool.fetch("select * from clocks order by code, kind")
    await pool.execute("delete from clocks where code = 'OPEN'")
    await pool.execute(
        "update clocks set legal_due = legal_due + interval '1 day' where code = 'AFTER' and kind = 'dossier'"
    )
    await pool.execute("delete from alarms where code = 'LATE' and rung = 'breach'")
    await pool.execute("update said set last_sequence = 1 where subject = 'KEPT'")
    await pool.execute("delete from heard where subject = 'TODAY'")
    await pool.execute(
        "update lateness set count = count + 1 where id = (select min(id) from lateness)"
    )
    outcome = await rebuild(town)
    assert named(outcome) == {
        "clocks": (1, 0, 2),  # OPEN had two: its own, and that of its forwarding
        "alarms": (0, 0, 3),  # the dossier's, its leg's, its forwarding's
        "said": (1, 0, 0),
        "heard": (0, 0, 1),
        "lateness": (1, 0, 0),
    }
    clocks = next(one for one in outcome.compared if one.table == "clocks")
    changed = next(one for one in clocks.examples if one.is_in == "both")
    assert changed.key == {"code": "AFTER", "kind": "dossier"}
    assert changed.columns.keys() == {"legal_due"}
    assert (await switch(town)).kept_as is not None
    assert await town.deadline.pool.fetch("select * from clocks order by code, kind") == right
    assert named(await rebuild(town)) == {}


async def test_a_switch_gives_the_service_its_own_schema_and_nothing_else(town: Town) -> None:
    pool = town.deadline.pool
    letters = await pool.fetch("select * from set_aside order by id")
    words = await pool.fetch("select * from reappointments")
    unsaid = await pool.fetch("select * from outbox order by id")
    assert len(letters) == 2 and len(words) == 1 and unsaid
    rights = await rights_of_the_ledger(town)
    outcome = await switch(town)
    pool = town.deadline.pool
    for table, rows in {"set_aside": letters, "reappointments": words, "outbox": unsaid}.items():
        assert await pool.fetch(f"select * from {table} order by 1") == rows, table
    assert await rights_of_the_ledger(town) == rights != []
    assert await pool.fetchval("select max(id) from outbox") == unsaid[-1]["id"]
    await town.tell(accepted("NEXT", "2026-11-18 09:00"))
    assert (
        await pool.fetchval("select min(id) from outbox where subject = 'NEXT'") > unsaid[-1]["id"]
    )
    connection = await asyncpg.connect(town.deadline.dsn)
    try:
        (finding,) = await examine_role(connection)
        assert finding.is_good, finding
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"select from {outcome.kept_as}.clocks")
        await connection.execute("create table may_still_migrate ()")
    finally:
        await connection.close()


async def test_before_a_replica_was_started_the_old_schema_can_be_put_back(town: Town) -> None:
    """As docs/runbooks/replay.md has it."""
    await town.deadline.pool.execute("update clocks set stop_reason = 'of the old schema'")
    outcome = await switch(town)
    text = (CHECKOUT / "docs/runbooks/replay.md").read_text(encoding="utf-8")
    (back,) = re.findall(r"^    BEGIN;\n.*?COMMIT;$", text, re.DOTALL | re.MULTILINE)
    operator = await asyncpg.connect(town.operator_dsn)
    await town.deadline.pool.close()
    try:
        await operator.execute(back.replace("deadline_before_…", str(outcome.kept_as)))
    finally:
        await operator.close()
    town.deadline.pool = await open_pool(town.deadline.dsn)
    reasons = await town.deadline.pool.fetch("select distinct stop_reason from clocks")
    assert [row[0] for row in reasons] == ["of the old schema"]
    connection = await asyncpg.connect(town.deadline.dsn)
    try:
        (finding,) = await examine_role(connection)
        assert finding.is_good, finding
    finally:
        await connection.close()


async def test_a_switch_asks_for_every_replica_to_be_stopped(town: Town) -> None:
    with pytest.raises(ReplayError, match=r"--switch asks for every replica .* running: \S+ \d+"):
        await rebuild(town, is_switched=True)
    assert await sibling_schemas(town) == ["deadline"]


async def test_while_the_service_goes_on_what_moved_is_not_compared(town: Town) -> None:
    plan = replay_plan()

    async def prepare(connection: asyncpg.Connection, live: str) -> Apply:
        await town.tell(resolved("OPEN", "2026-11-18 10:00"))  # after the reading
        return await plan.prepare(connection, live)

    order = Order(town.operator_dsn, town.kafka, "deadline_anew")
    outcome = await replay(replace(plan, prepare=prepare), order, lambda _: None)
    assert named(outcome) == {}
    assert [(one.because, one.examples) for one in outcome.left_out] == [("moved", ["OPEN"])]


async def test_a_life_of_before_is_carried_over_as_it_is(town: Town) -> None:
    since = SystemClock().now()
    await town.deadline.pass_to("2026-11-18 08:30")
    await town.tell(accepted("YOUNG", "2026-11-18 08:30"))
    before = await town.deadline.pool.fetch("select * from clocks order by code, kind")
    alarms = await town.deadline.pool.fetch("select * from alarms order by 1, 2, 3, 4")
    await town.deadline.pool.execute("update clocks set state = 'ended' where code = 'YOUNG'")
    outcome = await switch(town, since=since)
    assert outcome.lives == 1 and named(outcome) == {"clocks": (2, 0, 0)}
    (left,) = outcome.left_out
    assert left.because == "older" and left.count >= 10
    pool = town.deadline.pool
    assert await pool.fetch("select * from clocks order by code, kind") == before
    assert await pool.fetch("select * from alarms order by 1, 2, 3, 4") == alarms


async def test_what_was_counted_by_other_rules_is_carried_over(town: Town) -> None:
    book = rule_book()
    older = {name: replace(one, version=f"{name}-older") for name, one in book.regimes.items()}
    memory = town.deadline.memory
    town.deadline.memory = Memory(replace(book, regimes=older))
    await town.tell(accepted("OLD", "2026-11-18 08:00"))
    town.deadline.memory = memory
    outcome = await rebuild(town)
    assert named(outcome) == {}
    (left,) = outcome.left_out
    assert "this version does not have" in left.because and left.examples == ["OLD"]


async def test_a_life_that_comes_out_otherwise_than_was_said_is_named_and_left(town: Town) -> None:
    """A due date was changed by hand, and deadline called a breach by it."""
    pool = town.deadline.pool
    await pool.execute(
        "update clocks set breach_at = '2026-11-18 10:00+07', legal_due = '2026-11-18 10:00+07' "
        "where code = 'AFTER' and kind = 'dossier'"
    )
    await town.deadline.pass_to("2026-11-18 10:01")
    outcome = await switch(town)
    (left,) = outcome.left_out
    (example,) = left.examples
    assert left.because == "contradicts"
    assert example.startswith("AFTER: said AlarmRung") and "breach rings at 2026-11-" in example
    state = "select state from clocks where code = 'AFTER' and kind = 'dossier'"
    assert await town.deadline.pool.fetchval(state) == "breached", "a person must decide"


def test_every_table_is_rebuilt_or_said_to_be_only_here() -> None:
    """Read from the migrations: a new table must be thought of."""

    sql = "".join(
        file.read_text()
        for directory in (PLUMBING, replay_plan().migrations)
        for file in sorted(directory.glob("*.sql"))
    )
    made = {line.split()[2] for line in sql.splitlines() if line.startswith("create table ")}
    known = {one.name for one in (*REBUILT, *PLUMBING_TABLES)}
    assert made == known | {*CARRIED, *CARRIED_FIRST, *PLUMBING_CARRIED}


async def sibling_schemas(town: Town) -> list[str]:
    """The schemas whose names begin as the service's."""
    connection = await asyncpg.connect(town.operator_dsn)
    try:
        rows = await connection.fetch(
            "select nspname from pg_namespace where nspname like 'deadline%' order by 1"
        )
        return [row[0] for row in rows]
    finally:
        await connection.close()


async def rights_of_the_ledger(town: Town) -> list[tuple[object, ...]]:
    """What the ledger may, on every table and on those to come."""
    connection = await asyncpg.connect(town.operator_dsn)
    try:
        rows = await connection.fetch(
            """select relname, privilege_type from pg_class c, aclexplode(c.relacl) a
               where relnamespace = 'deadline'::regnamespace and a.grantee = 'ledger'::regrole
               union all
               select defaclobjtype::text, a.privilege_type from pg_default_acl, aclexplode(defaclacl) a
               where defaclnamespace = 'deadline'::regnamespace and a.grantee = 'ledger'::regrole
               order by 1, 2"""
        )
        assert await connection.fetchval(
            "select has_schema_privilege('ledger', 'deadline', 'usage')"
        )
        return [tuple(row) for row in rows]
    finally:
        await connection.close()
