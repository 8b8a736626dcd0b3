"""What clocks do, as the events that deadline says."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import orjson

from services.deadline.domain.alarms import Alarm, Uncomputable
from services.deadline.domain.clocks import BreachTakenBack, Clock, Met, Missed, Stopped
from services.deadline.domain.reappointments import Reappointment
from services.deadline.domain.recomputations import Change
from shared.events.deadlines import (
    AlarmRung,
    AppointmentSet,
    BreachWithdrawn,
    ClockStopped,
    DeadlineMet,
    DeadlineMissed,
    DeadlineRecomputed,
    DeadlineSet,
    DeadlineUncomputable,
    Reappointed,
    ReckoningStep,
)

NO_SOURCES: Mapping[str, str] = {}
REMEMBERED = 4_096
LONGEST_SOURCE = 200


def deadline_set(clock: Clock, sources: Mapping[str, str] = NO_SOURCES) -> DeadlineSet:
    """`sources` are those of the clock's regime, by rule, where they are not what all regimes cite.

    Only a dossier's citizen reads why it is due when it is: other clocks are said without their steps.
    """
    return DeadlineSet(
        code=clock.code,
        kind=clock.kind,
        agency=clock.agency,
        generation=clock.generation,
        received_at=clock.received_at,
        legal_due=clock.dues.legal_due,
        pledge_due=clock.dues.pledge_due,
        appointment_at=clock.appointment_at,
        regime=clock.dues.regime,
        rules_version=clock.dues.rules_version,
        calendar_version=clock.dues.calendar_version,
        steps=_steps(clock, sources) if clock.kind == "dossier" and clock.dues.steps else None,
    )


def _steps(clock: Clock, sources: Mapping[str, str]) -> tuple[ReckoningStep, ...]:
    steps = _said(clock.dues.steps)
    if not sources:
        return steps
    return tuple(
        step.model_copy(update={"source": sources[step.rule][:LONGEST_SOURCE]})
        if step.rule in sources
        else step
        for step in steps
    )


@lru_cache(REMEMBERED)
def _said(steps: str) -> tuple[ReckoningStep, ...]:
    """Stored steps as they are said. All that arrive in one hour at one agency share theirs."""
    return tuple(
        ReckoningStep(
            rule=step["rule"],
            starts=step["from"],
            ends=step["to"],
            amount=step.get("amount", 0),
        )
        for step in orjson.loads(steps)
    )


def deadline_uncomputable(found: Uncomputable) -> DeadlineUncomputable:
    return DeadlineUncomputable(
        code=found.code,
        kind=found.kind,
        agency=found.agency,
        generation=found.generation,
        cause=found.cause,
        found_at=found.found_at,
    )


def deadline_recomputed(
    change: Change, recomputation: int, sources: Mapping[str, str] = NO_SOURCES
) -> DeadlineRecomputed:
    return DeadlineRecomputed(
        **dict(deadline_set(change.after, sources)),
        recomputation=recomputation,
        cause=change.cause,
        is_breach_withdrawn=change.is_breach_withdrawn,
    )


def appointment_set(clock: Clock, appointment_at: datetime) -> AppointmentSet:
    return AppointmentSet(
        code=clock.code,
        kind=clock.kind,
        agency=clock.agency,
        generation=clock.generation,
        appointment_at=appointment_at,
    )


def reappointed(clock: Clock, says: Reappointment) -> Reappointed:
    return Reappointed(
        code=clock.code,
        kind=clock.kind,
        agency=clock.agency,
        generation=clock.generation,
        original_appointment_at=says.original_appointment_at,
        appointment_at=says.appointment_at,
        legal_due=clock.dues.legal_due,
        reappointed_at=says.reappointed_at,
    )


def alarm_rung(alarm: Alarm) -> AlarmRung:
    return AlarmRung(
        code=alarm.code,
        kind=alarm.kind,
        agency=alarm.agency,
        generation=alarm.generation,
        rung=alarm.rung.value,
        due_at=alarm.due_at,
        rang_at=alarm.rang_at,
        is_late=alarm.is_late,
        calls=None if alarm.calls is None else alarm.calls.value,
    )


def clock_stopped(clock: Clock, stopped: Stopped) -> ClockStopped:
    return ClockStopped(
        code=clock.code,
        kind=clock.kind,
        agency=clock.agency,
        generation=clock.generation,
        reason=stopped.reason,
        stopped_at=stopped.stopped_at,
    )


def deadline_met(clock: Clock, met: Met, zone: ZoneInfo) -> DeadlineMet:
    """`is_early` compares days of the receiving agency's time zone."""
    appointment_at = clock.appointment_at
    return DeadlineMet(
        code=clock.code,
        kind=clock.kind,
        agency=clock.agency,
        generation=clock.generation,
        resolved_at=met.resolved_at,
        is_pledge_kept=met.is_pledge_kept,
        is_early=appointment_at is not None
        and met.resolved_at.astimezone(zone).date() < appointment_at.astimezone(zone).date(),
    )


def deadline_missed(clock: Clock, missed: Missed) -> DeadlineMissed:
    return DeadlineMissed(
        code=clock.code,
        kind=clock.kind,
        agency=clock.agency,
        generation=clock.generation,
        resolved_at=missed.resolved_at,
        legal_due=missed.legal_due,
    )


def breach_withdrawn(clock: Clock, back: BreachTakenBack, heard_at: datetime) -> BreachWithdrawn:
    """`resolved_at` is when the event happened that kept the deadline: a result, or a stop."""
    return BreachWithdrawn(
        code=clock.code,
        kind=clock.kind,
        agency=clock.agency,
        generation=clock.generation,
        resolved_at=back.happened_at,
        legal_due=back.legal_due,
        heard_at=heard_at,
    )
