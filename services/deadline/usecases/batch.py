"""A batch of events under way: what is known, what has changed, what is to be said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.deadline.domain import clocks as moves
from services.deadline.domain.alarms import Alarm, Bell
from services.deadline.domain.clocks import Clock, IllegalMoveError, Moved
from services.deadline.domain.rungs import Rang
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
    sayings: list[Saying] = field(default_factory=list)

    def know(self, agencies: Mapping[str, Agency], procedures: Mapping[str, Procedure]) -> None:
        self.directory = self.directory.with_changes(agencies, procedures)

    def clock(self, code: str) -> Clock | None:
        return self.clocks.get(("dossier", code))

    def clock_to(self, move: str, code: str) -> Clock:
        """The dossier's clock, which must exist for this move. Raises `IllegalMoveError`."""
        clock = self.clock(code)
        if clock is None:
            raise IllegalMoveError(code, None, move, "the dossier was never accepted")
        return clock

    def add(self, one: Heard, clock: Clock) -> None:
        """Keep a new clock and say so. Raises `IllegalMoveError` when it runs already."""
        key = (clock.kind, clock.code)
        if key in self.clocks:
            why = "it has a clock already"
            raise IllegalMoveError(clock.code, self.clocks[key].state, "accepted", why)
        self.clocks[key] = clock
        self.added[key] = None
        self.say(one, tidings.deadline_set(clock))

    def replace(self, clock: Clock) -> None:
        key = (clock.kind, clock.code)
        self.clocks[key] = clock
        self.changed[key] = None

    def move(self, one: Heard, moved: Moved) -> None:
        """Keep a moved clock; ring and say what the move brought."""
        clock, outcomes = moved
        zone = self.directory.agency(clock.receiving_agency).zone
        for outcome in outcomes:
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
