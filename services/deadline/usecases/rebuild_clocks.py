"""Hears lives anew beside what was said of them, and comes to the clocks they left.

What deadline said of a code stands in one order, that of its commits. Some of it answers what was heard:
that is decided anew, by the same functions as in life, and held against what was said. The rest was decided
otherwise (an alarm, a head of unit, a recomputation): that is done as it was said. What says nothing changes
nothing, so the two orders are one. Nothing is said again.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from services.deadline.domain import clocks as moves
from services.deadline.domain.alarms import Alarm, Bell, Uncomputable
from services.deadline.domain.clocks import Clock, IllegalMoveError, PastGeneration, State
from services.deadline.domain.ladder import Call, Rung
from services.deadline.domain.lateness import LatenessOutcome, late
from services.deadline.domain.recomputations import Change
from services.deadline.domain.working_calendar import WorkingCalendar
from services.deadline.usecases import tidings
from services.deadline.usecases.batch import Batch
from services.deadline.usecases.directory import Directory
from services.deadline.usecases.keep_clocks import REGISTRATIONS, decide, store
from services.deadline.usecases.ports import Books, ClockKey, OpenClocks
from services.deadline.usecases.recompute import CANNOT_COUNT, counted_again
from shared.events.base import Event
from shared.events.deadlines import (
    AlarmRung,
    AppointmentSet,
    BreachWithdrawn,
    DeadlineRecomputed,
    DeadlineSet,
    DeadlineUncomputable,
    Reappointed,
)
from shared.messages import Heard, Refusal

SILENT = Bell(datetime.min.replace(tzinfo=UTC), timedelta.max, is_punctual=True)
"""No alarm rings by itself in a replay: when each rang is told by what was said."""

UNKNOWN = OpenClocks(clocks=[], dossiers={}, past={}, rang={})

HEARD_THEN: Mapping[type[Event], frozenset[str]] = {
    AlarmRung: frozenset({"rang_at", "is_late"}),
    BreachWithdrawn: frozenset({"heard_at"}),
}
"""What of an event hangs on when it was heard or rang: only what was said can tell."""


class SaidThen(NamedTuple):
    """One saying, as it was said."""

    sequence: int
    event: Event
    time: datetime


class Contradiction(NamedTuple):
    """Where counting anew came to something else than was said; the life is not rebuilt."""

    code: str
    sequence: int | None
    said: str
    counted: str


class Annals(Protocol):
    """What was said, and how far it is accounted for, in the transaction under way."""

    async def said_of(self, codes: Sequence[str]) -> dict[str, deque[SaidThen]]:
        """What was said of some codes and is not accounted for yet, in order."""

    async def account(self, numbers: Mapping[str, int]) -> None:
        """Note up to which number the sayings of each code are accounted for."""

    async def contradict(self, found: Sequence[Contradiction]) -> None:
        """Note contradictions."""

    async def words_of(self, codes: Sequence[str]) -> dict[tuple[str, str, int], str]:
        """Why there was no clock, by kind, code and generation: only the live schema has the words."""


class OldCalendars:
    """Every version of every calendar that the rule book and the decrees give, and directories under them."""

    def __init__(self, versions: Mapping[str, WorkingCalendar]) -> None:
        self._versions = versions
        self._directories: dict[tuple[str, ...], Directory] = {}
        self._today: Directory | None = None

    def directory_then(self, today: Directory, dated: Iterable[DeadlineSet]) -> Directory:
        """The directory that dates were counted in: of each calendar the version that the first of them
        names."""
        then: dict[str, WorkingCalendar] = {}
        for event in dated:
            calendar = self._versions.get(event.calendar_version)
            if calendar is not None:
                then.setdefault(calendar.name, calendar)
        rule_book = today.rule_book
        if all(rule_book.calendars[name] is calendar for name, calendar in then.items()):
            return today
        if self._today is not today:
            self._today, self._directories = today, {}
        key = tuple(sorted(calendar.version for calendar in then.values()))
        found = self._directories.get(key)
        if found is None:
            calendars = {**rule_book.calendars, **then}
            found = today.under(replace(rule_book, calendars=calendars))
            self._directories[key] = found
        return found


class _ContradictedError(Exception):
    def __init__(self, then: SaidThen | None, counted: str) -> None:
        super().__init__(counted)
        self.then = then


@dataclass(slots=True)
class _Lives:
    """A batch of lives under way."""

    batch: Batch
    today: Directory
    calendars: OldCalendars
    said: Mapping[str, deque[SaidThen]]
    known: OpenClocks
    words: Mapping[tuple[str, str, int], str]
    accounted: dict[str, int] = field(default_factory=dict)
    contradictions: dict[str, Contradiction] = field(default_factory=dict)
    recomputed: dict[tuple[int, datetime], list[Change]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def hear(self, one: Heard) -> Refusal | None:
        """What was decided before an event, then what the event does. After a contradiction nothing
        more is done for its code."""
        code = one.envelope.subject
        if type(one.event) in REGISTRATIONS:
            return decide(self.batch, one)
        if code in self.contradictions:
            return None
        self.catch_up(code)
        try:
            return self._answer(one) if code not in self.contradictions else None
        except _ContradictedError as found:
            self._contradict(code, found)
            return None

    def catch_up(self, code: str) -> None:
        """Do what was decided otherwise than by hearing, as far as it comes next."""
        queue = self.said.get(code, deque())
        while queue and code not in self.contradictions:
            redo = DECIDED_OTHERWISE.get(type(queue[0].event))
            if redo is None:
                return
            try:
                redo(self, queue[0], queue[0].event)
            except _ContradictedError as found:
                self._contradict(code, found)
                return
            self.accounted[code] = queue.popleft().sequence

    def _answer(self, one: Heard) -> Refusal | None:
        batch, code = self.batch, one.envelope.subject
        queue = self.said.get(code, deque())
        dated = (then.event for then in queue if isinstance(then.event, DeadlineSet))
        batch.directory = self.calendars.directory_then(self.today, dated)
        said, rang, uncounted = len(batch.sayings), len(batch.alarms), len(batch.uncomputable)
        refusal = decide(batch, one)
        del batch.uncomputable[uncounted:]  # what was said of that is done as it was said
        answers = [saying.event for saying in batch.sayings[said:]]
        del batch.alarms[rang:]
        for answer in answers:
            then = queue[0] if queue else None
            if then is None or not _is_same(answer, then.event):
                raise _ContradictedError(then, _in_words(answer))
            if isinstance(then.event, AlarmRung):
                batch.alarms.append(_alarm(then.event))
            self.accounted[code] = queue.popleft().sequence
        return refusal

    def _contradict(self, code: str, found: _ContradictedError) -> None:
        sequence, said = None, "nothing more"
        if found.then is not None:
            sequence, said = found.then.sequence, _in_words(found.then.event)
        self.contradictions[code] = Contradiction(code, sequence, said, str(found))

    def clock(self, then: SaidThen, event: Any) -> Clock:
        """The clock that something was said of, in the generation it was in."""
        clock = self.batch.clock(event.code, event.kind)
        if clock is None or clock.generation != event.generation:
            raise _ContradictedError(then, "it has no clock of that kind in that generation")
        return clock


def _rung(lives: _Lives, then: SaidThen, event: AlarmRung) -> None:
    """An alarm that rang has rung: it is kept, and the rung rings no more."""
    clock, rung = lives.clock(then, event), Rung(event.rung)
    waits_until: datetime | None = getattr(clock.rungs, rung.value)
    if waits_until != event.due_at:
        raise _ContradictedError(then, f"{rung.value} rings at {_iso(waits_until)}")
    if rung is Rung.BREACH:
        zone = lives.today.agency(clock.receiving_agency).zone
        lives.batch.tally[late(clock, event.due_at, zone, LatenessOutcome.CALLED)] += 1
        clock = clock._replace(state=State.BREACHED)
    lives.batch.alarms.append(_alarm(event))
    lives.batch.replace(clock._replace(rungs=clock.rungs.without(rung)))


def _appointed(lives: _Lives, then: SaidThen, event: AppointmentSet) -> None:
    lives.batch.replace(lives.clock(then, event)._replace(appointment_at=event.appointment_at))


def _reappointed(lives: _Lives, then: SaidThen, event: Reappointed) -> None:
    clock = lives.clock(then, event)
    try:
        moved = moves.reappoint(clock, event.appointment_at, event.reappointed_at)
    except IllegalMoveError as error:
        raise _ContradictedError(then, str(error)) from error
    lives.batch.replace(moved)


def _recomputed(lives: _Lives, then: SaidThen, event: DeadlineRecomputed) -> None:
    """Counted anew once more, by the calendar it was counted by then."""
    batch = lives.batch
    key: ClockKey = event.kind, event.code
    clock = batch.clocks.get(key)
    if clock is None:
        raise _ContradictedError(then, "it has no clock of that kind")
    directory = lives.calendars.directory_then(lives.today, [event])
    rang = [*lives.known.rang.get(key, []), *_rang(batch, key)]
    past = [*lives.known.past.get(key, []), *_past(batch, key)]
    try:
        after = counted_again(directory, clock, past, rang, batch.clock(event.code), then.time)
    except (*CANNOT_COUNT, IllegalMoveError) as error:
        raise _ContradictedError(then, str(error)) from error
    change = Change(clock, after)
    counted = tidings.deadline_recomputed(change, event.recomputation)
    if counted != event:
        raise _ContradictedError(then, _in_words(counted))
    if change.begins_anew:
        batch.past.append(clock)
    if change.is_breach_withdrawn and clock.dues.legal_due is not None:
        zone = directory.agency(clock.receiving_agency).zone
        undone = late(clock, clock.dues.legal_due, zone, LatenessOutcome.RECOMPUTED)
        batch.tally[undone] += 1
    batch.replace(after)
    batch.restarted[key] = None
    lives.recomputed[event.recomputation, then.time].append(change)


def _uncomputable(lives: _Lives, then: SaidThen, event: DeadlineUncomputable) -> None:
    key = event.kind, event.code, event.generation
    why = lives.words.get(key, "the words are lost")
    found = Uncomputable(*key, event.agency, event.cause, why, event.found_at)
    lives.batch.uncomputable.append(found)


DECIDED_OTHERWISE: Mapping[type[Event], Callable[[_Lives, SaidThen, Any], None]] = {
    AlarmRung: _rung,
    AppointmentSet: _appointed,
    Reappointed: _reappointed,
    DeadlineRecomputed: _recomputed,
    DeadlineUncomputable: _uncomputable,
}
"""What deadline says without having heard anything, and how it is done again."""


async def rebuild_clocks(
    heard: Sequence[Heard], books: Books, annals: Annals, calendars: OldCalendars
) -> list[Refusal]:
    """Hear events anew, in order per subject, with all that was said of them; refuses as `keep_clocks`
    does. All that was said of a code is accounted for with its last event."""
    codes = sorted({one.envelope.subject for one in heard if type(one.event) not in REGISTRATIONS})
    said = await annals.said_of(codes) if codes else {}
    recomputed = [
        code
        for code, queue in said.items()
        if any(type(x.event) is DeadlineRecomputed for x in queue)
    ]
    today = await books.directories.current()
    lives = _Lives(
        batch=Batch(
            directory=today,
            clocks=await books.clocks.lock(codes) if codes else {},
            bell=SILENT,
        ),
        today=today,
        calendars=calendars,
        said=said,
        known=await books.recomputations.read(recomputed, lock=False) if recomputed else UNKNOWN,
        words=await annals.words_of(codes),
    )
    refusals: dict[str, Refusal] = {}
    for one in heard:
        code = one.envelope.subject
        if code not in refusals and (refusal := lives.hear(one)) is not None:
            refusals[code] = refusal
    for code in codes:
        lives.catch_up(code)
    await _keep(lives, books, annals)
    return list(refusals.values())


async def _keep(lives: _Lives, books: Books, annals: Annals) -> None:
    if lives.batch.uncomputable:
        await books.clocks.keep_uncomputable(lives.batch.uncomputable)
    await store(lives.batch, books.clocks, books.directories)
    for (run, at), changes in sorted(lives.recomputed.items()):
        await books.recomputations.keep(run, changes, at)
    await annals.account(lives.accounted)
    await annals.contradict([*lives.contradictions.values()])


def _is_same(counted: Event, said: Event) -> bool:
    if counted == said:
        return True
    then = HEARD_THEN.get(type(counted))
    if then is None or type(counted) is not type(said):
        return False
    return counted.model_dump(exclude=set(then)) == said.model_dump(exclude=set(then))


def _alarm(event: AlarmRung) -> Alarm:
    return Alarm(
        kind=event.kind,
        code=event.code,
        generation=event.generation,
        rung=Rung(event.rung),
        agency=event.agency,
        due_at=event.due_at,
        rang_at=event.rang_at,
        is_late=event.is_late,
        calls=None if event.calls is None else Call(event.calls),
    )


def _rang(batch: Batch, key: ClockKey) -> list[tuple[int, Rung]]:
    return [(x.generation, x.rung) for x in batch.alarms if (x.kind, x.code) == key]


def _past(batch: Batch, key: ClockKey) -> list[PastGeneration]:
    return [_past_generation(x) for x in batch.past if (x.kind, x.code) == key]


def _past_generation(clock: Clock) -> PastGeneration:
    return PastGeneration(
        kind=clock.kind,
        generation=clock.generation,
        complete_at=clock.complete_at,
        legal_due=clock.dues.legal_due,
        pledge_due=clock.dues.pledge_due,
        appointment_at=clock.appointment_at,
        stopped_at=clock.stopped_at,
        agency=clock.agency,
        state=clock.state,
        resolved_at=clock.resolved_at,
    )


def _in_words(event: Event) -> str:
    name = event.TYPE.split(".")[2]
    return f"{name} {event.model_dump_json(exclude_none=True)}"


def _iso(at: datetime | None) -> str:
    return "no time" if at is None else at.isoformat()
