"""Dead letters on the board: show, retry and discard, with a reason, on record."""

from datetime import datetime
from typing import Protocol

import asyncpg
import structlog

from shared import dead_letters
from shared.hearing import Hearing
from shared.identity import Caller
from shared.problems import Problem

log = structlog.get_logger()

LONGEST_REASON = 500
MOST_SHOWN = 100


class Actions(Protocol):
    """The record of what was done to dead letters."""

    async def begin(
        self, action: str, subject: str, letter: int | None, reason: str, by: str, now: datetime
    ) -> int: ...

    async def end(self, number: int, outcome: str) -> None: ...


class Letters:
    """The dead letters of this service, as an operator handles them."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self._hearing: Hearing | None = None
        self._pool: asyncpg.Pool | None = None

    def hear_with(self, hearing: Hearing, pool: asyncpg.Pool) -> None:
        """The ear to try letters with, once the service listens."""
        self._hearing, self._pool = hearing, pool

    def _open(self) -> tuple[Hearing, asyncpg.Pool]:
        if self._hearing is None or self._pool is None:
            raise Problem(503, "Not now", "the service does not listen yet", type="unavailable")
        return self._hearing, self._pool

    async def waiting(self) -> list[dead_letters.Waiting]:
        return await dead_letters.list_waiting(self._open()[1], MOST_SHOWN)

    async def show(self, subject: str) -> list[dict[str, object]]:
        """Raises `Problem` 404."""
        try:
            return (await dead_letters.show(self._open()[1], subject))[:MOST_SHOWN]
        except dead_letters.NotSetAsideError as error:
            raise _not_found(error) from error

    async def retry(self, subject: str, reason: str, caller: Caller, now: datetime) -> int:
        """How many were applied. Raises `Problem` 404, 422."""
        hearing, pool = self._open()
        number = await self._begin("retry", subject, None, reason, caller, now)
        try:
            applied = await dead_letters.retry(hearing, pool, subject)
        except dead_letters.NotSetAsideError as error:
            await self._actions.end(number, str(error))
            raise _not_found(error) from error
        await self._actions.end(number, f"{applied} applied")
        return applied

    async def discard(
        self, subject: str, letter: int, reason: str, caller: Caller, now: datetime
    ) -> int:
        """How many behind it were applied. Raises `Problem` 404, 409, 422."""
        hearing, pool = self._open()
        number = await self._begin("discard", subject, letter, reason, caller, now)
        try:
            applied = await dead_letters.discard(
                hearing, pool, letter, because=reason, by=caller.subject, now=now
            )
        except dead_letters.NotSetAsideError as error:
            await self._actions.end(number, str(error))
            raise _not_found(error) from error
        except ValueError as error:
            await self._actions.end(number, str(error))
            raise Problem(409, "Not this one", str(error), type="not-at-the-head") from error
        await self._actions.end(number, f"discarded, {applied} behind it applied")
        return applied

    async def _begin(
        self, action: str, subject: str, letter: int | None, reason: str, by: Caller, now: datetime
    ) -> int:
        if not reason.strip() or len(reason) > LONGEST_REASON or "\x00" in reason:
            rule = f"1 to {LONGEST_REASON} characters, in words"
            raise Problem(
                422, "A reason is asked", f"reason: {rule}", type="invalid-request",
                field="reason", value=reason[:80], rule=rule,
            )  # fmt: skip
        log.info("a dead letter", action=action, subject=subject, letter=letter, by=by.subject)
        return await self._actions.begin(action, subject, letter, reason.strip(), by.subject, now)


def _not_found(error: Exception) -> Problem:
    return Problem(404, "Not set aside", str(error), type="not-set-aside")
