"""Reads the register of an agency and period, a page of rows at a time."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from services.intake.domain.agencies import Agency
from services.intake.domain.register import Entry, check_period
from services.intake.usecases.ports import Transaction
from services.intake.usecases.refusals import UnknownError

PAGE_ROWS = 500
"""What is in memory at a time, whatever the period."""

Result = TypeVar("Result")
Transact = Callable[[Callable[[Transaction], Awaitable[Result]]], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Period:
    """From which local day of an agency to which, both of them in it."""

    agency: Agency
    first_on: date
    last_on: date

    @property
    def begins(self) -> datetime:
        return self._midnight(self.first_on)

    @property
    def ends(self) -> datetime:
        return self._midnight(self.last_on + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.agency.time_zone)).astimezone(UTC)


async def open_period(
    agency: str, first_on: date, last_on: date, transaction: Transaction
) -> Period:
    """The period asked for. Raises `RefusedError`, and `UnknownError` for no agency of ours."""
    check_period(first_on, last_on)
    found = (await transaction.registry.load_agencies([agency])).get(agency)
    if found is None:
        raise UnknownError("agency", agency)
    return Period(found, first_on, last_on)


async def read_register(
    period: Period, transact: Transact[list[Entry]], *, with_names: bool
) -> AsyncIterator[Sequence[Entry]]:
    """Page after page, each read in a transaction of its own: a slow reader holds none open.

    Applicants' names only `with_names`, for those who handle the dossiers.
    """
    zone = ZoneInfo(period.agency.time_zone)
    after: tuple[datetime, str] | None = None
    while True:
        since = after

        async def page(
            transaction: Transaction, since: tuple[datetime, str] | None = since
        ) -> list[Entry]:
            return await transaction.slips.register_page(
                period.agency.code, period.begins, period.ends, since, PAGE_ROWS
            )

        entries = await transact(page)
        if entries:
            yield [_shown(entry, zone, with_names=with_names) for entry in entries]
        if len(entries) < PAGE_ROWS:
            return
        after = (entries[-1].received_at, entries[-1].code)


def _shown(entry: Entry, zone: ZoneInfo, *, with_names: bool) -> Entry:
    return replace(
        entry,
        applicant=entry.applicant if with_names else None,
        received_at=entry.received_at.astimezone(zone),
        due_at=None if entry.due_at is None else entry.due_at.astimezone(zone),
        returned_at=None if entry.returned_at is None else entry.returned_at.astimezone(zone),
    )
