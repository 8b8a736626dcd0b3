"""What is put into the books comes out again."""

from zoneinfo import ZoneInfo

import asyncpg
import pytest

from services.feedback.adapters.books import begin_on
from services.feedback.domain.congratulating import Congratulating
from services.feedback.domain.dossiers import Acceptance, Dossier, Receipt, Waiting
from services.feedback.domain.notices import Kind, Notice
from services.feedback.domain.ratings import Invitation, Stars
from services.feedback.tests.history import CLOSING, CODE, NOW, UNIT, at
from services.feedback.usecases.ports import Agency, Text, WrittenNotice

FULL = Dossier(
    CODE,
    UNIT,
    10,
    Receipt(UNIT, at(8), "2.000815"),
    Acceptance(UNIT, at(8, 5), "cb-17"),
    2,
    (CLOSING, None, at(11)),
    CLOSING,
    (*Kind, Kind.TRANSFERRED),
    (
        Waiting(Kind.TRANSFERRED, 2, UNIT, at(9), 4, "cb-17"),
        Waiting(Kind.RESOLVED, 1, UNIT, at(10), 4),
    ),
)
EMPTY = Dossier("H10.01-20261113-0002")


async def test_dossiers_come_out_as_they_were_stored(pool: asyncpg.Pool) -> None:
    begin = begin_on(pool)
    async with begin() as books:
        assert await books.dossiers.lock([FULL.code, EMPTY.code]) == {
            FULL.code: Dossier(FULL.code),
            EMPTY.code: EMPTY,
        }
        await books.dossiers.store([FULL, EMPTY])
    async with begin() as books:
        assert await books.dossiers.lock([EMPTY.code, FULL.code]) == {
            FULL.code: FULL,
            EMPTY.code: EMPTY,
        }
        assert await books.dossiers.find("H10.01-20261113-0003") is None


async def test_an_agency_is_known_by_its_last_name(pool: asyncpg.Pool) -> None:
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    async with begin_on(pool)() as books:
        await books.agencies.store([Agency(UNIT, "Cũ", zone)])
        pledged = (
            Congratulating(NOW.date(), None, frozenset({"1.001193", "2.000815"})),
            Congratulating(at(8).date(), NOW.date(), frozenset({"1.001193"})),
        )
        new = Agency(UNIT, "Mới", zone, pledged)
        await books.agencies.store([new, Agency("H10.02", "Khác", zone)])
        assert await books.agencies.find([UNIT]) == {UNIT: new}
        assert [agency.name for agency in await books.agencies.all()] == ["Khác", "Mới"]


async def test_a_notice_said_twice_is_refused_by_the_primary_key(pool: asyncpg.Pool) -> None:
    written = WrittenNotice(Notice(Kind.THANKS, CODE, UNIT, at(16)), Text("vi", "en"), NOW)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with begin_on(pool)() as books:
            await books.dossiers.lock([CODE])
            await books.notices.store([written])
            await books.notices.store([written])


async def test_a_link_cannot_rate_twice_even_without_the_lock(pool: asyncpg.Pool) -> None:
    invitation = Invitation("t" * 43, CODE, UNIT, NOW, CLOSING)
    with pytest.raises(RuntimeError, match="without holding its lock"):
        async with begin_on(pool)() as books:
            await books.dossiers.lock([CODE])
            await books.ratings.invite([invitation])
            await books.ratings.give(invitation, Stars(5, 5, 5, 5), NOW, at_counter=False)
            await books.ratings.give(invitation, Stars(1, 1, 1, 1), NOW, at_counter=True)
