"""Rings what is due: a set of clocks at a time, each rung once whatever the number of replicas."""

from collections import Counter

from services.deadline.domain.alarms import Alarm, Bell
from services.deadline.domain.clocks import Clock, ring_before
from services.deadline.domain.lateness import Tally, late_of
from services.deadline.domain.rungs import Rang
from services.deadline.usecases import tidings
from services.deadline.usecases.ports import Clocks, Directories
from shared.messages import Saying, SaysEvents

SET = 250
"""How many clocks ring in one transaction.

A thousand would cost a quarter less, and would hold up for four times as long what else the process and
its relay have in hand: in a storm of alarms dossiers go on being accepted.
"""


async def ring_alarms(
    clocks: Clocks,
    directories: Directories,
    outbox: SaysEvents,
    bell: Bell,
    *,
    wait: bool = False,
) -> int:
    """Ring every rung whose instant has passed, of at most SET clocks; returns how many clocks.

    Clocks that another process is at are passed over, or with `wait` waited for. The order is that
    of the instants, so that a replay says the same alarms in the same order.
    """
    due = await clocks.lock_due(bell.now, SET, wait=wait)
    if not due:
        return 0
    directory = await directories.current()
    alarms: list[Alarm] = []
    changed: list[Clock] = []
    tally: Tally = Counter()
    for clock in due:
        after, outcomes = ring_before(clock, bell.now)
        changed.append(after)
        zone = directory.agency(clock.receiving_agency).zone
        for rang in outcomes:
            if isinstance(rang, Rang):
                alarms.append(bell.ring(clock, rang, directory.calls(clock, rang)))
            if (counted := late_of(clock, rang, zone)) is not None:
                tally[counted] += 1
    alarms.sort(key=lambda alarm: (alarm.due_at, alarm.code, alarm.kind))
    await clocks.keep_rung(changed)
    await clocks.keep_alarms(alarms)
    if tally:
        await clocks.count_late(tally)
    await outbox.say([Saying(tidings.alarm_rung(alarm), alarm.rang_at) for alarm in alarms])
    return len(due)
