"""A clock: what is due for one thing that waits, and every move it may make.

running -> met | missed | breached | stopped | ended; breached -> missed | out_of_sync | stopped |
ended; stopped -> running (the next generation) | ended; met, missed, out_of_sync -> running (the
next generation, where the same is waited for again). All instants are aware.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from services.deadline.domain.ladder import Rung
from services.deadline.domain.rungs import NO_RUNGS, Rang, Rungs

ClockKind = Literal[
    "dossier",
    "online_check",
    "forwarding",
    "appraisal_supplement",
    "transfer_leg",
    "conduct_report",
    "report_return",
    "report_inquiry",
    "report_publication",
    "complaint_acceptance",
    "complaint_decision",
    "denunciation",
]
EndReason = Literal["refused", "withdrawn", "stopped"]
StopReason = Literal["supplement", "refused", "withdrawn", "stopped"]


class State(StrEnum):
    RUNNING = "running"
    BREACHED = "breached"
    """The legal due instant passed and nothing was heard of a result."""
    STOPPED = "stopped"
    """A supplement is awaited; nothing is due."""
    MET = "met"
    MISSED = "missed"
    OUT_OF_SYNC = "out_of_sync"
    """Lệch đồng bộ: met in time, but the message came after the breach was called (rule 29)."""
    ENDED = "ended"
    """Refused, withdrawn or stopped for good."""


OPEN = frozenset({State.RUNNING, State.BREACHED})
RESOLVED = frozenset({State.MET, State.MISSED, State.OUT_OF_SYNC})
WAITING = OPEN | {State.STOPPED}
"""Something is still to come."""


class IllegalMoveError(ValueError):
    """A move that the clock's state does not allow; says from, to and why."""

    def __init__(self, code: str, origin: State | None, move: str, why: str) -> None:
        super().__init__(f"{code}: from {origin or 'no clock'} to {move}: {why}")


class Dues(NamedTuple):
    """What was reckoned for one generation, in aware instants, with what it was reckoned by."""

    legal_due: datetime | None
    pledge_due: datetime | None
    appointment_at: datetime | None
    rungs: Rungs
    """The ladder as it begins."""
    regime: str
    rules_version: str
    calendar_version: str
    steps: str
    """The explanation as JSON, ready to be stored; see `usecases.explanations`."""


class Clock(NamedTuple):
    """One clock, in its present generation."""

    kind: ClockKind
    code: str
    agency: str
    """Responsible now: who is called."""
    receiving_agency: str
    """Whose hours and pledge it is reckoned by (rule 16)."""
    procedure: str | None
    received_at: datetime
    complete_at: datetime
    generation: int
    state: State
    dues: Dues
    appointment_at: datetime | None
    original_legal_due: datetime | None
    """Of the first generation: kept when the limit counts anew (rule 21)."""
    rungs: Rungs
    """What has not rung yet."""
    resolved_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_reason: StopReason | None = None
    reappointed_at: datetime | None = None
    """When Mẫu 04 moved the date that is shown; once in a clock's life."""
    original_appointment_at: datetime | None = None
    """What was shown before."""

    @property
    def regime(self) -> str:
        """What it was reckoned by."""
        return self.dues.regime


class DueClock(NamedTuple):
    """What the timer reads of a clock of which a rung is due; at closing time there are very many."""

    kind: ClockKind
    code: str
    generation: int
    agency: str
    receiving_agency: str
    regime: str
    received_at: datetime
    state: State
    rungs: Rungs


AnyClock = Clock | DueClock


@dataclass(frozen=True, slots=True)
class PastGeneration:
    """What a clock was before its limit counted anew."""

    kind: ClockKind
    generation: int
    complete_at: datetime
    legal_due: datetime | None
    pledge_due: datetime | None
    appointment_at: datetime | None
    stopped_at: datetime | None
    """When a supplement was asked for; None where another reason began the next generation."""
    agency: str | None
    """None in what was kept before it was written down."""
    state: State | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Met:
    resolved_at: datetime
    is_pledge_kept: bool | None


@dataclass(frozen=True, slots=True)
class Missed:
    resolved_at: datetime
    legal_due: datetime


@dataclass(frozen=True, slots=True)
class BreachTakenBack:
    """The event that had kept the deadline at `happened_at` was heard after the breach rang."""

    happened_at: datetime
    legal_due: datetime


@dataclass(frozen=True, slots=True)
class Stopped:
    reason: StopReason
    stopped_at: datetime


Outcome = Rang | Met | Missed | BreachTakenBack | Stopped
Moved = tuple[Clock, list[Outcome]]


def start(
    kind: ClockKind,
    code: str,
    agency: str,
    procedure: str | None,
    received_at: datetime,
    complete_at: datetime,
    dues: Dues,
) -> Clock:
    """The first generation of a clock."""
    return Clock(
        kind=kind,
        code=code,
        agency=agency,
        receiving_agency=agency,
        procedure=procedure,
        received_at=received_at,
        complete_at=complete_at,
        generation=1,
        state=State.RUNNING,
        dues=dues,
        appointment_at=dues.appointment_at,
        original_legal_due=dues.legal_due,
        rungs=dues.rungs,
    )


def ring_before(clock: Clock, instant: datetime) -> Moved:
    """Ring every rung whose instant has passed by `instant`: exactly at it is still in time.

    An event that tells of a later instant than a silent rung finds the rung rung first, so that
    what rings does not hang on whether the timer or the message was faster (rule 28).
    """
    rang, waiting = clock.rungs.passed(instant)
    if not rang:
        return clock, []
    return clock._replace(state=_rung_state(clock.state, rang), rungs=waiting), [*rang]


def ring_due(clock: DueClock, instant: datetime) -> tuple[DueClock, list[Rang]]:
    """The same of what the timer reads of a clock."""
    rang, waiting = clock.rungs.passed(instant)
    return clock._replace(state=_rung_state(clock.state, rang), rungs=waiting), rang


def _rung_state(state: State, rang: Iterable[Rang]) -> State:
    return State.BREACHED if any(one.rung is Rung.BREACH for one in rang) else state


def resolve(clock: Clock, resolved_at: datetime) -> Moved:
    """The result is there. Lateness is judged by when it happened, never by when we heard of it.

    Raises `IllegalMoveError` unless the clock runs or has been breached.
    """
    if clock.state not in OPEN:
        raise IllegalMoveError(
            clock.code, clock.state, "resolved", "only an open clock is resolved"
        )
    clock, outcomes = ring_before(clock, resolved_at)
    legal_due, pledge_due = clock.dues.legal_due, clock.dues.pledge_due
    if legal_due is not None and resolved_at > legal_due:
        outcomes.append(Missed(resolved_at, legal_due))
        state = State.MISSED
    else:
        outcomes += _taken_back(clock, resolved_at)
        is_pledge_kept = None if pledge_due is None else resolved_at <= pledge_due
        outcomes.append(Met(resolved_at, is_pledge_kept))
        state = State.OUT_OF_SYNC if clock.state is State.BREACHED else State.MET
    return clock._replace(state=state, rungs=NO_RUNGS, resolved_at=resolved_at), outcomes


def await_supplement(clock: Clock, requested_at: datetime) -> Moved:
    """A gap found at appraisal stops the clock until the supplement comes (NĐ 61/2018 art. 19.4)."""
    if clock.state not in OPEN:
        why = "only an open clock stops for a supplement"
        raise IllegalMoveError(clock.code, clock.state, "stopped", why)
    return _stop(clock, State.STOPPED, "supplement", requested_at)


def restart(clock: Clock, complete_at: datetime, dues: Dues) -> Clock:
    """Complete at last: the limit counts from zero (NĐ 61/2018 art. 19.4); the original legal due
    instant is kept (rule 21)."""
    if clock.state is not State.STOPPED:
        why = "only a clock that waits for a supplement restarts"
        raise IllegalMoveError(clock.code, clock.state, "running", why)
    return clock._replace(
        complete_at=complete_at,
        generation=clock.generation + 1,
        state=State.RUNNING,
        dues=dues,
        appointment_at=dues.appointment_at,
        rungs=_rungs_left(clock, dues.rungs),
        stopped_at=None,
        stop_reason=None,
    )


def begin_again(clock: Clock, agency: str, complete_at: datetime, dues: Dues) -> Clock:
    """The same is waited for again, at this agency: the next generation. Raises `IllegalMoveError`
    before what was waited for has come."""
    if clock.state not in RESOLVED:
        why = "what was waited for has not come yet"
        raise IllegalMoveError(clock.code, clock.state, "waited for again", why)
    return clock._replace(
        agency=agency,
        receiving_agency=agency,
        complete_at=complete_at,
        generation=clock.generation + 1,
        state=State.RUNNING,
        dues=dues,
        appointment_at=dues.appointment_at,
        rungs=dues.rungs,
        resolved_at=None,
    )


def end(clock: Clock, reason: EndReason, ended_at: datetime) -> Moved:
    """Refused, withdrawn or stopped: nothing is due any more."""
    if clock.state in RESOLVED or clock.state is State.ENDED:
        raise IllegalMoveError(clock.code, clock.state, reason, "the clock has ended already")
    return _stop(clock, State.ENDED, reason, ended_at)


def reappoint(clock: Clock, appointment_at: datetime, reappointed_at: datetime) -> Clock:
    """Mẫu 04: an apology with a new date, at most once (NĐ 61/2018 art. 19.9; rule 24).

    The date that is shown moves; the due instants stay and still judge lateness (rule 25). The
    apology is no longer demanded, and the new date has an alarm of its own. Raises
    `IllegalMoveError` for a clock that is not open, and for a second time.
    """
    if clock.state not in OPEN:
        why = "only an open clock is given a new date"
        raise IllegalMoveError(clock.code, clock.state, "re-appointed", why)
    if clock.reappointed_at is not None:
        why = f"the date was moved once already, at {clock.reappointed_at.isoformat()}"
        raise IllegalMoveError(clock.code, clock.state, "re-appointed", why)
    return clock._replace(
        appointment_at=appointment_at,
        original_appointment_at=clock.appointment_at,
        reappointed_at=reappointed_at,
        rungs=clock.rungs.without(Rung.APOLOGY)._replace(reappointment_missed=appointment_at),
    )


def recompute(
    clock: Clock,
    dues: Dues,
    rang: Collection[Rung],
    now: datetime,
    appointment_at: datetime | None,
    reappointment_missed_at: datetime | None,
) -> Clock:
    """An open clock under dates that were counted anew; the same where they change nothing.

    A rung that `rang` stays rung. Where by the new dates a breach or a missed pledge has not come to
    pass, it is taken back: the next generation begins, in which only that may ring again. Raises
    `IllegalMoveError` for a clock that is not open.
    """
    if clock.state not in OPEN:
        raise IllegalMoveError(clock.code, clock.state, "recomputed", "only an open clock is")
    taken_back = {
        rung
        for rung, at in zip(Rung, dues.rungs, strict=True)
        if rung in (Rung.PLEDGE_MISSED, Rung.BREACH)
        and rung in rang
        and (now <= at if at is not None else not _has_passed(dues.appointment_at, now))
    }
    left = dues.rungs.without(*(rung for rung in rang if rung not in taken_back))
    left = left._replace(reappointment_missed=reappointment_missed_at)
    if clock.reappointed_at is not None:
        left = left.without(Rung.APOLOGY)
    dates = (*dues[:3], appointment_at, left)
    if not taken_back and dates == (*clock.dues[:3], clock.appointment_at, clock.rungs):
        return clock
    return clock._replace(
        generation=clock.generation + bool(taken_back),
        state=State.RUNNING if Rung.BREACH in taken_back else clock.state,
        dues=dues,
        appointment_at=appointment_at,
        rungs=left,
    )


def _has_passed(due: datetime | None, now: datetime) -> bool:
    return due is not None and due < now


def transfer(clock: Clock, agency: str) -> Clock:
    """Another agency is responsible, and is called from now on; nothing due is moved. Raises
    `IllegalMoveError` unless the clock is open (rule 27)."""
    if clock.state not in OPEN:
        why = "only an open dossier is handed over"
        raise IllegalMoveError(clock.code, clock.state, "transferred", why)
    return clock._replace(agency=agency)


def refuse_forwarding(clock: Clock) -> None:
    """Only what is open is forwarded. Raises `IllegalMoveError` for anything else (rule 27)."""
    if clock.state not in OPEN:
        why = "only an open dossier is forwarded"
        raise IllegalMoveError(clock.code, clock.state, "forwarded", why)


def refuse_return(clock: Clock) -> None:
    """A result is returned after it exists. Raises `IllegalMoveError` while the clock is unresolved."""
    if clock.state in OPEN or clock.state is State.STOPPED:
        raise IllegalMoveError(clock.code, clock.state, "returned", "it has not been resolved")


def _rungs_left(clock: Clock, rungs: Rungs) -> Rungs:
    """A second Mẫu 04 cannot be issued, so none is demanded."""
    return rungs if clock.reappointed_at is None else rungs.without(Rung.APOLOGY)


def _stop(clock: Clock, state: State, reason: StopReason, stopped_at: datetime) -> Moved:
    clock, outcomes = ring_before(clock, stopped_at)
    outcomes += _taken_back(clock, stopped_at)
    outcomes.append(Stopped(reason, stopped_at))
    stopped = clock._replace(state=state, rungs=NO_RUNGS, stopped_at=stopped_at, stop_reason=reason)
    return stopped, outcomes


def _taken_back(clock: Clock, happened_at: datetime) -> list[Outcome]:
    legal_due = clock.dues.legal_due
    if clock.state is State.BREACHED and legal_due is not None and happened_at <= legal_due:
        return [BreachTakenBack(happened_at, legal_due)]
    return []
