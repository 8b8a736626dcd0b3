"""Hears agencies, procedures, dossiers and reports, and keeps their clocks: a batch at a time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.deadline.domain.alarms import Bell, Uncomputable, UncomputableCause
from services.deadline.domain.clocks import ClockKind, IllegalMoveError
from services.deadline.domain.ladder import LadderError
from services.deadline.domain.office_hours import OfficeHoursError
from services.deadline.domain.rules import NoRuleError
from services.deadline.domain.working_calendar import CalendarEndsError
from services.deadline.usecases import tidings
from services.deadline.usecases.batch import Batch
from services.deadline.usecases.directory import NotHeardError
from services.deadline.usecases.dossier_clocks import DOSSIER_ROUTES
from services.deadline.usecases.ports import Clocks, Directories
from services.deadline.usecases.registrations import known_agency, known_procedure
from services.deadline.usecases.report_clocks import REPORT_ROUTES
from shared import stages
from shared.events.agencies import AgencyRegistered
from shared.events.base import Event
from shared.events.dossiers import (
    DossierAccepted,
    DossierSubmitted,
    DossierSupplemented,
    DossierTransferred,
    SupplementRequested,
)
from shared.events.feedback import (
    ComplaintReceived,
    ConductReported,
    DenunciationReceived,
    ReportMoved,
)
from shared.events.procedures import ProcedureRegistered
from shared.messages import Heard, Refusal, Saying, SaysEvents

CANNOT_COUNT: Mapping[type[Exception], UncomputableCause] = {
    NoRuleError: "no_rule",
    CalendarEndsError: "calendar_ends",
    OfficeHoursError: "office_hours",
}
"""Why no date can be reckoned; the event is set aside until somebody looks at it."""


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
    stages.enter("decide")
    for one in heard:
        if one.envelope.subject not in refusals:
            refusal = decide(batch, one)
            if refusal is not None:
                refusals[one.envelope.subject] = refusal
    stages.enter("store")
    if batch.uncomputable:
        # Once, however often the event is tried again.
        new = await clocks.keep_uncomputable(batch.uncomputable)
        batch.sayings += [
            Saying(tidings.deadline_uncomputable(found), found.found_at) for found in new
        ]
    await store(batch, clocks, directories)
    await outbox.say(batch.sayings)
    return list(refusals.values())


def decide(batch: Batch, one: Heard) -> Refusal | None:
    """What one event does, in the batch and nowhere else; a refused one leaves no trace but, where
    something waits and cannot be counted, that it does."""
    try:
        ROUTES[type(one.event)](batch, one, one.event)
    except NotHeardError as early:
        return Refusal(one, str(early), early.waits_for)
    except tuple(CANNOT_COUNT) as error:
        _note_uncomputable(batch, one.event, error)
        return Refusal(one, str(error))
    except (IllegalMoveError, LadderError) as error:
        return Refusal(one, str(error))
    return None


def _note_uncomputable(batch: Batch, event: Event, error: Exception) -> None:
    """What waits is never silently without a clock: its event is set aside, and somebody is called."""
    kind = SETS.get(type(event))
    if kind is None:
        return
    before = batch.clock(event.subject, kind)
    batch.uncomputable.append(
        Uncomputable(
            kind=kind,
            code=event.subject,
            generation=1 if before is None else before.generation + 1,
            agency=event.agency,  # type: ignore[attr-defined]  # all of SETS have one
            cause=CANNOT_COUNT[type(error)],
            why=str(error),
            found_at=batch.bell.now,
        )
    )


def _agency_registered(batch: Batch, one: Heard, event: AgencyRegistered) -> None:
    batch.know({event.agency: known_agency(event, batch.directory.rule_book)}, {})
    batch.agencies[event.agency] = event


def _procedure_registered(batch: Batch, one: Heard, event: ProcedureRegistered) -> None:
    batch.know({}, {event.procedure: known_procedure(event, batch.directory.rule_book)})
    batch.procedures[event.procedure] = event


REGISTRATIONS = (AgencyRegistered, ProcedureRegistered)

ROUTES: Mapping[type[Event], Callable[[Batch, Heard, Any], None]] = {
    AgencyRegistered: _agency_registered,
    ProcedureRegistered: _procedure_registered,
    **DOSSIER_ROUTES,
    **REPORT_ROUTES,
}
"""Every event deadline understands, and what it does."""


SETS: Mapping[type[Event], ClockKind] = {
    DossierSubmitted: "online_check",
    DossierAccepted: "dossier",
    SupplementRequested: "appraisal_supplement",
    DossierSupplemented: "dossier",
    DossierTransferred: "transfer_leg",
    ConductReported: "conduct_report",
    ComplaintReceived: "complaint_acceptance",
    DenunciationReceived: "denunciation",
    ReportMoved: "conduct_report",
}
"""Which clock an event would have set."""


async def store(batch: Batch, clocks: Clocks, directories: Directories) -> None:
    """Keep what a batch has come to."""
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
    if batch.tally:
        await clocks.count_late(batch.tally)
    waiting = [rung.at for x in (*added, *restarted) if (rung := x.rungs.next()) is not None]
    if waiting:
        await clocks.wake_timer(min(waiting))
