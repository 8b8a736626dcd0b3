"""One log under two ways of counting, or two pledges: what would have been promised, and kept."""

from collections import Counter as Counts
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.deadline.domain.reckoning import FRIDAY, Reckoning
from services.deadline.domain.rules import LimitKind, NoRuleError
from services.deadline.domain.working_calendar import CalendarEndsError
from services.deadline.usecases.audit import Case, LeftOut, Mistake
from services.deadline.usecases.counting import Counter, LimitError, LocalTimeError, parse_limit

BUSIEST = 5
"""Hours shown."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way of counting with one pledge."""

    name: str
    counter: Counter
    is_pledged_same_day: bool


@dataclass(slots=True)
class Fridays:
    """What became of a unit's Friday dossiers that are to be resolved the same day."""

    dossiers: int = 0
    put_off: int = 0
    """Given an appointment in the following week, or later."""
    closed_later: int = 0
    """Closed, whatever was promised, after the weekend."""


@dataclass(slots=True)
class Outcome:
    """What a log comes to under one scenario."""

    cases: int = 0
    same_day: int = 0
    """Promised for the day of receipt."""
    same_day_closed: int = 0
    same_day_kept: int = 0
    closed: int = 0
    kept: int = 0
    """Closed by the appointment."""
    fridays: dict[str, Fridays] = field(default_factory=dict)
    """By unit."""
    load: Counts[datetime] = field(default_factory=Counts)
    """Appointments by the local hour they fall in: 17:00 for a closing at 17:00."""

    def add(self, received: datetime, closed: datetime | None, found: Reckoning) -> None:
        appointment = found.appointment_at
        self.cases += 1
        if appointment is None:
            return
        self.load[appointment.replace(minute=0, second=0, microsecond=0)] += 1
        is_same_day = appointment.date() == received.date()
        self.same_day += is_same_day
        if closed is not None:
            is_kept = closed <= appointment
            self.closed += 1
            self.kept += is_kept
            self.same_day_closed += is_same_day
            self.same_day_kept += is_same_day and is_kept

    def add_friday(
        self, unit: str, received: datetime, closed: datetime | None, found: Reckoning
    ) -> None:
        friday = self.fridays.setdefault(unit, Fridays())
        friday.dossiers += 1
        friday.put_off += found.appointment_at is None or _is_later_week(
            received, found.appointment_at
        )
        friday.closed_later += closed is not None and _is_later_week(received, closed)

    def busiest(self) -> list[tuple[datetime, int]]:
        """The hours with most appointments, the fullest first."""
        return sorted(self.load.items(), key=lambda hour: (-hour[1], hour[0]))[:BUSIEST]


@dataclass(slots=True)
class Comparison:
    """Two outcomes of one log, and what lies between them."""

    outcomes: tuple[Outcome, Outcome] = field(default_factory=lambda: (Outcome(), Outcome()))
    earlier: int = 0
    """Appointments that the second scenario sets earlier than the first."""
    later: int = 0
    left_out: LeftOut = field(default_factory=LeftOut)


def compare(
    rows: Iterable[tuple[str, Case | Mistake]], scenarios: tuple[Scenario, Scenario]
) -> Comparison:
    """Count every case of a log under both scenarios. `rows`: the unit of each, and the case."""
    comparison = Comparison()
    for unit, case in rows:
        mistake = case if isinstance(case, Mistake) else _add(comparison, unit, case, scenarios)
        if mistake is not None:
            comparison.left_out.add(mistake)
    return comparison


def _add(
    comparison: Comparison, unit: str, case: Case, scenarios: Sequence[Scenario]
) -> Mistake | None:
    """Both scenarios or neither: what one of them cannot count is compared with nothing."""
    counted: list[tuple[datetime, datetime | None, Reckoning]] = []
    for scenario in scenarios:
        counter = scenario.counter
        try:
            received = counter.local(case.received_at)
            closed = None if case.closed_at is None else counter.local(case.closed_at)
            counted.append((received, closed, counter.count(received, case.limit)))
        except LimitError as error:
            return Mistake(case.row, "limit", str(error))
        except (LocalTimeError, NoRuleError, CalendarEndsError) as error:
            return Mistake(case.row, "received_at", f"{scenario.name}: {error}")
    is_same_day_limit = parse_limit(case.limit)[0] is LimitKind.SAME_DAY
    for outcome, scenario, (received, closed, found) in zip(
        comparison.outcomes, scenarios, counted, strict=True
    ):
        outcome.add(received, closed, found)
        # The Friday rule binds what is to be resolved the same day, by law or by pledge (rule 4).
        if received.isoweekday() == FRIDAY and (is_same_day_limit or scenario.is_pledged_same_day):
            outcome.add_friday(unit, received, closed, found)
    first, second = (
        scenario.counter.instant(found.appointment_at) if found.appointment_at else None
        for scenario, (_, _, found) in zip(scenarios, counted, strict=True)
    )
    if first is not None and second is not None:
        comparison.earlier += second < first
        comparison.later += second > first
    return None


def _is_later_week(one: datetime, other: datetime) -> bool:
    return other.isocalendar()[:2] > one.isocalendar()[:2]
