"""Rings what is due: a set of clocks at a time, each rung once whatever the number of replicas."""

from collections import Counter
from typing import NamedTuple

from services.deadline.domain.alarms import Alarm, Bell
from services.deadline.domain.clocks import DueClock, ring_due
from services.deadline.domain.lateness import Tally, late_of
from services.deadline.usecases import tidings
from services.deadline.usecases.ports import FIRST_DUE, Clocks, Directories, Due
from shared.messages import Saying, SaysEvents

SET = 500
"""How many clocks ring in one transaction.

Measured with a storm of 100,000 beside flowing dossiers: sets of 250 cost a quarter more, broker and all; of
a thousand, hold up for longer what else the process has in hand.
"""


class RangSet(NamedTuple):
    """What one transaction rang."""

    size: int
    """How many clocks."""
    last: Due | None
    """Where to go on, when the set was full."""


async def ring_alarms(
    clocks: Clocks,
    directories: Directories,
    outbox: SaysEvents,
    bell: Bell,
    behind: Due = FIRST_DUE,
) -> RangSet:
    """Ring every rung whose instant has passed, of at most SET clocks behind a place.

    The order is that of the instants, so that a replay says the same alarms in the same order.
    """
    due = await clocks.lock_due(bell.now, SET, behind)
    if not due:
        return RangSet(0, None)
    directory = await directories.current()
    alarms: list[Alarm] = []
    changed: list[DueClock] = []
    tally: Tally = Counter()
    for clock in due:
        after, passed = ring_due(clock, bell.now)
        changed.append(after)
        zone = directory.agency(clock.receiving_agency).zone
        for rang in passed:
            alarms.append(bell.ring(clock, rang, directory.calls(clock, rang)))
            if (counted := late_of(clock, rang, zone)) is not None:
                tally[counted] += 1
    alarms.sort(key=lambda alarm: (alarm.due_at, alarm.code, alarm.kind))
    await clocks.keep_rung(changed)
    await clocks.keep_alarms(alarms)
    if tally:
        await clocks.count_late(tally)
    await outbox.say([Saying(tidings.alarm_rung(alarm), alarm.rang_at) for alarm in alarms])
    return RangSet(len(due), _place(due[-1]) if len(due) == SET else None)


def _place(clock: DueClock) -> Due:
    waiting = clock.rungs.next()
    assert waiting is not None, "what was due had a rung that waited"
    return Due(waiting.at, clock.code, clock.kind)
