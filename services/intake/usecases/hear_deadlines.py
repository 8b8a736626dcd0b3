"""Keeps on the dossier what deadline says of it: the appointment, and how it was kept."""

from collections.abc import Sequence

from services.intake.domain import promises as domain
from services.intake.domain.promises import Promise
from services.intake.usecases.ports import Promises
from shared.events import deadlines as wire
from shared.messages import Heard, Refusal


async def hear_deadlines(heard: Sequence[Heard], promises: Promises) -> list[Refusal]:
    """Apply a batch in order; an event of a dossier we never had is refused."""
    ours = [
        one
        for one in heard
        if isinstance(one.event, wire.DeadlineEvent) and one.event.kind == "dossier"
    ]
    loaded = await promises.load({one.event.subject for one in ours})
    changed: dict[str, Promise] = {}
    refusals: dict[str, Refusal] = {}
    for one in ours:
        code = one.event.subject
        if code in refusals:
            continue
        if code not in loaded:
            refusals[code] = Refusal(one, f"intake has no dossier {code}")
            continue
        assert isinstance(one.event, wire.DeadlineEvent)
        loaded[code] = changed[code] = _after(loaded[code], one.event)
    if changed:
        await promises.keep(list(changed.values()))
    return list(refusals.values())


def _after(promise: Promise, event: wire.DeadlineEvent) -> Promise:
    match event:
        case wire.DeadlineRecomputed():
            return domain.recompute(
                promise,
                event.generation,
                event.appointment_at,
                event.legal_due,
                event.pledge_due,
            )
        case wire.DeadlineSet():
            return domain.set_deadline(
                promise,
                event.generation,
                event.appointment_at,
                event.legal_due,
                event.pledge_due,
            )
        case wire.AppointmentSet() | wire.Reappointed():
            return domain.set_appointment(promise, event.appointment_at)
        case wire.ClockStopped():
            return domain.stop(promise)
        case wire.AlarmRung():
            return domain.ring(promise, event.rung)
        case wire.DeadlineMet():
            return domain.meet(promise)
        case wire.DeadlineMissed():
            return domain.miss(promise)
        case wire.BreachWithdrawn():
            return domain.withdraw_breach(promise)
        case _:
            return promise
