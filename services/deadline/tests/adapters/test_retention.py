"""The clock of a dossier that ended long ago: archived, still shown, and never started again."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.deadline.adapters.retention import plan
from services.deadline.domain.clocks import State
from services.deadline.tests.conftest import AGENCY, Deadline, accepted, agency, at, resolved
from services.deadline.tests.post import Post, ear
from services.deadline.usecases.set_appointment import NoClockError
from services.deadline.usecases.show_deadline import Shown, show_deadline
from shared.events.base import Event
from shared.events.dossiers import DossierReturned, DossierTransferred
from shared.letters import Letter
from shared.pruning import prune

CODE = "H10.01-261113-0001"


def returned(dossier: str, when: str) -> DossierReturned:
    return DossierReturned(dossier=dossier, agency=AGENCY, status=10, returned_at=at(when))


LIFE: tuple[tuple[str, Event], ...] = (
    ("2026-11-13 08:00", accepted(CODE, "2026-11-13 08:00")),
    (
        "2026-11-13 09:00",
        DossierTransferred(
            dossier=CODE, agency="H10.02", status=4, from_agency=AGENCY, leg=1,
            transferred_at=at("2026-11-13 09:00"),
        ),
    ),
    ("2026-11-19 09:00", resolved(CODE, "2026-11-19 09:00")),
    ("2026-11-20 09:00", returned(CODE, "2026-11-20 09:00")),
)  # fmt: skip


@pytest.fixture
async def connection(deadline: Deadline) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(deadline.dsn)
    yield opened
    await opened.close()


async def live(deadline: Deadline) -> list[Letter]:
    """A dossier that passes on to another agency and is resolved too late, from receipt to return."""
    await deadline.hear(agency("H10.02"))
    post = Post()
    letters = []
    for when, event in LIFE:
        await deadline.pass_to(when)
        letters.append(post.letter(event, at(when)))
        await ear(deadline).hear(letters[-1:])
    assert await deadline.pool.fetchval("select count(*) from set_aside") == 0
    return letters


async def grow_old(deadline: Deadline) -> None:
    await deadline.pool.execute("update endings set ended_at = now() - interval '731 days'")


async def shown(deadline: Deadline) -> list[Shown]:
    async with deadline.begin() as books:
        return await show_deadline(CODE, books, deadline.rule_book)


async def test_it_is_archived_and_still_shown_without_its_explanation(
    deadline: Deadline, connection: asyncpg.Connection
) -> None:
    await live(deadline)
    before = await shown(deadline)
    alarms = await deadline.pool.fetch("select rung from alarms where code = $1", CODE)
    assert {"at_risk", "breach"} <= {row["rung"] for row in alarms}
    await grow_old(deadline)
    pruned = await prune(connection, plan(), seconds=60)
    assert (pruned.removed["clocks"], pruned.forgotten) == (2, 1)
    after = await shown(deadline)
    assert [one.clock.kind for one in after] == ["dossier", "transfer_leg"]
    assert after[0].clock.state is State.MISSED and after[0].explanation == []
    for was, now in zip(before, after, strict=True):
        assert now.clock._replace(dues=was.clock.dues) == was.clock
    kept = await deadline.pool.fetch("select rung from alarms where code = $1", CODE)
    assert {row["rung"] for row in kept} == {"breach"}
    archived = await deadline.pool.fetchval("select sum(alarms) from archived_clocks")
    assert archived == len(alarms) - len(kept)


async def test_its_events_start_no_clock_when_they_are_delivered_again(
    deadline: Deadline, connection: asyncpg.Connection
) -> None:
    letters = await live(deadline)
    await grow_old(deadline)
    await prune(connection, plan(), seconds=60)
    said = await deadline.said()
    await ear(deadline).hear(letters)
    assert await deadline.said() == said
    assert await deadline.pool.fetchval("select count(*) from clocks") == 0
    assert await deadline.pool.fetchval("select count(*) from set_aside") == 0


async def test_what_was_never_returned_stays_however_old(
    deadline: Deadline, connection: asyncpg.Connection
) -> None:
    await deadline.hear(agency("H10.02"))
    post = Post()
    for when, event in LIFE[:-1]:
        await ear(deadline).hear([post.letter(event, at(when))])
    await grow_old(deadline)
    assert (await prune(connection, plan(), seconds=60)).forgotten == 0
    # Two years and a day later the citizen comes for the result.
    await ear(deadline).hear(
        [post.letter(returned(CODE, "2028-11-20 09:00"), at("2028-11-20 09:00"))]
    )
    assert await deadline.pool.fetchval("select count(*) from set_aside") == 0
    assert await deadline.pool.fetchval("select count(*) from endings") == 1


async def test_a_clock_that_is_open_after_all_is_never_archived(
    deadline: Deadline, connection: asyncpg.Connection
) -> None:
    await live(deadline)
    await grow_old(deadline)
    await deadline.pool.execute("update clocks set state = 'running' where kind = 'transfer_leg'")
    pruned = await prune(connection, plan(), seconds=60)
    assert (pruned.forgotten, pruned.put_off) == (0, 1)
    assert len(await shown(deadline)) == 2


async def test_a_code_that_never_was_is_not_in_the_archive(deadline: Deadline) -> None:
    with pytest.raises(NoClockError):
        await shown(deadline)
