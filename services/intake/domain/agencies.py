"""Agencies: their period, and who follows whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.intake.domain.refused import RefusedError


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency in one revision of its registration. `valid_to` is its last day, None while open."""

    code: str
    revision: int
    name: str
    valid_from: date
    valid_to: date | None = None
    successor: str | None = None
    time_zone: str = "Asia/Ho_Chi_Minh"
    calendar: str = "vn"

    def is_valid_on(self, day: date) -> bool:
        """Whether the agency exists on the day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def check_registration(agency: Agency) -> None:
    """A period ends after it starts, and nobody follows themselves. Raises `RefusedError`."""
    if agency.valid_to is not None and agency.valid_to < agency.valid_from:
        raise RefusedError("valid_to", agency.valid_to.isoformat(), "it is before valid_from")
    if agency.successor == agency.code:
        raise RefusedError("successor", agency.successor, "an agency cannot follow itself")
    if agency.successor is not None and agency.valid_to is None:
        raise RefusedError(
            "successor", agency.successor, "an agency without an end has no successor"
        )


def check_valid_on(agency: Agency, day: date, field: str = "agency") -> None:
    """An agency acts within its period only (rules 13 and 16). Raises `RefusedError`."""
    if not agency.is_valid_on(day):
        until = "" if agency.valid_to is None else f" to {agency.valid_to.isoformat()}"
        followed = "" if agency.successor is None else f"; {agency.successor} follows it"
        raise RefusedError(
            field,
            agency.code,
            f"on {day.isoformat()} it is outside its period, "
            f"from {agency.valid_from.isoformat()}{until}{followed}",
        )


def responsible_on(code: str, day: date, agencies: Mapping[str, Agency]) -> str:
    """The agency that answers for `code`'s dossiers on the day: itself, or who followed it.

    After a merger the successor carries on (rule 16), through as many mergers as there were. A
    successor we do not know, or a circle, leaves the last one known.
    """
    met = {code}
    while (agency := agencies.get(code)) is not None:
        is_over = agency.valid_to is not None and day > agency.valid_to
        if not is_over or agency.successor is None or agency.successor in met:
            break
        if agency.successor not in agencies:
            break
        code = agency.successor
        met.add(code)
    return code
