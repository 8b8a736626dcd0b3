"""Hearing: a batch of letters through the inbox, come what may.

Transient faults are waited out and set nothing aside. A fault that stays is pinned on one letter by
hearing the batch in ever smaller parts; that letter is set aside, the others are heard.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import perf_counter
from typing import TypeVar

import asyncpg
import structlog
from aiokafka import ConsumerRecord

from shared import inbox, stages, telemetry, tracing
from shared import inbox_tables as tables
from shared.clock import Clock, wall_ns
from shared.event_traces import record_heard
from shared.inbox import Apply, HeardElsewhereError, Tally
from shared.inbox_tables import Positions
from shared.letters import Fault, Letter, Opener
from shared.postgres import is_transient, transaction
from shared.telemetry import HearingMetrics

log = structlog.get_logger()

Result = TypeVar("Result")

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 5.0


class LastingFaultError(Exception):
    """A batch failed for a reason that waiting does not mend; the cause is chained."""


class Hearing:
    """One service's ear: what it understands, and what it does with it."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        opener: Opener,
        apply: Apply,
        clock: Clock,
        metrics: HearingMetrics,
    ) -> None:
        self._pool = pool
        self._apply = apply
        self._clock = clock
        self._metrics = metrics
        self.opener = opener

    async def hear_records(
        self, records: Sequence[ConsumerRecord], *, notes_positions: bool = True
    ) -> None:
        """Open a batch of records and hear it."""
        began = perf_counter()
        letters = [
            self.opener.open(r.topic, r.partition, r.offset, r.key, r.headers, r.value)
            for r in records
        ]
        telemetry.STAGE_SECONDS.labels("decode").observe(perf_counter() - began)
        await self.hear(letters, notes_positions=notes_positions)

    async def hear(self, letters: Sequence[Letter], *, notes_positions: bool = True) -> None:
        """Hear a batch; when this returns, each letter is applied, known already, or set aside."""
        positions = positions_after(letters) if notes_positions else {}
        try:
            tally = await self._transact(letters, positions)
        except LastingFaultError as error:
            if len(letters) > 1:
                log.warning(
                    "a batch failed; hearing it in parts", error=repr(error.__cause__)[:300]
                )
                middle = len(letters) // 2
                await self.hear(letters[:middle], notes_positions=notes_positions)
                await self.hear(letters[middle:], notes_positions=notes_positions)
            else:
                await self._hear_alone(letters[0], positions)
        else:
            await self._look_after(tally)

    async def note_positions(self, records: Sequence[ConsumerRecord]) -> None:
        """Note how far these records have brought us, when hearing them did not."""

        async def work() -> None:
            async with transaction(self._pool) as connection:
                await tables.note_positions(connection, positions_after(records))

        await self._wait_out(work)

    async def retry(self, subject: str) -> int:
        """Try a subject's set-aside letters again, in order; return how many were applied."""
        applied = 0
        while True:
            try:
                tally = await self._transact([], {}, retrying=[subject], limit=1)
            except LastingFaultError as error:
                fault = inbox.as_fault(error.__cause__ or error)
                tally = await self._transact([], {}, retrying=[subject], limit=1, fault=fault)
            if tally.applied == 0:
                return applied
            applied += tally.applied
            if tally.answered:
                await self.release_waiting(sorted(tally.answered))

    async def release_waiting(self, answered: Sequence[str] | None = None) -> int:
        """Retry what waited for one of `answered` (`topic/subject`); None: all that waits."""
        # The letters that may wait were committed before: a lost connection must not lose them.
        rows = await self._wait_out(
            lambda: self._pool.fetch(
                """select distinct subject from set_aside
                   where waits_for is not null and ($1::text[] is null or waits_for = any($1))""",
                answered,
            )
        )
        return sum([await self.retry(row["subject"]) for row in rows])

    async def _hear_alone(self, letter: Letter, positions: Positions) -> None:
        """One letter without those it would draw after it, then with the fault pinned on it."""
        try:
            tally = await self._transact([letter], positions, limit=1)
        except LastingFaultError as error:
            cause = error.__cause__ or error
            traceparent = letter.envelope.traceparent if letter.envelope else None
            log.error(
                "an event cannot be applied",
                subject=letter.subject,
                **tracing.named(traceparent),
                exc_info=cause,
            )
            await self._transact([letter], positions, limit=1, fault=inbox.as_fault(cause))
            return
        await self._look_after(tally)
        await self.retry(letter.subject)

    async def _look_after(self, tally: Tally) -> None:
        """After the commit: an event that waits, and the one it waits for, may have crossed."""
        if tally.answered:
            await self.release_waiting(sorted(tally.answered))
        for subject in dict.fromkeys(x.letter.subject for x in tally.holds if x.waits_for):
            await self.retry(subject)

    async def _transact(
        self,
        letters: Sequence[Letter],
        positions: Positions,
        *,
        retrying: Sequence[str] = (),
        limit: int | None = None,
        fault: Fault | None = None,
    ) -> Tally:
        """One transaction, begun again until no transient fault stands in its way."""

        async def work() -> Tally:
            began_ns = wall_ns()
            with stages.measured() as laps:
                async with transaction(self._pool) as connection:
                    # fmt: off
                    tally = await inbox.hear(
                        connection, self.opener, self._apply, letters, self._clock.now(),
                        retrying=retrying, limit=limit, fault=fault, positions=positions,
                    )
                    # fmt: on
                    stages.enter("commit")
            self._metrics.count(letters, tally, laps.seconds)
            if tracing.is_on():
                record_heard(tally, laps.seconds, began_ns)
            return tally

        try:
            return await self._wait_out(work)
        except Exception as error:
            raise LastingFaultError from error

    async def _wait_out(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do `work`, again and again while a transient fault stands in its way."""
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await work()
            except HeardElsewhereError:
                self._metrics.heard_elsewhere.inc()
            except Exception as error:
                if not is_transient(error):
                    raise
                self._metrics.transient.inc()
                log.warning("the database is away; waiting", error=repr(error)[:300])
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)


def positions_after(letters: Iterable[Letter | ConsumerRecord]) -> dict[tuple[str, int], int]:
    """The next offset of every partition that a batch came from, in order."""
    ends: dict[tuple[str, int], int] = {}
    for letter in letters:
        place = (letter.topic, letter.partition)
        ends[place] = max(ends.get(place, 0), letter.offset + 1)
    return dict(sorted(ends.items()))
