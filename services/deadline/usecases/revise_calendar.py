"""A decree comes: the calendar gets a new version. No date moves by itself (rule 12)."""

from datetime import datetime

from services.deadline.domain.decrees import Decree, refuse_contradiction
from services.deadline.usecases.ports import Directories
from shared.events.deadlines import CalendarRevised
from shared.messages import Saying, SaysEvents


async def revise_calendar(
    decree: Decree, directories: Directories, outbox: SaysEvents, asked_by: str, now: datetime
) -> str:
    """Keep the decree and say so; returns the calendar's new version.

    What is received from now on is counted by it; what is open is counted anew by `recompute`.
    Raises `NoRuleError` for an unknown calendar, `DecreeRefusedError` naming the field.
    """
    await directories.hold_changes()
    directory = await directories.current()
    refuse_contradiction(directory.rule_book.calendar(decree.calendar), decree)
    version = await directories.keep_decree(decree, asked_by, now)
    revised = CalendarRevised(calendar=decree.calendar, version=version, revised_at=now)
    await outbox.say([Saying(revised, now)])
    return version
