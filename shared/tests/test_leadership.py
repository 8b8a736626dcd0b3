"""Who leads: one at a time, and another soon after it is gone."""

import asyncio

import asyncpg
import pytest

from deploy.local.postgres import Database
from shared.leadership import lead_for_ever


class Band:
    """Some who would lead, and who does."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.leading: set[int] = set()
        self.most = 0

    def join(self, number: int, standby_seconds: float = 0.05) -> asyncio.Task[None]:
        async def work() -> None:
            self.leading.add(number)
            self.most = max(self.most, len(self.leading))
            try:
                await asyncio.Event().wait()
            finally:
                self.leading.discard(number)

        return asyncio.create_task(
            lead_for_ever(self._dsn, "rings", "deadline", work, lambda: standby_seconds)
        )

    async def wait_for(self, expected: set[int]) -> None:
        async with asyncio.timeout(5):
            while self.leading != expected:
                await asyncio.sleep(0.01)


@pytest.fixture
def band(database: Database) -> Band:
    return Band(database.dsn("deadline"))


async def test_one_leads_and_another_follows_when_it_ends(band: Band) -> None:
    first = band.join(1)
    await band.wait_for({1})
    second = band.join(2)
    await asyncio.sleep(0.2)
    assert band.leading == {1}
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await band.wait_for({2})
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert (band.leading, band.most) == (set(), 1)


async def test_who_loses_its_connection_stops_before_it_leads_again(
    band: Band, pool: asyncpg.Pool
) -> None:
    task = band.join(1)
    await band.wait_for({1})
    band.most = 0
    await pool.execute(
        """select pg_terminate_backend(pid) from pg_locks
           where locktype = 'advisory' and granted and classid::bigint
               = hashtext('rings')::bigint & 4294967295"""
    )
    async with asyncio.timeout(5):
        while band.most == 0:
            await asyncio.sleep(0.01)
    assert (band.leading, band.most) == ({1}, 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_the_work_raises_ends_the_lead(database: Database) -> None:
    async def work() -> None:
        raise ValueError("a fault of our own")

    with pytest.raises(ValueError, match="a fault of our own"):
        await lead_for_ever(database.dsn("deadline"), "rings", "deadline", work, lambda: 0.0)


async def test_who_waits_less_leads_first(band: Band) -> None:
    tasks = [band.join(1, standby_seconds=0.5), band.join(2, standby_seconds=0.05)]
    await band.wait_for({2})
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
