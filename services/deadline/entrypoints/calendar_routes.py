"""Calendars over HTTP: which there are, and the decrees that change them."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.deadline.domain.decrees import Decree, DecreeRefusedError, Swap
from services.deadline.domain.rules import NoRuleError
from services.deadline.usecases.ports import Begin
from services.deadline.usecases.revise_calendar import revise_calendar
from shared.clock import Clock
from shared.identity import Caller, Role, require
from shared.problems import Problem

MOST_DAYS = 60

Anyone = Annotated[Caller, Depends(require(*Role))]
Operator = Annotated[Caller, Depends(require(Role.OPERATOR))]

Source = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SwapBody(_Body):
    """A day off for a day worked, with its hours."""

    swapped_off: date
    worked_on: date


class DecreeBody(_Body):
    """What a decree says of one calendar; at least one day."""

    calendar: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
    days_off: Annotated[tuple[date, ...], Field(max_length=MOST_DAYS)] = ()
    days_worked: Annotated[tuple[date, ...], Field(max_length=MOST_DAYS)] = ()
    swaps: Annotated[tuple[SwapBody, ...], Field(max_length=MOST_DAYS)] = ()
    source: Source


class DecreeAnswer(BaseModel):
    """A decree that was kept, and the version its calendar had from then on."""

    days_off: list[date]
    days_worked: list[date]
    swaps: list[SwapBody]
    source: str
    calendar_version: str
    asked_by: str
    decreed_at: datetime


class CalendarAnswer(BaseModel):
    """One calendar as it is now; `decrees` lie over the rule book's file."""

    calendar: str
    version: str
    first_on: date
    last_on: date
    decrees: list[DecreeAnswer]


class CalendarRevisedAnswer(BaseModel):
    """The calendar's new version. Open clocks move only by `recompute`."""

    calendar: str
    version: str


def calendar_routes(begin: Begin, clock: Clock) -> APIRouter:
    """GET and POST of /calendars."""
    router = APIRouter(prefix="/calendars", tags=["calendars"])

    @router.get("")
    async def show(caller: Anyone) -> list[CalendarAnswer]:
        """Every calendar, with its version and the decrees over it."""
        async with begin() as books:
            calendars = (await books.directories.current()).rule_book.calendars
            decrees = await books.directories.decrees()
        return [
            CalendarAnswer(
                calendar=name,
                version=calendar.version,
                first_on=calendar.first_on,
                last_on=calendar.last_on,
                decrees=[
                    DecreeAnswer(
                        days_off=list(kept.decree.days_off),
                        days_worked=list(kept.decree.days_worked),
                        swaps=[_swap(swap) for swap in kept.decree.swaps],
                        source=kept.decree.source,
                        calendar_version=kept.calendar_version,
                        asked_by=kept.asked_by,
                        decreed_at=kept.decreed_at,
                    )
                    for kept in decrees
                    if kept.decree.calendar == name
                ],
            )
            for name, calendar in sorted(calendars.items())
        ]

    @router.post("", status_code=201)
    async def decree(asked: DecreeBody, caller: Operator) -> CalendarRevisedAnswer:
        """Put a decree over a calendar: what is received from now on is counted by it."""
        wanted = Decree(
            calendar=asked.calendar,
            days_off=asked.days_off,
            days_worked=asked.days_worked,
            swaps=tuple(Swap(swap.swapped_off, swap.worked_on) for swap in asked.swaps),
            source=asked.source,
        )
        async with begin() as books:
            try:
                version = await revise_calendar(
                    wanted, books.directories, books.outbox, caller.subject, clock.now()
                )
            except NoRuleError as error:
                raise _refused("calendar", asked.calendar, str(error)) from error
            except DecreeRefusedError as error:
                raise _refused(error.field, error.value, error.rule) from error
        return CalendarRevisedAnswer(calendar=asked.calendar, version=version)

    return router


def _swap(swap: Swap) -> SwapBody:
    return SwapBody(swapped_off=swap.swapped_off, worked_on=swap.worked_on)


def _refused(field: str, value: object, rule: str) -> Problem:
    return Problem(
        422,
        "The decree cannot be",
        f"{field}: {rule}",
        type="decree-refused",
        field=field,
        value=str(value),
        rule=rule,
    )
