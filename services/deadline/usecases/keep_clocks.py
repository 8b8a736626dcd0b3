"""Hears agencies, procedures, dossiers and reports, and keeps their clocks: a batch at a time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.deadline.domain import clocks as moves
from services.deadline.domain.alarms import Bell
from services.deadline.domain.clocks import IllegalMoveError
from services.deadline.domain.ladder import LadderError
from services.deadline.domain.office_hours import OfficeHoursError
from services.deadline.domain.rules import NoRuleError
from services.deadline.domain.working_calendar import CalendarEndsError
from services.deadline.usecases import tidings
from services.deadline.usecases.batch import Batch
from services.deadline.usecases.directory import (
    CONDUCT_REPORT,
    NotHeardError,
)
from services.deadline.usecases.ports import Clocks, Directories
from services.deadline.usecases.registrations import known_agency, known_procedure
from shared.events.agencies import AgencyRegistered
from shared.events.base import Event
from shared.events.dossiers import (
    DossierAccepted,
    DossierRefused,
    DossierResolved,
    DossierReturned,
    DossierStopped,
    DossierSupplemented,
    DossierTransferred,
    DossierWithdrawn,
    SupplementRequested,
)
from shared.events.feedback import ConductReported
from shared.events.procedures import ProcedureRegistered
from shared.messages import Heard, Refusal, SaysEvents

CANNOT_APPLY = (IllegalMoveError, NoRuleError, CalendarEndsError, OfficeHoursError, LadderError)
"""What is wrong with the event itself: it is set aside until somebody looks at it."""


async def keep_clocks(
    heard: Sequence[Heard],
    clocks: Clocks,
    directories: Directories,
    outbox: SaysEvents,
    bell: Bell,
) -> list[Refusal]:
    """Apply a batch of events, in order per subject, and say what comes of them.

    An event that cannot be applied is returned as a refusal, and nothing later of its subject is
    applied. One of an agency or procedure not heard of yet waits for it.
    """
    codes = {one.envelope.subject for one in heard if type(one.event) not in REGISTRATIONS}
    batch = Batch(
        directory=await directories.current(),
        clocks=await clocks.lock(sorted(codes)) if codes else {},
        bell=bell,
    )
    refusals: dict[str, Refusal] = {}
    for one in heard:
        if one.envelope.subject not in refusals:
            refusal = _decide(batch, one)
            if refusal is not None:
                refusals[one.envelope.subject] = refusal
    await _store(batch, clocks, directories)
    await outbox.say(batch.sayings)
    return list(refusals.values())


def _decide(batch: Batch, one: Heard) -> Refusal | None:
    try:
        ROUTES[type(one.event)](batch, one, one.event)
    except NotHeardError as early:
        return Refusal(one, str(early), early.waits_for)
    except CANNOT_APPLY as error:
        return Refusal(one, str(error))
    return None


def _agency_registered(batch: Batch, one: Heard, event: AgencyRegistered) -> None:
    batch.know({event.agency: known_agency(event, batch.directory.rule_book)}, {})
    batch.agencies[event.agency] = event


def _procedure_registered(batch: Batch, one: Heard, event: ProcedureRegistered) -> None:
    batch.know({}, {event.procedure: known_procedure(event, batch.directory.rule_book)})
    batch.procedures[event.procedure] = event


def _accepted(batch: Batch, one: Heard, event: DossierAccepted) -> None:
    dues = batch.directory.dues(event.agency, event.procedure, event.received_at, event.complete_at)
    batch.add(
        one,
        moves.start(
            "dossier",
            event.dossier,
            event.agency,
            event.procedure,
            event.received_at,
            event.complete_at,
            dues,
        ),
    )


def _supplement_requested(batch: Batch, one: Heard, event: SupplementRequested) -> None:
    if event.stage == "check":
        _refuse_after_acceptance(batch, event.dossier)
        return
    clock = batch.clock_to("stopped", event.dossier)
    batch.move(one, moves.await_supplement(clock, event.requested_at))


def _supplemented(batch: Batch, one: Heard, event: DossierSupplemented) -> None:
    """The clock runs again, by the hours and rules of the first receipt (rules 13, 21)."""
    if event.stage == "check":
        _refuse_after_acceptance(batch, event.dossier)
        return
    clock = batch.clock_to("running", event.dossier)
    dues = batch.directory.dues_after_supplement(clock, event.supplemented_at)
    restarted = moves.restart(clock, event.supplemented_at, dues)
    batch.past.append(clock)
    batch.replace(restarted)
    batch.restarted[restarted.kind, restarted.code] = None
    batch.say(one, tidings.deadline_set(restarted))


def _transferred(batch: Batch, one: Heard, event: DossierTransferred) -> None:
    clock, rang = moves.ring_before(
        batch.clock_to("transferred", event.dossier), event.transferred_at
    )
    batch.move(one, (clock, rang))
    batch.replace(moves.transfer(clock, event.agency))


def _resolved(batch: Batch, one: Heard, event: DossierResolved) -> None:
    clock = batch.clock_to("resolved", event.dossier)
    batch.move(one, moves.resolve(clock, event.resolved_at))


def _returned(batch: Batch, one: Heard, event: DossierReturned) -> None:
    moves.refuse_return(batch.clock_to("returned", event.dossier))


def _refused(batch: Batch, one: Heard, event: DossierRefused) -> None:
    _end(batch, one, event.dossier, "refused", event.refused_at)


def _withdrawn(batch: Batch, one: Heard, event: DossierWithdrawn) -> None:
    _end(batch, one, event.dossier, "withdrawn", event.withdrawn_at)


def _stopped(batch: Batch, one: Heard, event: DossierStopped) -> None:
    _end(batch, one, event.dossier, "stopped", event.stopped_at)


def _end(batch: Batch, one: Heard, code: str, reason: moves.EndReason, at: datetime) -> None:
    """Before acceptance there is no clock to end."""
    clock = batch.clock(code)
    if clock is not None:
        batch.move(one, moves.end(clock, reason, at))


def _conduct_reported(batch: Batch, one: Heard, event: ConductReported) -> None:
    dues = batch.directory.dues(event.agency, CONDUCT_REPORT, event.reported_at, event.reported_at)
    batch.add(
        one,
        moves.start(
            "conduct_report",
            event.report,
            event.agency,
            None,
            event.reported_at,
            event.reported_at,
            dues,
        ),
    )


def _refuse_after_acceptance(batch: Batch, code: str) -> None:
    clock = batch.clock(code)
    if clock is not None:
        why = "the check ends with the acceptance"
        raise IllegalMoveError(code, clock.state, "check", why)


REGISTRATIONS = (AgencyRegistered, ProcedureRegistered)

ROUTES: Mapping[type[Event], Callable[[Batch, Heard, Any], None]] = {
    AgencyRegistered: _agency_registered,
    ProcedureRegistered: _procedure_registered,
    DossierAccepted: _accepted,
    SupplementRequested: _supplement_requested,
    DossierSupplemented: _supplemented,
    DossierTransferred: _transferred,
    DossierResolved: _resolved,
    DossierReturned: _returned,
    DossierRefused: _refused,
    DossierWithdrawn: _withdrawn,
    DossierStopped: _stopped,
    ConductReported: _conduct_reported,
}
"""Every event deadline understands, and what it does."""


async def _store(batch: Batch, clocks: Clocks, directories: Directories) -> None:
    if batch.agencies or batch.procedures:
        await directories.keep([*batch.agencies.values()], [*batch.procedures.values()])
    added = [batch.clocks[key] for key in batch.added]
    moved = [key for key in batch.changed if key not in batch.added]
    restarted = [batch.clocks[key] for key in moved if key in batch.restarted]
    changed = [batch.clocks[key] for key in moved if key not in batch.restarted]
    if added:
        await clocks.add(added)
    if batch.past:
        await clocks.keep_past(batch.past)
    if restarted:
        await clocks.restart(restarted)
    if changed:
        await clocks.change(changed)
    if batch.alarms:
        await clocks.keep_alarms(batch.alarms)
    waiting = [rung.at for x in (*added, *restarted) if (rung := x.rungs.next()) is not None]
    if waiting:
        await clocks.wake_timer(min(waiting))
