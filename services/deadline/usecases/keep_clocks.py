"""Hears agencies, procedures, dossiers and reports, and keeps their clocks: a batch at a time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.deadline.domain.alarms import Bell
from services.deadline.domain.clocks import IllegalMoveError
from services.deadline.domain.ladder import LadderError
from services.deadline.domain.office_hours import OfficeHoursError
from services.deadline.domain.rules import NoRuleError
from services.deadline.domain.working_calendar import CalendarEndsError
from services.deadline.usecases.batch import Batch
from services.deadline.usecases.directory import NotHeardError
from services.deadline.usecases.dossier_clocks import DOSSIER_ROUTES
from services.deadline.usecases.ports import Clocks, Directories
from services.deadline.usecases.registrations import known_agency, known_procedure
from services.deadline.usecases.report_clocks import REPORT_ROUTES
from shared.events.agencies import AgencyRegistered
from shared.events.base import Event
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


REGISTRATIONS = (AgencyRegistered, ProcedureRegistered)

ROUTES: Mapping[type[Event], Callable[[Batch, Heard, Any], None]] = {
    AgencyRegistered: _agency_registered,
    ProcedureRegistered: _procedure_registered,
    **DOSSIER_ROUTES,
    **REPORT_ROUTES,
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
