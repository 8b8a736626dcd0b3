"""What a recomputation makes of one open clock."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from services.deadline.domain.clocks import Clock, State

Cause = Literal["calendar", "rules"]


@dataclass(frozen=True, slots=True)
class Change:
    """An open clock before and after it was counted anew."""

    before: Clock
    after: Clock

    @property
    def cause(self) -> Cause:
        """Which of the two changed; where both did, the calendar."""
        before, after = self.before.dues, self.after.dues
        return "calendar" if before.calendar_version != after.calendar_version else "rules"

    @property
    def is_breach_withdrawn(self) -> bool:
        """It had been called overdue, and by the new dates it is not."""
        return self.before.state is State.BREACHED and self.after.state is State.RUNNING

    @property
    def begins_anew(self) -> bool:
        """An alarm that had rung was taken back: the next generation began."""
        return self.after.generation != self.before.generation

    @property
    def moved_by(self) -> timedelta:
        """How much later it is due; nothing where it had, or has, no legal due."""
        before, after = self.before.dues.legal_due, self.after.dues.legal_due
        return timedelta(0) if before is None or after is None else after - before
