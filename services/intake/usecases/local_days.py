"""From instants to an agency's local days; the domain sees only the days."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.intake.domain.agencies import Agency
from services.intake.domain.refused import RefusedError


def local_day(instant: datetime, agency: Agency) -> date:
    """The agency's date at an instant."""
    return instant.astimezone(ZoneInfo(agency.time_zone)).date()


def check_time_zone(name: str) -> None:
    """A time zone is one of the IANA data base. Raises `RefusedError`."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RefusedError("time_zone", name, "it is not in the IANA time zone database") from error


def check_not_future(field: str, instant: datetime, asked_at: datetime) -> None:
    """What is told as done was done before it was told. Raises `RefusedError`."""
    if instant > asked_at:
        raise RefusedError(
            field, instant.isoformat(), f"it is in the future: now is {asked_at.isoformat()}"
        )
