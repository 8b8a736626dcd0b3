"""What intake hears, and what it does with it."""

from collections.abc import Callable, Sequence

import asyncpg

from services.intake.usecases.delivery_ports import QueuesDeliveries
from services.intake.usecases.hear_deadlines import hear_deadlines
from services.intake.usecases.hear_feedback import hear_feedback
from services.intake.usecases.ports import Promises
from shared.events import deadlines, feedback
from shared.events.base import Event
from shared.inbox import Apply
from shared.messages import Heard, Refusal

TOPICS: tuple[str, ...] = (deadlines.TOPIC, feedback.TOPIC)

EVENTS: tuple[type[Event], ...] = (
    deadlines.DeadlineSet,
    deadlines.DeadlineRecomputed,
    deadlines.AppointmentSet,
    deadlines.Reappointed,
    deadlines.ClockStopped,
    deadlines.AlarmRung,
    deadlines.DeadlineMet,
    deadlines.DeadlineMissed,
    deadlines.BreachWithdrawn,
    feedback.NoticeSent,
)
"""Ratings and reports are feedback's business: passed over once their sequence is noted."""


def keeping(
    promises_on: Callable[[asyncpg.Connection], Promises],
    queue_on: Callable[[asyncpg.Connection], QueuesDeliveries] | None = None,
) -> Apply:
    """What to do with a batch: keep it on the dossiers, in the transaction it was heard in.

    `queue_on`: where notices wait for their delivery; None: they are not delivered from here.
    """

    async def apply(connection: asyncpg.Connection, heard: Sequence[Heard]) -> Sequence[Refusal]:
        promises = promises_on(connection)
        told = [one for one in heard if isinstance(one.event, deadlines.DeadlineEvent)]
        noted = [one for one in heard if isinstance(one.event, feedback.NoticeSent)]
        refusals = await hear_deadlines(told, promises) if told else []
        if noted:
            queue = None if queue_on is None else queue_on(connection)
            refusals = [*refusals, *await hear_feedback(noted, promises, queue)]
        return refusals

    return apply
