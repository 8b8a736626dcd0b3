"""A decree changes which days are worked: further days off, days worked after all, swaps."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from services.deadline.domain.working_calendar import WorkingCalendar


@dataclass(frozen=True, slots=True)
class Swap:
    """A day off for a day worked, which keeps its hours (hoán đổi ngày làm việc)."""

    swapped_off: date
    worked_on: date


@dataclass(frozen=True, slots=True)
class Decree:
    """What one decree says of one calendar."""

    calendar: str
    days_off: tuple[date, ...]
    """Further holidays; or a swapped weekend day that is off after all."""
    days_worked: tuple[date, ...]
    """Days that were off and are worked after all."""
    swaps: tuple[Swap, ...]
    source: str
    """Number and title of the text."""


class DecreeRefusedError(ValueError):
    """A decree that says what is so already, or cannot be."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(f"{field}: {value}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


def refuse_contradiction(calendar: WorkingCalendar, decree: Decree) -> None:
    """Raises `DecreeRefusedError`, naming the field, for a day the calendar does not know, for a day
    off that is off already, and for a day that is worked anyway."""
    if not decree.source.strip():
        raise DecreeRefusedError("source", decree.source, "a decree is cited")
    named = list(_named(decree))
    if not named:
        raise DecreeRefusedError("days_off", [], "a decree changes at least one day")
    for place, (field, on, is_to_be_worked) in enumerate(named):
        if not calendar.first_on <= on <= calendar.last_on:
            rule = (
                f"calendar {calendar.name!r} reaches from {calendar.first_on} to {calendar.last_on}"
            )
            raise DecreeRefusedError(field, on, rule)
        if on in (earlier for _, earlier, _ in named[:place]):
            raise DecreeRefusedError(field, on, "the decree names this day before")
        if calendar.is_working_day(on) == is_to_be_worked:
            already = "is worked anyway" if is_to_be_worked else "is off already"
            raise DecreeRefusedError(field, on, f"{on} {already}")
    for place, on in enumerate(decree.days_worked):
        if on.isoweekday() in calendar.weekend:
            rule = "a weekend day is worked in a swap only: whose hours would it keep?"
            raise DecreeRefusedError(f"days_worked.{place}", on, rule)


def decreed(calendar: WorkingCalendar, decree: Decree) -> WorkingCalendar:
    """The calendar with the decree over it, still with the version it had; what is so already stays."""
    days_off = set(calendar.days_off) - set(decree.days_worked)
    days_off |= {on for on in decree.days_off if on.isoweekday() not in calendar.weekend}
    days_off |= {swap.swapped_off for swap in decree.swaps}
    stands_in_for = {
        worked: off
        for worked, off in calendar.stands_in_for.items()
        if worked not in decree.days_off
    }
    stands_in_for |= {swap.worked_on: swap.swapped_off for swap in decree.swaps}
    return replace(calendar, days_off=frozenset(days_off), stands_in_for=stands_in_for)


def _named(decree: Decree) -> Iterator[tuple[str, date, bool]]:
    """Every day the decree names: its field, itself, and whether it is to be worked."""
    for place, on in enumerate(decree.days_off):
        yield f"days_off.{place}", on, False
    for place, on in enumerate(decree.days_worked):
        yield f"days_worked.{place}", on, True
    for place, swap in enumerate(decree.swaps):
        yield f"swaps.{place}.swapped_off", swap.swapped_off, False
        yield f"swaps.{place}.worked_on", swap.worked_on, True
