"""A batch of events under way: what is known, what has changed, what is to be said."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.deadline.domain import clocks as moves
from services.deadline.domain.alarms import Alarm, Bell, Uncomputable
from services.deadline.domain.clocks import Clock, ClockKind, Dues, IllegalMoveError, Moved
from services.deadline.domain.lateness import Tally, late_of
from services.deadline.domain.rungs import NO_RUNGS, Rang
from services.deadline.usecases import tidings
from services.deadline.usecases.directory import Agency, Directory, Procedure
from services.deadline.usecases.ports import ClockKey
from shared.events.agencies import AgencyRegistered
from shared.events.base import Event
from shared.events.procedures import ProcedureRegistered
from shared.messages import Heard, Saying


@dataclass(slots=True)
class Batch:
    """What has become of the events so far; nothing is stored yet.

    Every event is decided wholly before anything here is touched, so that a refused one leaves no
    trace. The dictionaries of keys are sets that keep their order.
    """

    directory: Directory
    clocks: dict[ClockKey, Clock]
    bell: Bell
    agencies: dict[str, AgencyRegistered] = field(default_factory=dict)
    procedures: dict[str, ProcedureRegistered] = field(default_factory=dict)
    added: dict[ClockKey, None] = field(default_factory=dict)
    changed: dict[ClockKey, None] = field(default_factory=dict)
    restarted: dict[ClockKey, None] = field(default_factory=dict)
    past: list[Clock] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    uncomputable: list[Uncomputable] = field(default_factory=list)
    tally: Tally = field(default_factory=Counter)
    sayings: list[Saying] = field(default_factory=list)

    def know(self, agencies: Mapping[str, Agency], procedures: Mapping[str, Procedure]) -> None:
        self.directory = self.directory.with_changes(agencies, procedures)

    def clock(self, code: str, kind: ClockKind = "dossier") -> Clock | None:
        return self.clocks.get((kind, code))

    def clock_to(self, move: str, code: str) -> Clock:
        """The dossier's clock, which must exist for this move. Raises `IllegalMoveError`."""
        clock = self.clock(code)
        if clock is None:
            raise IllegalMoveError(code, None, move, "the dossier was never accepted")
        return clock

    def refuse_second(self, clock: Clock) -> None:
        """Raises `IllegalMoveError` when a clock of its kind runs already."""
        before = self.clock(clock.code, clock.kind)
        if before is not None:
            why = f"it has a clock of the kind {clock.kind} already"
            raise IllegalMoveError(clock.code, before.state, "accepted", why)

    def add(self, one: Heard, clock: Clock) -> None:
        """Keep a new clock and say so. Raises `IllegalMoveError` when it runs already."""
        self.refuse_second(clock)
        key = (clock.kind, clock.code)
        self.clocks[key] = clock
        self.added[key] = None
        self.say(one, tidings.deadline_set(clock, self._sources(clock)))

    def replace(self, clock: Clock) -> None:
        key = (clock.kind, clock.code)
        self.clocks[key] = clock
        self.changed[key] = None

    def restart(self, one: Heard, before: Clock, clock: Clock) -> None:
        """Keep a clock in its next generation, and what it was before; say so."""
        self.past.append(before)
        self.replace(clock)
        self.restarted[clock.kind, clock.code] = None
        self.say(one, tidings.deadline_set(clock, self._sources(clock)))

    def _sources(self, clock: Clock) -> Mapping[str, str]:
        return self.directory.rule_book.sources_of(clock.dues.regime)

    def meet(self, one: Heard, kind: ClockKind, code: str, at: datetime) -> None:
        """What is waited for has come; nothing where it is not waited for (any more)."""
        clock = self.clock(code, kind)
        if clock is not None and clock.state in moves.OPEN:
            self.move(one, moves.resolve(clock, at))

    def silence(
        self, one: Heard, kind: ClockKind, code: str, reason: moves.EndReason, at: datetime
    ) -> None:
        """What is waited for will not come; nothing where it is not waited for (any more)."""
        clock = self.clock(code, kind)
        if clock is not None and clock.state in moves.WAITING:
            self.move(one, moves.end(clock, reason, at))

    def judge(self, one: Heard, kind: ClockKind, of: Clock, dues: Dues, at: datetime) -> None:
        """Something came that nobody knew was needed: only now can be said whether it was in time.
        Nobody is called for it. A second time is the next generation."""
        dues = dues._replace(rungs=NO_RUNGS)
        before = self.clock(of.code, kind)
        if before is None:
            judged = moves.start(
                kind, of.code, of.agency, of.procedure, of.received_at, of.complete_at, dues
            )
            self.add(one, judged)
        else:
            judged = moves.begin_again(before, of.agency, of.complete_at, dues)
            self.restart(one, before, judged)
        self.move(one, moves.resolve(judged, at))

    def move(self, one: Heard, moved: Moved) -> None:
        """Keep a moved clock; ring and say what the move brought."""
        clock, outcomes = moved
        zone = self.directory.agency(clock.receiving_agency).zone
        for outcome in outcomes:
            if (counted := late_of(clock, outcome, zone)) is not None:
                self.tally[counted] += 1
            match outcome:
                case Rang():
                    alarm = self.bell.ring(clock, outcome, self.directory.calls(clock, outcome))
                    self.alarms.append(alarm)
                    self.say(one, tidings.alarm_rung(alarm), alarm.rang_at)
                case moves.Met():
                    self.say(one, tidings.deadline_met(clock, outcome, zone))
                case moves.Missed():
                    self.say(one, tidings.deadline_missed(clock, outcome))
                case moves.BreachTakenBack():
                    self.say(one, tidings.breach_withdrawn(clock, outcome, self.bell.now))
                case moves.Stopped():
                    self.say(one, tidings.clock_stopped(clock, outcome))
        self.replace(clock)

    def say(self, one: Heard, event: Event, at: datetime | None = None) -> None:
        """Say an event in answer to another, of the same instant unless it has its own."""
        self.sayings.append(Saying.answering(one, event, at or one.envelope.time))
