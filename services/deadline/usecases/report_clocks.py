"""What each event of a report does to its clocks. Reports, complaints and denunciations never mix:
each has its own code and its own kinds of clock."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.deadline.domain import clocks as moves
from services.deadline.domain.clocks import Clock, ClockKind, IllegalMoveError
from services.deadline.domain.rules import Wait
from services.deadline.usecases.batch import Batch
from shared.events.base import Event
from shared.events.feedback import (
    ComplaintReceived,
    ConductReported,
    DenunciationReceived,
    ReportMoved,
)
from shared.messages import Heard

ANSWERED: tuple[ClockKind, ...] = ("conduct_report", "complaint_decision", "denunciation")
"""What a resolution answers: a code has one of them."""

EVERY: tuple[ClockKind, ...] = (*ANSWERED, "complaint_acceptance", "report_publication")


def _conduct_reported(batch: Batch, one: Heard, event: ConductReported) -> None:
    handler = event.handler or event.agency
    _begin(batch, one, Wait.CONDUCT_REPORT, event.report, handler, event.reported_at)


def _complaint_received(batch: Batch, one: Heard, event: ComplaintReceived) -> None:
    _begin(batch, one, Wait.COMPLAINT_ACCEPTANCE, event.report, event.agency, event.received_at)


def _denunciation_received(batch: Batch, one: Heard, event: DenunciationReceived) -> None:
    _begin(batch, one, Wait.DENUNCIATION, event.report, event.agency, event.received_at)


def _moved(batch: Batch, one: Heard, event: ReportMoved) -> None:
    if not any(batch.clock(event.report, kind) for kind in EVERY):
        raise IllegalMoveError(event.report, None, event.step, "nothing was received under it")
    STEPS[event.step](batch, one, event)


def _returned(batch: Batch, one: Heard, event: ReportMoved) -> None:
    """Another office must handle it: it is given back within two working days (rule 32)."""
    report = _the(batch, event, "conduct_report")
    _judge(batch, one, Wait.REPORT_RETURN, report, event.moved_at)
    batch.silence(one, "conduct_report", event.report, "refused", event.moved_at)


def _asked(batch: Batch, one: Heard, event: ReportMoved) -> None:
    """More is asked of its author within five working days; the answer's time stands still."""
    report = _the(batch, event, "conduct_report")
    stopped = moves.await_supplement(report, event.moved_at)
    _judge(batch, one, Wait.REPORT_INQUIRY, report, event.moved_at)
    batch.move(one, stopped)


def _answered(batch: Batch, one: Heard, event: ReportMoved) -> None:
    report = _the(batch, event, "conduct_report")
    dues = batch.directory.dues_after_supplement(report, event.moved_at)
    batch.restart(one, report, moves.restart(report, event.moved_at, dues))


def _accepted(batch: Batch, one: Heard, event: ReportMoved) -> None:
    """A complaint is taken up: from now on its decision is due."""
    complaint = _the(batch, event, "complaint_acceptance")
    decision = _new(batch, Wait.COMPLAINT_DECISION, complaint, event.agency, event.moved_at)
    batch.refuse_second(decision)
    batch.move(one, moves.resolve(complaint, event.moved_at))
    batch.add(one, decision)


def _refused(batch: Batch, one: Heard, event: ReportMoved) -> None:
    """Not taken up, and said so: that is an answer to a complaint, and the end of anything else."""
    batch.meet(one, "complaint_acceptance", event.report, event.moved_at)
    for kind in ANSWERED:
        batch.silence(one, kind, event.report, "refused", event.moved_at)


def _resolved(batch: Batch, one: Heard, event: ReportMoved) -> None:
    found = [kind for kind in ANSWERED if batch.clock(event.report, kind) is not None]
    if not found:
        why = "a complaint is accepted before it is decided"
        raise IllegalMoveError(event.report, moves.State.RUNNING, "resolved", why)
    report = _the(batch, event, found[0])
    resolved = moves.resolve(report, event.moved_at)
    publication = None
    if report.kind == "conduct_report":
        publication = _new(batch, Wait.REPORT_PUBLICATION, report, event.agency, event.moved_at)
        batch.refuse_second(publication)
    batch.move(one, resolved)
    if publication is not None:
        batch.add(one, publication)


def _published(batch: Batch, one: Heard, event: ReportMoved) -> None:
    publication = _the(batch, event, "report_publication")
    batch.move(one, moves.resolve(publication, event.moved_at))


def _withdrawn(batch: Batch, one: Heard, event: ReportMoved) -> None:
    for kind in EVERY:
        batch.silence(one, kind, event.report, "withdrawn", event.moved_at)


STEPS: Mapping[str, Callable[[Batch, Heard, ReportMoved], None]] = {
    "returned": _returned,
    "asked": _asked,
    "answered": _answered,
    "accepted": _accepted,
    "refused": _refused,
    "resolved": _resolved,
    "published": _published,
    "withdrawn": _withdrawn,
}


def _begin(batch: Batch, one: Heard, wait: Wait, code: str, agency: str, at: datetime) -> None:
    dues = batch.directory.wait_dues(wait, agency, at, at)
    batch.add(one, moves.start(wait.value, code, agency, None, at, at, dues))


def _new(batch: Batch, wait: Wait, report: Clock, agency: str, at: datetime) -> Clock:
    """What is due from a step in the handling of a report on, by the rules of its receipt."""
    dues = batch.directory.wait_dues(wait, agency, report.received_at, at)
    return moves.start(wait.value, report.code, agency, None, report.received_at, at, dues)


def _judge(batch: Batch, one: Heard, wait: Wait, report: Clock, at: datetime) -> None:
    dues = batch.directory.wait_dues(wait, report.agency, report.received_at, report.complete_at)
    batch.judge(one, wait.value, report, dues, at)


def _the(batch: Batch, event: ReportMoved, kind: ClockKind) -> Clock:
    clock = batch.clock(event.report, kind)
    if clock is None:
        why = f"it has no clock of the kind {kind}"
        raise IllegalMoveError(event.report, None, event.step, why)
    return clock


REPORT_ROUTES: Mapping[type[Event], Callable[[Batch, Heard, Any], None]] = {
    ConductReported: _conduct_reported,
    ComplaintReceived: _complaint_received,
    DenunciationReceived: _denunciation_received,
    ReportMoved: _moved,
}
