"""List reports: the reported unit's redacted copy, and what a handler has to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.feedback.domain.reports import Kind, Report
from services.feedback.usecases.handle_report import Handler
from services.feedback.usecases.ports import Books, Handled


class UnknownUnitError(LookupError):
    """No such agency is registered."""


@dataclass(frozen=True, slots=True)
class UnitCopy:
    """What the reported unit may know: no words, and days instead of instants, which could lead to
    whoever was at the counter then (rule 33)."""

    report: Report
    reported_on: date
    moved_on: date | None


async def list_unit_copies(
    agency: str, after: str | None, limit: int, books: Books
) -> Sequence[UnitCopy]:
    """Newest code first; never a denunciation (rule 32). Raises `UnknownUnitError`."""
    found = await books.agencies.find([agency])
    if agency not in found:
        raise UnknownUnitError(f"no agency {agency} has been heard of")
    zone = found[agency].time_zone
    return [
        UnitCopy(
            report=report,
            reported_on=report.reported_at.astimezone(zone).date(),
            moved_on=report.moved_at and report.moved_at.astimezone(zone).date(),
        )
        for report in await books.reports.of_unit(agency, after, limit)
    ]


async def list_handled(
    handler: Handler, kind: Kind | None, after: str | None, limit: int, books: Books
) -> Sequence[Report]:
    """Newest code first; never one about the handler's own agency."""
    asked = Handled(
        handler=None if handler.is_inspector else handler.agency,
        not_about=handler.agency,
        kind=kind,
    )
    return await books.reports.of_handler(asked, after, limit)
