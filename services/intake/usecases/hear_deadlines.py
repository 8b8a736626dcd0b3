"""Keeps on the dossier what deadline says of it: the appointment, the hand-overs, how each was kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.intake.domain import promises as domain
from services.intake.domain.hand_overs import HandOverKind, Verdict, Wait
from services.intake.domain.promises import Promise, Reappointment
from services.intake.usecases.ports import Promises
from services.intake.usecases.reckoned import kept
from shared import stages
from shared.events import deadlines as wire
from shared.messages import Heard, Refusal

HAND_OVERS: dict[wire.ClockKind, HandOverKind] = {
    "forwarding": "forwarding",
    "transfer_leg": "transfer_leg",
}
"""The clocks whose verdicts stand on phiếu kiểm soát."""

OURS: frozenset[wire.ClockKind] = frozenset({"dossier", *HAND_OVERS})


@dataclass(slots=True)
class _Batch:
    promises: dict[str, Promise] = field(default_factory=dict)
    waits: dict[tuple[str, HandOverKind, int], Wait] = field(default_factory=dict)
    reappointments: list[Reappointment] = field(default_factory=list)


async def hear_deadlines(heard: Sequence[Heard], promises: Promises) -> list[Refusal]:
    """Apply a batch in order; an event of a dossier we never had is refused."""
    ours = [
        one for one in heard if isinstance(one.event, wire.DeadlineEvent) and one.event.kind in OURS
    ]
    loaded = await promises.load({one.event.subject for one in ours})
    stages.enter("decide")
    batch = _Batch()
    refusals: dict[str, Refusal] = {}
    for one in ours:
        code = one.event.subject
        if code in refusals:
            continue
        if code not in loaded:
            refusals[code] = Refusal(one, f"intake has no dossier {code}")
            continue
        assert isinstance(one.event, wire.DeadlineEvent)
        if one.event.kind in HAND_OVERS:
            _note(batch, one.event, HAND_OVERS[one.event.kind])
            continue
        loaded[code] = batch.promises[code] = _after(loaded[code], one.event)
        if isinstance(one.event, wire.Reappointed):
            batch.reappointments.append(_reappointment(one.event))
    stages.enter("store")
    await _store(batch, promises)
    return list(refusals.values())


async def _store(batch: _Batch, promises: Promises) -> None:
    if batch.promises:
        await promises.keep(list(batch.promises.values()))
    if batch.waits:
        await promises.keep_hand_overs([(key[0], wait) for key, wait in batch.waits.items()])
    if batch.reappointments:
        await promises.keep_reappointments(batch.reappointments)


def _note(batch: _Batch, event: wire.DeadlineEvent, kind: HandOverKind) -> None:
    """A hand-over is due, or was made: only what the event says is filled in."""
    key = (event.code, kind, event.generation)
    wait = batch.waits.get(key, Wait(kind, event.generation, event.agency, None))
    match event:
        case wire.DeadlineSet():  # and DeadlineRecomputed, which is one
            batch.waits[key] = replace(wait, due_at=event.appointment_at)
        case wire.DeadlineMet():
            verdict: Verdict = "early" if event.is_early else "on_time"
            batch.waits[key] = replace(wait, verdict=verdict, ended_at=event.resolved_at)
        case wire.DeadlineMissed():
            batch.waits[key] = replace(wait, verdict="late", ended_at=event.resolved_at)
        case _:
            pass  # Alarms call people; a stopped clock judges nobody.


def _reappointment(event: wire.Reappointed) -> Reappointment:
    return Reappointment(
        event.code,
        event.original_appointment_at,
        event.appointment_at,
        event.reappointed_at,
    )


def _after(promise: Promise, event: wire.DeadlineEvent) -> Promise:
    match event:
        case wire.DeadlineRecomputed():
            return domain.recompute(
                promise,
                event.generation,
                event.appointment_at,
                event.legal_due,
                event.pledge_due,
                kept(event.steps),
            )
        case wire.DeadlineSet():
            return domain.set_deadline(
                promise,
                event.generation,
                event.appointment_at,
                event.legal_due,
                event.pledge_due,
                kept(event.steps),
            )
        case wire.AppointmentSet() | wire.Reappointed():
            return domain.set_appointment(promise, event.appointment_at)
        case wire.ClockStopped():
            return domain.stop(promise)
        case wire.AlarmRung():
            return domain.ring(promise, event.rung)
        case wire.DeadlineMet():
            return domain.meet(promise, is_early=event.is_early)
        case wire.DeadlineMissed():
            return domain.miss(promise)
        case wire.BreachWithdrawn():
            return domain.withdraw_breach(promise)
        case _:
            return promise
