"""Lets a request wait for its dossier's appointment, whichever replica hears of it."""

import asyncio
from collections import defaultdict

from services.intake.domain.promises import Promise
from services.intake.usecases.ports import Appointments

MANY = "many"
"""What is announced instead of codes when there are too many to name."""
REMEMBERED_CODES = 10_000
REMEMBERED_SECONDS = 5.0


class WaitingRoom:
    """Who waits for which code, in this process.

    `announce` is called for every notification; `run` reads what was announced, one query for all
    who wait, and wakes them. A code announced before its request began to wait is remembered.
    """

    def __init__(self, appointments: Appointments) -> None:
        self._appointments = appointments
        self._waiting: defaultdict[str, list[asyncio.Future[Promise]]] = defaultdict(list)
        self._early: dict[str, None] = {}
        self._many_until = 0.0
        self._to_read: set[str] = set()
        self._woken = asyncio.Event()

    def announce(self, payload: str) -> None:
        """Codes with spaces between, `many`, or nothing after a time of deafness."""
        if payload in (MANY, ""):
            self._many_until = asyncio.get_running_loop().time() + REMEMBERED_SECONDS
            self._read(set(self._waiting))
            return
        codes = set(payload.split())
        self._read(codes & self._waiting.keys())
        self._early.update(dict.fromkeys(codes - self._waiting.keys()))
        while len(self._early) > REMEMBERED_CODES:
            del self._early[next(iter(self._early))]

    async def wait(self, code: str, seconds: float, *, is_new: bool = True) -> Promise | None:
        """The promise of `code` once it is set; None when it is not within `seconds`.

        The promise of a dossier that `is_new` cannot have been set before it was committed.
        """
        future: asyncio.Future[Promise] = asyncio.get_running_loop().create_future()
        self._waiting[code].append(future)
        is_late = asyncio.get_running_loop().time() < self._many_until
        if code in self._early or is_late or not is_new:
            self._read({code})
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            self._leave(code, future)

    async def run(self) -> None:
        """Read what was announced, for ever."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            codes, self._to_read = self._to_read, set()
            for code, promise in (await self._appointments.read(codes)).items():
                self._early.pop(code, None)
                for future in self._waiting.get(code, ()):
                    if not future.done():
                        future.set_result(promise)

    def _read(self, codes: set[str]) -> None:
        if codes:
            self._to_read |= codes
            self._woken.set()

    def _leave(self, code: str, future: asyncio.Future[Promise]) -> None:
        self._waiting[code].remove(future)
        if not self._waiting[code]:
            del self._waiting[code]
