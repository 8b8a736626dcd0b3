"""What intake keeps of a dossier's deadline."""

from datetime import UTC, datetime

from services.intake.domain import promises
from services.intake.domain.promises import Promise

DUE = datetime(2026, 8, 22, 10, 0, tzinfo=UTC)
SET = promises.set_deadline(Promise("H10.01-260821-0001"), 1, DUE, DUE, None)


def test_rule_29_a_breach_taken_back_shows_as_out_of_sync_not_overdue() -> None:
    breached = promises.ring(SET, "breach")
    assert breached.is_breached
    met = promises.meet(promises.withdraw_breach(breached))
    assert (met.is_breached, met.is_out_of_sync, met.clock) == (False, True, "met")


def test_a_new_reckoning_forgets_the_alarms_of_the_old_one() -> None:
    rung = promises.ring(promises.ring(promises.stop(SET), "at_risk"), "pledge_missed")
    anew = promises.set_deadline(rung, 2, DUE, DUE, DUE)
    assert (anew.generation, anew.clock, anew.is_at_risk, anew.is_pledge_missed) == (
        2,
        "running",
        False,
        False,
    )


def test_a_date_counted_anew_takes_back_what_was_called_missed_and_not_the_warning() -> None:
    later = datetime(2026, 8, 24, 10, 0, tzinfo=UTC)
    called = promises.ring(promises.ring(promises.ring(SET, "at_risk"), "pledge_missed"), "breach")
    same = promises.recompute(called, 1, later, later, None)
    assert (same.legal_due, same.is_at_risk, same.is_breached) == (later, True, True)
    anew = promises.recompute(called, 2, later, later, None)
    assert (anew.generation, anew.is_at_risk) == (2, True)
    assert (anew.is_pledge_missed, anew.is_breached) == (False, False)


def test_another_appointment_leaves_what_is_due() -> None:
    moved = promises.set_appointment(SET, datetime(2026, 8, 22, 3, 0, tzinfo=UTC))
    assert (moved.legal_due, moved.pledge_due) == (DUE, None)
    assert moved.appointment_at != DUE


def test_a_deadline_missed_is_a_breach() -> None:
    assert promises.miss(SET).is_breached
