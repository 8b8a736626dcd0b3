"""Group commit: requests that arrive while a transaction runs share the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from shared import tracing
from shared.clock import wall_ns
from shared.postgres import is_transient
from shared.tracing import Member, Place

Asked = TypeVar("Asked")
Verdict = TypeVar("Verdict")

LARGEST_BATCH = 500


class _Request(NamedTuple, Generic[Asked, Verdict]):
    asked: Asked
    verdict: asyncio.Future[Verdict]
    place: Place | None
    """Where it stands in a trace that is kept."""


class GroupCommit(Generic[Asked, Verdict]):
    """Coalesces single requests into batches, each committed whole.

    A request waits for nobody when the desk is free, and at most for the transaction under way
    when it is not: so one request alone is as quick as it can be, and many cost one commit.
    """

    def __init__(self, commit: Callable[[Sequence[Asked]], Awaitable[Sequence[Verdict]]]) -> None:
        self._commit = commit
        self._waiting: deque[_Request[Asked, Verdict]] = deque()
        self._draining: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Verdict:
        """The verdict on `asked`, once it is committed. Raises what its transaction raised."""
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Request(asked, future, tracing.kept_here()))
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        tracing.leave()
        try:
            while self._waiting:
                size = min(len(self._waiting), LARGEST_BATCH)
                await self._settle([self._waiting.popleft() for _ in range(size)])
        finally:
            self._draining = None

    async def _settle(self, batch: Sequence[_Request[Asked, Verdict]]) -> None:
        """Commit a batch; one that breaks its batch is found by halving, and fails alone."""
        began_ns = wall_ns()
        try:
            verdicts = await self._commit([request.asked for request in batch])
        except Exception as error:  # noqa: BLE001  every caller is told of it
            if len(batch) > 1 and not is_transient(error):
                middle = len(batch) // 2
                await self._settle(batch[:middle])
                await self._settle(batch[middle:])
                return
            for request in batch:
                if not request.verdict.done():
                    request.verdict.set_exception(error)
            return
        _record(batch, began_ns)
        for request, verdict in zip(batch, verdicts, strict=True):
            if not request.verdict.done():
                request.verdict.set_result(verdict)


def _record(batch: Sequence[_Request[Any, Any]], began_ns: int) -> None:
    members = [
        Member("commit", Place(place.trace, tracing.new_span_id()), place, {})
        for _, _, place in batch
        if place is not None
    ]
    size = {"thanthien.requests": len(batch)}
    tracing.record_batch("commit a batch", "internal", members, size, began_ns)
