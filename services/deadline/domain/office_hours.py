"""When an office works on each weekday."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MIDNIGHT = time(0, 0)


class OfficeHoursError(ValueError):
    """Office hours that no office can keep; the message names the weekday and the mistake."""


@dataclass(frozen=True, slots=True)
class Shift:
    """From `opens` to `closes`, within one local day. Closing at 00:00 is the day's end."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The shifts of the seven weekdays, Monday first; an empty one is a day off."""

    of_weekday: tuple[tuple[Shift, ...], ...]

    def on(self, iso_weekday: int) -> tuple[Shift, ...]:
        """The shifts of an ISO weekday (1 is Monday)."""
        return self.of_weekday[iso_weekday - 1]


def office_hours(by_name: Mapping[str, tuple[Shift, ...]]) -> OfficeHours:
    """Office hours from shifts by weekday name; a name left out is a day off.

    Raises `OfficeHoursError` for an unknown weekday, a shift that ends before it starts, shifts that
    overlap or are out of order, and a week without any shift.
    """
    for name, shifts in by_name.items():
        if name not in WEEKDAYS:
            raise OfficeHoursError(f"{name!r} is not a weekday")
        _refuse_disorder(name, shifts)
    if not any(by_name.values()):
        raise OfficeHoursError("no weekday has hours; an office that never opens keeps no deadline")
    return OfficeHours(tuple(tuple(by_name.get(name, ())) for name in WEEKDAYS))


def _refuse_disorder(name: str, shifts: tuple[Shift, ...]) -> None:
    closed_at = MIDNIGHT
    for place, shift in enumerate(shifts):
        is_last = place == len(shifts) - 1
        ends_the_day = is_last and shift.closes == MIDNIGHT
        if not ends_the_day and shift.closes <= shift.opens:
            raise OfficeHoursError(f"{name}: {shift.opens} to {shift.closes} ends before it starts")
        if shift.opens < closed_at:
            raise OfficeHoursError(
                f"{name}: {shift.opens} lies before {closed_at}, the last closing"
            )
        closed_at = shift.closes
