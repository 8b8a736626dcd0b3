"""What each event of a dossier does to its clocks: its own, and those of what waits along the way."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.deadline.domain import clocks as moves
from services.deadline.domain.clocks import Clock, ClockKind, EndReason, IllegalMoveError
from services.deadline.domain.rules import Wait
from services.deadline.usecases.batch import Batch
from shared.events.base import Event
from shared.events.dossiers import (
    DossierAccepted,
    DossierForwarded,
    DossierRefused,
    DossierResolved,
    DossierReturned,
    DossierStopped,
    DossierSubmitted,
    DossierSupplemented,
    DossierTransferred,
    DossierWithdrawn,
    SupplementRequested,
)
from shared.messages import Heard

ON_THE_WAY: tuple[ClockKind, ...] = ("online_check", "forwarding", "transfer_leg")
"""What may still be waited for when a dossier ends."""


def _submitted(batch: Batch, one: Heard, event: DossierSubmitted) -> None:
    """An online submission waits to be checked (rule 10); over the counter receipt is the check."""
    if event.channel == "online":
        at = event.received_at
        dues = batch.directory.wait_dues(Wait.ONLINE_CHECK, event.agency, at, at)
        clock = moves.start(
            "online_check", event.dossier, event.agency, event.procedure, at, at, dues
        )
        batch.add(one, clock)


def _accepted(batch: Batch, one: Heard, event: DossierAccepted) -> None:
    code, agency, received_at = event.dossier, event.agency, event.received_at
    dues = batch.directory.dues(agency, event.procedure, received_at, event.complete_at)
    forwarding = _forwarding(batch, event)
    batch.add(
        one,
        moves.start("dossier", code, agency, event.procedure, received_at, event.complete_at, dues),
    )
    batch.meet(one, "online_check", code, event.accepted_at)
    if forwarding is not None:
        batch.add(one, forwarding)


def _forwarding(batch: Batch, event: DossierAccepted) -> Clock | None:
    """What the counter took it must forward, if its unit records that; online there is no counter."""
    agency, received_at = event.agency, event.received_at
    if event.channel == "online" or not batch.directory.forwards(agency, received_at):
        return None
    return moves.start(
        "forwarding",
        event.dossier,
        agency,
        event.procedure,
        received_at,
        event.complete_at,
        batch.directory.forwarding_dues(agency, received_at, event.complete_at),
    )


def _supplement_requested(batch: Batch, one: Heard, event: SupplementRequested) -> None:
    code, at = event.dossier, event.requested_at
    if event.stage == "check":
        _refuse_after_acceptance(batch, code)
        batch.meet(one, "online_check", code, at)
        return
    clock = batch.clock_to("stopped", code)
    dues = batch.directory.wait_dues(
        Wait.APPRAISAL_SUPPLEMENT, clock.agency, clock.received_at, clock.complete_at
    )
    batch.move(one, moves.await_supplement(clock, at))
    # Mẫu 02 later than three working days after receipt is flagged (rule 20).
    batch.judge(one, "appraisal_supplement", clock, dues, at)
    batch.meet(one, "forwarding", code, at)
    leg = batch.clock(code, "transfer_leg")
    if leg is not None and leg.state in moves.OPEN:
        batch.move(one, moves.await_supplement(leg, at))


def _supplemented(batch: Batch, one: Heard, event: DossierSupplemented) -> None:
    """The clock runs again, by the hours and rules of the first receipt (rules 13, 21)."""
    code, at = event.dossier, event.supplemented_at
    if event.stage == "check":
        _refuse_after_acceptance(batch, code)
        _check_again(batch, one, code, at)
        return
    clock, leg = batch.clock_to("running", code), batch.clock(code, "transfer_leg")
    restarted = moves.restart(clock, at, batch.directory.dues_after_supplement(clock, at))
    if leg is not None and leg.state is moves.State.STOPPED:
        dues = batch.directory.leg_dues(restarted, leg.agency, at)
        batch.restart(one, leg, moves.restart(leg, at, dues))
    batch.restart(one, clock, restarted)


def _check_again(batch: Batch, one: Heard, code: str, at: datetime) -> None:
    clock = batch.clock(code, "online_check")
    if clock is not None and clock.state in moves.RESOLVED:
        agency = clock.agency
        dues = batch.directory.wait_dues(Wait.ONLINE_CHECK, agency, clock.received_at, at)
        batch.restart(one, clock, moves.begin_again(clock, agency, at, dues))


def _forwarded(batch: Batch, one: Heard, event: DossierForwarded) -> None:
    moves.refuse_forwarding(batch.clock_to("forwarded", event.dossier))
    batch.meet(one, "forwarding", event.dossier, event.forwarded_at)


def _transferred(batch: Batch, one: Heard, event: DossierTransferred) -> None:
    """Another agency is responsible, and has its own time for this leg; nothing else is moved."""
    code, at = event.dossier, event.transferred_at
    clock = batch.clock_to("transferred", code)
    dues = batch.directory.leg_dues(clock, event.agency, at)
    clock, rang = moves.ring_before(clock, at)
    handed_over = moves.transfer(clock, event.agency)
    batch.move(one, (clock, rang))
    batch.replace(handed_over)
    batch.meet(one, "forwarding", code, at)
    batch.meet(one, "transfer_leg", code, at)
    before = batch.clock(code, "transfer_leg")
    if before is None:
        leg = moves.start(
            "transfer_leg", code, event.agency, clock.procedure, clock.received_at, at, dues
        )
        batch.add(one, leg)
    else:
        batch.restart(one, before, moves.begin_again(before, event.agency, at, dues))


def _resolved(batch: Batch, one: Heard, event: DossierResolved) -> None:
    code, at = event.dossier, event.resolved_at
    batch.move(one, moves.resolve(batch.clock_to("resolved", code), at))
    batch.meet(one, "forwarding", code, at)
    batch.meet(one, "transfer_leg", code, at)


def _returned(batch: Batch, one: Heard, event: DossierReturned) -> None:
    moves.refuse_return(batch.clock_to("returned", event.dossier))


def _refused(batch: Batch, one: Heard, event: DossierRefused) -> None:
    batch.meet(one, "online_check", event.dossier, event.refused_at)  # a refusal is an answer
    _end(batch, one, event.dossier, "refused", event.refused_at)


def _withdrawn(batch: Batch, one: Heard, event: DossierWithdrawn) -> None:
    _end(batch, one, event.dossier, "withdrawn", event.withdrawn_at)


def _stopped(batch: Batch, one: Heard, event: DossierStopped) -> None:
    _end(batch, one, event.dossier, "stopped", event.stopped_at)


def _end(batch: Batch, one: Heard, code: str, reason: EndReason, at: datetime) -> None:
    """Nothing is due any more; before acceptance the dossier has no clock of its own to end."""
    clock = batch.clock(code)
    if clock is not None:
        batch.move(one, moves.end(clock, reason, at))
    for kind in ON_THE_WAY:
        batch.silence(one, kind, code, reason, at)


def _refuse_after_acceptance(batch: Batch, code: str) -> None:
    clock = batch.clock(code)
    if clock is not None:
        why = "the check ends with the acceptance"
        raise IllegalMoveError(code, clock.state, "check", why)


DOSSIER_ROUTES: Mapping[type[Event], Callable[[Batch, Heard, Any], None]] = {
    DossierSubmitted: _submitted,
    DossierAccepted: _accepted,
    SupplementRequested: _supplement_requested,
    DossierSupplemented: _supplemented,
    DossierForwarded: _forwarded,
    DossierTransferred: _transferred,
    DossierResolved: _resolved,
    DossierReturned: _returned,
    DossierRefused: _refused,
    DossierWithdrawn: _withdrawn,
    DossierStopped: _stopped,
}
