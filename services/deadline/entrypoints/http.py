"""Deadline over HTTP: what is due and why, appointments, alarms."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, NoReturn

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from services.deadline.domain.alarms import Alarm
from services.deadline.domain.appointments import UnlawfulAppointmentError
from services.deadline.domain.clocks import Clock as DossierClock
from services.deadline.domain.clocks import IllegalMoveError
from services.deadline.domain.reappointments import (
    LONGEST_WORDS,
    Issued,
    Reappointment,
    ReappointmentRefusedError,
)
from services.deadline.domain.rules import RuleBook
from services.deadline.usecases.ports import Begin
from services.deadline.usecases.reappoint import reappoint
from services.deadline.usecases.set_appointment import NoClockError, set_appointment
from services.deadline.usecases.show_deadline import Shown, show_deadline
from shared.clock import Clock
from shared.events.deadlines import Call, ClockKind, Rung
from shared.identity import Caller, Role, require
from shared.problems import Problem

MOST_ALARMS = 1_000

Words = Annotated[str, StringConstraints(max_length=LONGEST_WORDS, pattern=r"^[^\x00]*$")]

Anyone = Annotated[Caller, Depends(require(*Role))]
HeadOfUnit = Annotated[Caller, Depends(require(Role.HEAD_OF_UNIT))]
Overseer = Annotated[Caller, Depends(require(Role.HEAD_OF_UNIT, Role.INSPECTOR, Role.OPERATOR))]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class ExplanationAnswer(_Answer):
    """One step from the receipt to the due instant."""

    rule: str
    source: str
    starts: str
    ends: str
    vi: str
    en: str


class AlarmAnswer(_Answer):
    """An alarm that has rung."""

    code: str
    kind: ClockKind
    generation: int
    rung: Rung
    agency: str
    due_at: datetime
    rang_at: datetime
    is_late: bool
    calls: Call | None


class ReappointmentAnswer(_Answer):
    """Mẫu 04: the new date, and the due instant that still judges lateness."""

    original_appointment_at: datetime
    appointment_at: datetime
    legal_due: datetime | None
    reason: str
    signer: str
    reappointed_at: datetime


class RecomputationAnswer(_Answer):
    """A date that was counted anew, on purpose."""

    recomputation: int
    reason: str
    cause: Literal["calendar", "rules"]
    legal_due_before: datetime | None
    legal_due: datetime | None
    appointment_before: datetime | None
    appointment_at: datetime | None
    is_breach_withdrawn: bool
    recomputed_at: datetime


class PastAnswer(_Answer):
    """What the clock was before its limit counted anew."""

    generation: int
    complete_at: datetime
    legal_due: datetime | None
    pledge_due: datetime | None
    appointment_at: datetime | None
    agency: str | None
    state: str | None
    resolved_at: datetime | None


class ClockAnswer(_Answer):
    """One clock, with why it is what it is."""

    kind: ClockKind
    agency: str
    receiving_agency: str
    procedure: str | None
    generation: int
    state: Literal["running", "breached", "stopped", "met", "missed", "out_of_sync", "ended"]
    received_at: datetime
    complete_at: datetime
    legal_due: datetime | None
    pledge_due: datetime | None
    appointment_at: datetime | None
    original_legal_due: datetime | None
    reappointment: ReappointmentAnswer | None
    resolved_at: datetime | None
    stopped_at: datetime | None
    stop_reason: str | None
    regime: str
    rules_version: str
    calendar_version: str
    explanation: list[ExplanationAnswer]
    past_generations: list[PastAnswer]
    recomputations: list[RecomputationAnswer]
    alarms: list[AlarmAnswer]


class DeadlineAnswer(_Answer):
    code: str
    clocks: list[ClockAnswer]


class UncomputableAnswer(_Answer):
    """Something that waits and has no clock: the event that would have set it is set aside."""

    code: str
    kind: ClockKind
    generation: int
    agency: str
    cause: Literal["no_rule", "calendar_ends", "office_hours"]
    why: str
    found_at: datetime


class AlarmsAnswer(_Answer):
    alarms: list[AlarmAnswer]
    uncomputable: list[UncomputableAnswer]
    """All that there are now, whatever `since` says."""


class LatenessAnswer(_Answer):
    """One unit's counts for one kind of clock, of what was due on the days asked for."""

    agency: str
    kind: ClockKind
    called: int
    """Breaches that were called."""
    out_of_sync: int
    """Lệch đồng bộ: of those, kept in time and heard of too late."""
    recomputed: int
    """Of those, not overdue by dates that were counted anew."""
    overdue: int
    """The others: late indeed."""


class AppointmentAsked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    appointment_at: AwareDatetime


class ReappointmentAsked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    original_appointment_at: AwareDatetime
    appointment_at: AwareDatetime
    reason: Words
    signer: Words


class AppointmentAnswer(_Answer):
    code: str
    appointment_at: datetime
    legal_due: datetime | None
    pledge_due: datetime | None


def routes(begin: Begin, clock: Clock, rule_book: RuleBook) -> APIRouter:
    """Deadline's routes."""
    router = APIRouter(tags=["deadlines"])

    @router.get("/deadlines/{code}")
    async def show(code: str, caller: Anyone) -> DeadlineAnswer:
        """What is due under a dossier's or report's code, why, and who was called."""
        async with begin() as books:
            try:
                shown = await show_deadline(code, books, rule_book)
            except NoClockError:
                _not_found(code)
        for one in shown:
            _must_see(caller, one.clock)
        return DeadlineAnswer(code=code, clocks=[_answer(one) for one in shown])

    @router.get("/lateness")
    async def lateness(
        caller: Overseer,
        agency: str | None = None,
        first_on: date | None = None,
        last_on: date | None = None,
    ) -> list[LatenessAnswer]:
        """Overdue and "lệch đồng bộ" per unit, by the day they were due. A head of unit sees the own."""
        agency = _own_or_asked(caller, agency)
        async with begin() as books:
            found = await books.archive.lateness(agency, first_on, last_on)
        return [LatenessAnswer.model_validate(one) for one in found]

    @router.post("/deadlines/{code}/appointment")
    async def appoint(code: str, asked: AppointmentAsked, caller: HeadOfUnit) -> AppointmentAnswer:
        """Choose another appointment, in office hours, not later than law and pledge."""
        async with begin() as books:
            for found in await books.archive.clocks(code):
                caller.must_act_for(found.agency)
            try:
                chosen = await set_appointment(
                    code,
                    asked.appointment_at,
                    books.clocks,
                    books.directories,
                    books.outbox,
                    clock.now(),
                )
            except NoClockError:
                _not_found(code)
            except IllegalMoveError as error:
                raise Problem(409, "Not now", str(error), type="illegal-move") from error
            except UnlawfulAppointmentError as error:
                raise _unlawful(asked, error) from error
        return AppointmentAnswer(
            code=code,
            appointment_at=asked.appointment_at,
            legal_due=chosen.dues.legal_due,
            pledge_due=chosen.dues.pledge_due,
        )

    @router.post("/deadlines/{code}/reappointment")
    async def issue_mau_04(
        code: str, asked: ReappointmentAsked, caller: HeadOfUnit
    ) -> ReappointmentAnswer:
        """Mẫu 04: an apology with the reason and a new date, once; what is due stays."""
        says = Reappointment(
            original_appointment_at=asked.original_appointment_at,
            appointment_at=asked.appointment_at,
            reason=asked.reason.strip(),
            signer=asked.signer.strip(),
            asked_by=caller.subject,
            reappointed_at=clock.now(),
        )
        async with begin() as books:
            for found in await books.archive.clocks(code):
                caller.must_act_for(found.agency)
            try:
                issued = await reappoint(code, says, books.clocks, books.directories, books.outbox)
            except NoClockError:
                _not_found(code)
            except IllegalMoveError as error:
                raise Problem(409, "Not now", str(error), type="illegal-move") from error
            except ReappointmentRefusedError as error:
                raise _refused(error) from error
        return _reappointment(issued)

    @router.get("/alarms")
    async def alarms(
        caller: Overseer,
        agency: str | None = None,
        since: AwareDatetime | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ALARMS)] = 100,
    ) -> AlarmsAnswer:
        """Alarms from `since` on, oldest first. A head of unit sees those of the own agency."""
        agency = _own_or_asked(caller, agency)
        async with begin() as books:
            found = await books.archive.alarms_since(since, agency, limit)
            uncomputable = await books.archive.uncomputable(agency, limit)
        return AlarmsAnswer(
            alarms=_alarms(found),
            uncomputable=[UncomputableAnswer.model_validate(one) for one in uncomputable],
        )

    return router


def _own_or_asked(caller: Caller, agency: str | None) -> str | None:
    """Whose alarms and counts are asked for; None is all, for those who act for all."""
    if agency is None and caller.role is Role.HEAD_OF_UNIT:
        agency = caller.agency
    if agency is not None:
        caller.must_act_for(agency)
    return agency


def _must_see(caller: Caller, clock: DossierClock) -> None:
    """The agency that has it, and the one that received it: that is where the citizen asks."""
    if not caller.may_act_for(clock.receiving_agency):
        caller.must_act_for(clock.agency)


def _answer(shown: Shown) -> ClockAnswer:
    clock = shown.clock
    return ClockAnswer(
        kind=clock.kind,
        agency=clock.agency,
        receiving_agency=clock.receiving_agency,
        procedure=clock.procedure,
        generation=clock.generation,
        state=clock.state.value,
        received_at=clock.received_at,
        complete_at=clock.complete_at,
        legal_due=clock.dues.legal_due,
        pledge_due=clock.dues.pledge_due,
        appointment_at=clock.appointment_at,
        original_legal_due=clock.original_legal_due,
        reappointment=shown.reappointment and _reappointment(shown.reappointment),
        resolved_at=clock.resolved_at,
        stopped_at=clock.stopped_at,
        stop_reason=clock.stop_reason,
        regime=clock.dues.regime,
        rules_version=clock.dues.rules_version,
        calendar_version=clock.dues.calendar_version,
        explanation=[ExplanationAnswer.model_validate(step) for step in shown.explanation],
        past_generations=[PastAnswer.model_validate(before) for before in shown.past],
        recomputations=[
            RecomputationAnswer.model_validate(change) for change in shown.recomputations
        ],
        alarms=_alarms(shown.alarms),
    )


def _alarms(alarms: Sequence[Alarm]) -> list[AlarmAnswer]:
    return [AlarmAnswer.model_validate(alarm) for alarm in alarms]


def _reappointment(issued: Issued) -> ReappointmentAnswer:
    says = issued.says
    return ReappointmentAnswer(
        original_appointment_at=says.original_appointment_at,
        appointment_at=says.appointment_at,
        legal_due=issued.legal_due,
        reason=says.reason,
        signer=says.signer,
        reappointed_at=says.reappointed_at,
    )


def _not_found(code: str) -> NoReturn:
    raise Problem(404, "No deadline", f"no clock runs under {code}", type="no-clock", code=code)


def _refused(error: ReappointmentRefusedError) -> Problem:
    return Problem(
        422,
        "Mẫu 04 is not complete",
        str(error),
        type="reappointment-refused",
        field=error.field,
        value=str(error.value),
        rule=error.rule,
    )


def _unlawful(asked: AppointmentAsked, error: UnlawfulAppointmentError) -> Problem:
    return Problem(
        422,
        "The appointment is not lawful",
        str(error),
        type="unlawful-appointment",
        field="appointment_at",
        value=asked.appointment_at.isoformat(),
        rule=str(error),
        earliest_lawful=error.lawful.earliest.isoformat(),
        latest_lawful=error.lawful.latest and error.lawful.latest.isoformat(),
    )
