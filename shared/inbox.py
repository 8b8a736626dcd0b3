"""The inbox: heard once, in order, gaps seen, and one bad event stops one dossier.

`hear` is the whole of it, in one transaction: sort the letters by what was heard before, apply what
is next, set aside what is not, and keep how far we have come.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

import asyncpg

from shared import inbox_tables as tables
from shared import stages, tracing
from shared.event_traces import entered
from shared.events.catalogue import ENDINGS
from shared.inbox_tables import Positions
from shared.letters import POISON, Cause, Fault, Letter, Opener
from shared.messages import Heard, Refusal
from shared.outbox import short_name

Apply = Callable[[asyncpg.Connection, Sequence[Heard]], Awaitable[Sequence[Refusal]]]
"""A service's effect on a batch: applies in order per subject, refuses, and skips what follows."""

Pair = tuple[str, str]
"""Source and subject: what a sequence counts."""


class HeardElsewhereError(RuntimeError):
    """Another member moved a subject on while we worked (a rebalance): roll back and hear again."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A letter to set aside, and why."""

    letter: Letter
    cause: Cause
    reason: str
    waits_for: str | None = None


@dataclass(slots=True)
class Tally:
    """What became of a batch: counts, and what to look at once it is committed."""

    applied: int = 0
    duplicates: int = 0
    holds: list[Hold] = field(default_factory=list)
    heard: Sequence[Letter] = ()
    """The letters applied."""
    answered: set[str] = field(default_factory=set)
    """`topic/subject` of each compacted event applied: what others may have waited for."""


class Sorting:
    """One batch sorted against what was heard and what is held. Pure; filled by `place`."""

    def __init__(
        self,
        last: dict[Pair, int],
        known_ids: set[Pair],
        held: Sequence[Letter],
        retrying: Collection[str],
        limit: int | None = None,
        forgotten: Collection[str] = (),
    ) -> None:
        self.last = dict(last)
        self.to_apply: list[Letter] = []
        self.duplicates: list[Letter] = []
        self.holds: list[Hold] = []
        self._known_ids = known_ids
        self._limit = limit
        self._forgotten = forgotten
        # Letters that are ahead of their sequence, from the table or from this batch.
        self._ahead: dict[tuple[str, str, int], Letter] = {
            (letter.source, letter.subject, letter.sequence): letter
            for letter in held
            if letter.sequence is not None
        }
        self.blocked = {
            letter.subject
            for letter in held
            if letter.held_cause in POISON and letter.subject not in retrying
        }

    def place(self, letter: Letter) -> None:
        """Decide what becomes of one letter; a letter that closes a gap draws on those behind it."""
        while True:
            following = self._place_one(letter)
            if following is None:
                return
            letter = following

    def _place_one(self, letter: Letter) -> Letter | None:
        pair = (letter.source, letter.subject)
        sequence, last = letter.sequence, self.last.get(pair, 0)
        if self._is_duplicate(letter, last):
            self.duplicates.append(letter)
        elif letter.subject in self.blocked:
            self._hold(letter, "follower", "follows an event of its subject that is set aside")
        elif sequence is not None and sequence > last + 1 and not letter.may_skip:
            self._ahead.setdefault((*pair, sequence), letter)
        elif letter.fault is not None:
            self._hold(letter, letter.fault.cause, letter.fault.reason)
            self.blocked.add(letter.subject)
        elif self._limit is not None and len(self.to_apply) >= self._limit:
            self._hold(letter, "follower", "waits its turn")
            self.blocked.add(letter.subject)
        else:
            self.to_apply.append(letter)
            if sequence is None:
                assert letter.envelope is not None  # a letter without one has a fault
                self._known_ids.add((letter.source, letter.envelope.id))
            else:
                self.last[pair] = sequence
                return self._ahead.pop((*pair, sequence + 1), None)
        return None

    def close(self) -> None:
        """Every letter placed: what is still ahead of its sequence is set aside."""
        for (source, subject, sequence), letter in self._ahead.items():
            last = self.last.get((source, subject), 0)
            if sequence > last:
                self._hold(letter, "gap", f"sequence {sequence} came after {last}")

    def _is_duplicate(self, letter: Letter, last: int) -> bool:
        if letter.subject in self._forgotten and not letter.may_skip:
            return True  # it was heard to its end, and nothing follows an end
        if letter.sequence is not None:
            return letter.sequence <= last
        if letter.envelope is not None:
            return (letter.source, letter.envelope.id) in self._known_ids
        return False

    def _hold(self, letter: Letter, cause: Cause, reason: str) -> None:
        # A letter held already as part of the same wait stays as it is, its first reason with it.
        if letter.held_id is None or cause in POISON:
            self.holds.append(Hold(letter, cause, reason))

    def refuse(self, refusals: Sequence[Refusal], before: dict[Pair, int]) -> list[Letter]:
        """Take refused letters and their followers out again; return what was truly applied."""
        by_event = {id(refusal.heard.event): refusal for refusal in refusals}
        stopped: set[str] = set()
        applied: list[Letter] = []
        self.last = dict(before)
        for letter in self.to_apply:
            refusal = by_event.get(id(letter.event)) if letter.event is not None else None
            if letter.subject in stopped:
                self._hold(letter, "follower", "follows an event of its subject that is set aside")
            elif refusal is not None:
                stopped.add(letter.subject)
                cause: Cause = "refused" if refusal.waits_for is None else "waiting"
                self.holds.append(Hold(letter, cause, refusal.reason, refusal.waits_for))
            else:
                applied.append(letter)
                if letter.sequence is not None:
                    self.last[letter.source, letter.subject] = letter.sequence
        return applied


async def hear(
    connection: asyncpg.Connection,
    opener: Opener,
    apply: Apply,
    letters: Sequence[Letter],
    now: datetime,
    *,
    retrying: Collection[str] = (),
    limit: int | None = None,
    fault: Fault | None = None,
    positions: Positions = MappingProxyType({}),
) -> Tally:
    """Hear a batch inside the caller's transaction.

    `letters` are new, in Kafka's order; `positions` are noted with them. `retrying` names subjects
    whose set-aside letters are tried again now. `limit` bounds how many letters are applied; with
    `fault`, the one letter that would be applied is set aside with it instead (how a letter that
    breaks a batch is isolated).
    Raises `HeardElsewhereError` when another member moved a subject on meanwhile.
    """
    subjects = {letter.subject for letter in letters}.union(retrying)
    sources = {letter.source for letter in letters}
    before, is_any_held, forgotten = await tables.load_last(connection, sources, subjects)
    held = await tables.load_held(connection, subjects, opener) if is_any_held else []
    every = [*(letter for letter in held if letter.subject in retrying), *letters]
    if held:
        sources.update(letter.source for letter in held)
        before, _, forgotten = await tables.load_last(connection, sources, subjects)
    known_ids = await tables.load_known_ids(connection, _foreign(every))
    stages.enter("decide")
    sorting = Sorting(before, known_ids, held, retrying, limit, forgotten)
    for letter in every:
        sorting.place(letter)
    sorting.close()
    if fault is not None:
        _isolate(sorting, fault, before)
    heard = [
        Heard(letter.envelope, letter.event)
        for letter in sorting.to_apply
        if letter.envelope is not None and letter.event is not None
    ]
    if tracing.is_on():
        heard = entered(heard)
    stages.enter("load")
    refusals = await apply(connection, heard) if heard else []
    stages.enter("store")
    applied = sorting.refuse(refusals, before) if refusals else sorting.to_apply
    await _keep(connection, sorting, applied, before, positions, now)
    return Tally(
        applied=len(applied),
        duplicates=len(sorting.duplicates),
        holds=sorting.holds,
        heard=applied,
        answered={
            f"{short_name(letter.topic)}/{letter.subject}" for letter in applied if letter.may_skip
        },
    )


def _isolate(sorting: Sorting, fault: Fault, before: dict[Pair, int]) -> None:
    for letter in sorting.to_apply[:1]:
        sorting.holds.append(Hold(letter, fault.cause, fault.reason))
        sorting.to_apply = []
        sorting.last = dict(before)


def _foreign(letters: Iterable[Letter]) -> set[Pair]:
    return {
        (letter.source, letter.envelope.id)
        for letter in letters
        if letter.envelope is not None and letter.envelope.sequence is None
    }


async def _keep(
    connection: asyncpg.Connection,
    sorting: Sorting,
    applied: Sequence[Letter],
    before: dict[Pair, int],
    positions: Positions,
    now: datetime,
) -> None:
    # A subject that only had a letter set aside is guarded as well: else a retry under way on
    # another connection might finish without seeing the follower we are about to add.
    moved = {pair: n for pair, n in sorting.last.items() if before.get(pair, 0) != n}
    for hold in sorting.holds:
        if hold.letter.envelope is not None:
            pair = (hold.letter.source, hold.letter.subject)
            moved.setdefault(pair, sorting.last.get(pair, 0))
    ended = {x.subject for x in applied if x.envelope is not None and x.envelope.type in ENDINGS}
    if await tables.move_on(connection, moved, before, positions, ended) != len(moved):
        raise HeardElsewhereError("a subject was heard by another member meanwhile")
    ids = _foreign(applied)
    if await tables.keep_ids(connection, ids, now) != len(ids):
        raise HeardElsewhereError("an event was heard by another member meanwhile")
    done = [x.held_id for x in (*applied, *sorting.duplicates) if x.held_id is not None]
    await tables.release(connection, done)
    await tables.set_aside(connection, sorting.holds, now)


def as_fault(error: BaseException) -> Fault:
    """How a letter that broke its batch is set aside: the error's kind and first line."""
    first_line = str(error).partition("\n")[0][:300]
    return Fault("refused", f"{type(error).__name__}: {first_line}")
