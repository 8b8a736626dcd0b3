"""Requests that come together share a transaction, and never a fault."""

import asyncio
from collections.abc import Sequence

import pytest

from services.intake.entrypoints.group_commit import LARGEST_BATCH, GroupCommit
from shared import tracing


class Book:
    """Counts its batches; a page numbered in `torn` breaks the batch it is in."""

    def __init__(self, torn: Sequence[int] = (), error: type[Exception] = ValueError) -> None:
        self.batches: list[list[int]] = []
        self._torn = set(torn)
        self._error = error

    async def commit(self, pages: Sequence[int]) -> list[int]:
        await asyncio.sleep(0)
        if torn := self._torn.intersection(pages):
            raise self._error(f"torn: {sorted(torn)}")
        self.batches.append(list(pages))
        return [page * 10 for page in pages]


async def test_those_who_come_while_one_is_served_are_served_together() -> None:
    book = Book()
    desk = GroupCommit(book.commit)
    first = asyncio.create_task(desk.ask(0))
    await asyncio.sleep(0)
    rest = await asyncio.gather(*(desk.ask(page) for page in range(1, 9)))
    assert await first == 0
    assert rest == [page * 10 for page in range(1, 9)]
    assert [sorted(batch) for batch in book.batches] == [[0], list(range(1, 9))]


async def test_no_batch_is_larger_than_it_may_be() -> None:
    book = Book()
    desk = GroupCommit(book.commit)
    await asyncio.gather(*(desk.ask(page) for page in range(LARGEST_BATCH * 2 + 1)))
    assert max(len(batch) for batch in book.batches) == LARGEST_BATCH


async def test_one_that_breaks_its_batch_fails_alone() -> None:
    book = Book(torn=[3])
    desk = GroupCommit(book.commit)
    answers = await asyncio.gather(*(desk.ask(n) for n in range(8)), return_exceptions=True)
    assert isinstance(answers[3], ValueError)
    assert [answer for n, answer in enumerate(answers) if n != 3] == [
        n * 10 for n in range(8) if n != 3
    ]
    assert sorted(page for batch in book.batches for page in batch) == [0, 1, 2, 4, 5, 6, 7]


async def test_a_lost_database_is_everybodys_fault_and_nobody_is_tried_again() -> None:
    book = Book(torn=[3], error=ConnectionResetError)
    desk = GroupCommit(book.commit)
    answers = await asyncio.gather(*(desk.ask(n) for n in range(8)), return_exceptions=True)
    assert all(isinstance(answer, ConnectionResetError) for answer in answers)
    assert book.batches == []


async def test_the_desk_goes_on_after_a_fault() -> None:
    book = Book(torn=[1])
    desk = GroupCommit(book.commit)
    with pytest.raises(ValueError, match="torn"):
        await desk.ask(1)
    assert await desk.ask(2) == 20


async def test_what_works_for_many_stands_in_nobodys_trace() -> None:
    """Else whoever comes first would lend its trace to the log of all who come after."""
    seen: list[object] = []

    async def commit(pages: Sequence[int]) -> list[int]:
        seen.append(tracing.here())
        return list(pages)

    with tracing.standing(tracing.Place("1" * 32, "1" * 16)):
        await GroupCommit(commit).ask(1)
        assert tracing.here() is not None
    assert seen == [None]
