"""Group commit: requests that arrive while a transaction runs share the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.postgres import is_transient

Asked = TypeVar("Asked")
Verdict = TypeVar("Verdict")

LARGEST_BATCH = 500


class GroupCommit(Generic[Asked, Verdict]):
    """Coalesces single requests into batches, each committed whole.

    A request waits for nobody when the desk is free, and at most for the transaction under way
    when it is not: so one request alone is as quick as it can be, and many cost one commit.
    """

    def __init__(self, commit: Callable[[Sequence[Asked]], Awaitable[Sequence[Verdict]]]) -> None:
        self._commit = commit
        self._waiting: deque[tuple[Asked, asyncio.Future[Verdict]]] = deque()
        self._draining: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Verdict:
        """The verdict on `asked`, once it is committed. Raises what its transaction raised."""
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), LARGEST_BATCH)
                await self._settle([self._waiting.popleft() for _ in range(size)])
        finally:
            self._draining = None

    async def _settle(self, batch: Sequence[tuple[Asked, asyncio.Future[Verdict]]]) -> None:
        """Commit a batch; one that breaks its batch is found by halving, and fails alone."""
        try:
            verdicts = await self._commit([asked for asked, _ in batch])
        except Exception as error:  # noqa: BLE001  every caller is told of it
            if len(batch) > 1 and not is_transient(error):
                middle = len(batch) // 2
                await self._settle(batch[:middle])
                await self._settle(batch[middle:])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), verdict in zip(batch, verdicts, strict=True):
            if not future.done():
                future.set_result(verdict)
