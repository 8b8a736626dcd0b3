"""The clock as a state machine: every illegal move raises, naming from, to and why."""

from collections.abc import Callable

import pytest

from services.deadline.domain import clocks as moves
from services.deadline.domain.clocks import (
    BreachTakenBack,
    Clock,
    Dues,
    IllegalMoveError,
    Met,
    Missed,
    State,
    Stopped,
    start,
)
from services.deadline.domain.ladder import Rung
from services.deadline.domain.rungs import NO_RUNGS, Rang, dated_rungs
from services.deadline.tests.conftest import at

RECEIVED, PLEDGE, LEGAL = at("2026-11-09 09:00"), at("2026-11-09 17:00"), at("2026-11-12 17:00")
AT_RISK = at("2026-11-09 15:00")

RUNGS = dated_rungs(LEGAL, PLEDGE)._replace(at_risk=AT_RISK)
DUES = Dues(LEGAL, PLEDGE, PLEDGE, RUNGS, "nd61", "nd61-1", "vn-1", "[]")


def clock(state: State = State.RUNNING) -> Clock:
    started = start("dossier", "D-1", "H10.01", "1.000003", RECEIVED, RECEIVED, DUES)
    if state is State.BREACHED:
        return moves.ring_before(started, at("2026-11-13 07:00"))[0]
    return started._replace(state=state)


def test_a_silent_rung_rings_before_an_event_that_tells_of_a_later_instant() -> None:
    after, outcomes = moves.resolve(clock(), at("2026-11-10 09:00"))
    assert outcomes == [
        Rang(Rung.AT_RISK, AT_RISK),
        Rang(Rung.PLEDGE_MISSED, PLEDGE),
        Met(at("2026-11-10 09:00"), is_pledge_kept=False),
    ]
    assert (after.state, after.rungs) == (State.MET, NO_RUNGS)


def test_resolved_a_microsecond_after_the_legal_due_is_missed() -> None:
    late = LEGAL.replace(microsecond=1)
    after, outcomes = moves.resolve(clock(), late)
    assert outcomes[-1] == Missed(late, LEGAL)
    assert outcomes[-2] == Rang(Rung.BREACH, LEGAL)
    assert after.state is State.MISSED


def test_a_breach_is_taken_back_when_the_result_lay_in_time() -> None:
    after, outcomes = moves.resolve(clock(State.BREACHED), LEGAL)
    assert outcomes == [BreachTakenBack(LEGAL, LEGAL), Met(LEGAL, is_pledge_kept=False)]
    assert after.state is State.OUT_OF_SYNC


def test_a_breach_is_taken_back_when_the_dossier_had_been_withdrawn_in_time() -> None:
    withdrawn_at = at("2026-11-12 09:00")
    after, outcomes = moves.end(clock(State.BREACHED), "withdrawn", withdrawn_at)
    assert outcomes == [BreachTakenBack(withdrawn_at, LEGAL), Stopped("withdrawn", withdrawn_at)]
    assert after.state is State.ENDED


def test_a_dossier_refused_after_the_breach_stays_breached_in_its_alarms() -> None:
    refused_at = at("2026-11-13 09:00")
    _, outcomes = moves.end(clock(State.BREACHED), "refused", refused_at)
    assert outcomes == [Stopped("refused", refused_at)]


def test_a_restart_counts_anew_and_keeps_the_original_due() -> None:
    waiting, _ = moves.await_supplement(clock(), at("2026-11-09 10:00"))
    later = DUES._replace(legal_due=at("2026-11-20 17:00"))
    again = moves.restart(waiting, at("2026-11-17 10:00"), later)
    assert (again.generation, again.state) == (2, State.RUNNING)
    assert again.original_legal_due == LEGAL
    assert again.rungs == DUES.rungs and again.stop_reason is None


RESOLVED = (State.MET, State.MISSED, State.OUT_OF_SYNC)

MOVES: dict[str, Callable[[Clock], object]] = {
    "resolved": lambda c: moves.resolve(c, LEGAL),
    "stopped for a supplement": lambda c: moves.await_supplement(c, LEGAL),
    "restarted": lambda c: moves.restart(c, LEGAL, DUES),
    "ended": lambda c: moves.end(c, "withdrawn", LEGAL),
    "transferred": lambda c: moves.transfer(c, "H10.02"),
    "forwarded": moves.refuse_forwarding,
    "returned": moves.refuse_return,
}

LEGAL_FROM = {
    "resolved": {State.RUNNING, State.BREACHED},
    "stopped for a supplement": {State.RUNNING, State.BREACHED},
    "restarted": {State.STOPPED},
    "ended": {State.RUNNING, State.BREACHED, State.STOPPED},
    "transferred": {State.RUNNING, State.BREACHED},
    "forwarded": {State.RUNNING, State.BREACHED},
    "returned": {*RESOLVED, State.ENDED},
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("origin", State)
def test_every_move_is_legal_from_its_states_only(move: str, origin: State) -> None:
    if origin in LEGAL_FROM[move]:
        MOVES[move](clock(origin))
    else:
        with pytest.raises(IllegalMoveError, match=f"D-1: from {origin} to .*: .+"):
            MOVES[move](clock(origin))
