"""Makes a working calendar from its file: the `holidays` package's days, swaps, days to confirm."""

from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Annotated, Literal

import holidays
import orjson
from pydantic import BaseModel, ConfigDict, Field

from services.deadline.domain.office_hours import WEEKDAYS
from services.deadline.domain.working_calendar import WorkingCalendar


class CalendarFileError(ValueError):
    """A calendar file that contradicts itself or the package."""

    def __init__(self, field: str, mistake: str) -> None:
        super().__init__(mistake)
        self.field = field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Holidays(_Part):
    country: str
    subdivision: str | None = None


class _Years(_Part):
    first: Annotated[int, Field(ge=1990, le=2100)]
    last: Annotated[int, Field(ge=1990, le=2100)]


class _Swap(_Part):
    swapped_off: date
    worked_on: date
    source: Annotated[str, Field(min_length=1)]
    status: Literal["law", "seen", "unverified"]


class _Awaited(_Part):
    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]
    from_year: int
    confirmed_years: tuple[int, ...]
    source: Annotated[str, Field(min_length=1)]


class CalendarFile(_Part):
    """One file of rules/calendars/."""

    calendar: str
    holidays: _Holidays
    years: _Years
    weekend: tuple[str, ...]
    swaps: tuple[_Swap, ...]
    awaiting_confirmation: tuple[_Awaited, ...]


def working_calendar(file: CalendarFile) -> WorkingCalendar:
    """The calendar a file describes. Raises `CalendarFileError`."""
    years = range(file.years.first, file.years.last + 1)
    if not years:
        raise CalendarFileError("years", f"{file.years.last} lies before {file.years.first}")
    weekend = _weekend(file)
    listed = _package_days(file, years)
    _refuse_bad_swaps(file, weekend, listed)
    unconfirmed = {on for on in listed if _is_unconfirmed(file, on)}
    days_off = frozenset(set(listed) - unconfirmed | {swap.swapped_off for swap in file.swaps})
    stands_in_for = {swap.worked_on: swap.swapped_off for swap in file.swaps}
    calendar = WorkingCalendar(
        name=file.calendar,
        version="",
        first_on=date(file.years.first, 1, 1),
        last_on=date(file.years.last, 12, 31),
        weekend=weekend,
        days_off=days_off,
        stands_in_for=stands_in_for,
    )
    return replace(calendar, version=version_of(calendar))


def version_of(calendar: WorkingCalendar) -> str:
    """The version of a calendar's content; the same days have the same version."""
    content = orjson.dumps(
        [
            calendar.first_on.year,
            calendar.last_on.year + 1,
            sorted(calendar.weekend),
            sorted(calendar.days_off),
            sorted(calendar.stands_in_for.items()),
        ]
    )
    return f"{calendar.name}-{sha256(content).hexdigest()[:12]}"


def _weekend(file: CalendarFile) -> frozenset[int]:
    for name in file.weekend:
        if name not in WEEKDAYS:
            raise CalendarFileError("weekend", f"{name!r} is not a weekday")
    return frozenset(WEEKDAYS.index(name) + 1 for name in file.weekend)


def _package_days(file: CalendarFile, years: range) -> list[date]:
    country, subdivision = file.holidays.country, file.holidays.subdivision
    try:
        package = holidays.country_holidays(country, subdiv=subdivision, years=years)
    except NotImplementedError as error:
        raise CalendarFileError("holidays", str(error)) from error
    known_swaps = {swap.worked_on for swap in file.swaps}
    for worked in sorted(package.weekend_workdays):
        if worked.year in years and worked not in known_swaps:
            mistake = f"the holidays package has a swap worked on {worked} that is not listed"
            raise CalendarFileError("swaps", mistake)
    return [on for on in sorted(package) if on.year in years]


def _refuse_bad_swaps(file: CalendarFile, weekend: frozenset[int], listed: list[date]) -> None:
    for swap in file.swaps:
        if swap.worked_on.isoweekday() not in weekend and swap.worked_on not in listed:
            raise CalendarFileError("swaps", f"{swap.worked_on} is worked without a swap")
        if swap.swapped_off.isoweekday() in weekend:
            raise CalendarFileError(
                "swaps", f"{swap.swapped_off} is a weekend day; it is off already"
            )


def _is_unconfirmed(file: CalendarFile, on: date) -> bool:
    return any(
        (on.month, on.day) == (awaited.month, awaited.day)
        and on.year >= awaited.from_year
        and on.year not in awaited.confirmed_years
        for awaited in file.awaiting_confirmation
    )
