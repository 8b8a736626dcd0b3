"""Messages late by any length, the timer at any moment: judged by when things happened (rule 28)."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.deadline.domain import clocks as moves
from services.deadline.domain.clocks import BreachTakenBack, Clock, Dues, Moved, Outcome, State
from services.deadline.domain.ladder import Rung
from services.deadline.domain.rungs import Rang, dated_rungs

BEGIN = datetime(2026, 11, 9, 2, tzinfo=UTC)
# The very instants at which rungs lie, and any other.
STEPS = st.sampled_from([timedelta(hours=hours) for hours in (0, 12, 24, 36, 48)]) | st.timedeltas(
    timedelta(0), timedelta(days=2)
)

Happening = tuple[str, datetime]
RungOf = tuple[int, Rung]
"""A generation and its rung: what rings once."""

SETTLED = {State.OUT_OF_SYNC: State.MET}
"""Lệch đồng bộ is met, and tells besides that we heard of it late."""


def dues_from(complete_at: datetime) -> Dues:
    """Pledged within a day, due by law within three, at risk after half a day, an apology after two."""
    legal_due, pledge_due = complete_at + timedelta(days=3), complete_at + timedelta(days=1)
    rungs = dated_rungs(legal_due, pledge_due)._replace(
        at_risk=complete_at + timedelta(hours=12), apology=complete_at + timedelta(days=2)
    )
    return Dues(
        legal_due=legal_due,
        pledge_due=pledge_due,
        appointment_at=pledge_due,
        rungs=rungs,
        regime="nd61",
        rules_version="v",
        calendar_version="v",
        steps="[]",
    )


class Ear:
    """One clock, and all that came of what its ear heard and its timer rang."""

    def __init__(self) -> None:
        dues = dues_from(BEGIN)
        self.clock: Clock = moves.start("dossier", "D", "H10.01", "1.0", BEGIN, BEGIN, dues)
        self.rang: dict[RungOf, datetime] = {}
        self.taken_back: list[int] = []

    def ring(self, now: datetime) -> None:
        self._keep(moves.ring_before(self.clock, now))

    def hear(self, happening: Happening) -> None:
        what, at = happening
        match what:
            case "resolved":
                self._keep(moves.resolve(self.clock, at))
            case "asked":
                self._keep(moves.await_supplement(self.clock, at))
            case "supplemented":
                self.clock = moves.restart(self.clock, at, dues_from(at))
            case "withdrawn":
                self._keep(moves.end(self.clock, "withdrawn", at))
            case "transferred":
                self._keep(moves.ring_before(self.clock, at))
                self.clock = moves.transfer(self.clock, f"H10.{at.minute:02}")

    def _keep(self, moved: Moved) -> None:
        self.clock, outcomes = moved
        for outcome in outcomes:
            self._note(outcome)

    def _note(self, outcome: Outcome) -> None:
        generation = self.clock.generation
        if isinstance(outcome, Rang):
            assert (generation, outcome.rung) not in self.rang, "a rung rings once"
            self.rang[generation, outcome.rung] = outcome.at
        elif isinstance(outcome, BreachTakenBack):
            self.taken_back.append(generation)

    @property
    def settled(self) -> Clock:
        return self.clock._replace(state=SETTLED.get(self.clock.state, self.clock.state))


class LateMessages(RuleBasedStateMachine):
    """The same history heard at once by one ear, and by another whenever its messages come."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.prompt = Ear()
        self.late = Ear()
        self.under_way: list[Happening] = []
        self.ended: dict[int, datetime] = {}
        """When each generation ended, by event time."""

    @initialize(passed=STEPS)
    def begins(self, passed: timedelta) -> None:
        self.time_passes(passed)

    @rule(passed=STEPS)
    def time_passes(self, passed: timedelta) -> None:
        self.now += passed
        self.prompt.ring(self.now)
        self.late.ring(self.now)

    @rule(passed=STEPS)
    def time_passes_and_the_late_timer_is_down(self, passed: timedelta) -> None:
        self.now += passed
        self.prompt.ring(self.now)

    @precondition(lambda self: self.prompt.clock.state in moves.OPEN)
    @rule(what=st.sampled_from(["resolved", "asked", "withdrawn", "transferred"]))
    def an_open_dossier_moves(self, what: str) -> None:
        if what != "transferred":
            self.ended[self.prompt.clock.generation] = self.now
        self._happens(what)

    @precondition(lambda self: self.prompt.clock.state is State.STOPPED)
    @rule(what=st.sampled_from(["supplemented", "withdrawn"]))
    def a_stopped_dossier_moves(self, what: str) -> None:
        self._happens(what)

    @precondition(lambda self: self.under_way)
    @rule()
    def a_message_comes(self) -> None:
        self.late.hear(self.under_way.pop(0))

    def _happens(self, what: str) -> None:
        self.under_way.append((what, self.now))
        self.prompt.hear((what, self.now))

    @invariant()
    def nobody_is_called_for_what_did_not_pass(self) -> None:
        assert all(at < self.now for at in self.late.rang.values())

    def teardown(self) -> None:
        while self.under_way:
            self.a_message_comes()
        self.time_passes(timedelta(0))
        assert self.late.settled == self.prompt.settled
        assert self.prompt.taken_back == [] and self.prompt.clock.state is not State.OUT_OF_SYNC
        assert self.prompt.rang.items() <= self.late.rang.items()
        extra = {key: at for key, at in self.late.rang.items() if key not in self.prompt.rang}
        for (generation, _), at in extra.items():
            assert at >= self.ended[generation], "it rang while the end was under way"
        breaches = [generation for generation, rung in extra if rung is Rung.BREACH]
        assert sorted(self.late.taken_back) == sorted(breaches)
        if self.late.clock.state is State.OUT_OF_SYNC:
            assert self.late.clock.generation in breaches


TestLateMessages = LateMessages.TestCase
TestLateMessages.settings = settings(deadline=None, max_examples=300, stateful_step_count=30)
