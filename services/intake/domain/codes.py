"""Dossier codes: their legal shapes, by era, and the day's order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.intake.domain.refused import RefusedError

Shape = Literal["tt01-2018", "qd20-2020", "long-date"]

LAST_ORDER = 9_999
"""The order within the day has four digits (TT 01/2018 art. 19)."""
LONGEST_AGENCY = 35

_SMALL_FIRST = re.compile(r"([A-Z0-9]{3})\.([A-Z0-9]{2})\.([A-Z0-9]{2})\.([A-Z][0-9]{2})")
"""TT 01/2018: V1V2V3.Z1Z2.Y1Y2.MX1X2, from the smallest unit up to the province or ministry."""
_GREAT_FIRST = re.compile(r"[A-Z][0-9]{2}(?:\.[A-Z0-9]+)*")
"""QĐ 20/2020: level 1 (a letter and two digits) first, then downwards."""
_SHORT_TAIL = re.compile(r"(?P<agency>[A-Z0-9.]+)-(?P<day>[0-9]{6})-(?P<order>[0-9]{4})")
_LONG_TAIL = re.compile(r"(?P<agency>[A-Z0-9.]+)-(?P<day>[0-9]{8})-(?P<order>[0-9]{7})")
"""In use in 2026: G09.20-20260609-0092637. Read, never generated."""

RULE = (
    "a dossier's code is V1V2V3.Z1Z2.Y1Y2.MX1X2-YYMMDD-XXXX (TT 01/2018), its agency part reversed "
    "since QĐ 20/2020, or with the date as YYYYMMDD and an order of 7 digits"
)


@dataclass(frozen=True, slots=True)
class Era:
    """From which day of receipt a shape is generated; None: since ever."""

    shape: Literal["tt01-2018", "qd20-2020"]
    valid_from: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Code:
    """A code taken apart. `agency` is written as the shape has it."""

    agency: str
    received_on: date
    order: int
    shape: Shape

    def __str__(self) -> str:
        if self.shape == "long-date":
            return f"{self.agency}-{self.received_on:%Y%m%d}-{self.order:07d}"
        return f"{self.agency}-{self.received_on:%y%m%d}-{self.order:04d}"


class DayFullError(ValueError):
    """The 10,000th dossier of an agency's day: there is no code for it (rule 14)."""

    def __init__(self, prefix: str) -> None:
        super().__init__(
            f"{prefix} has given out {LAST_ORDER} codes; a 10,000th does not exist (TT 01/2018)"
        )
        self.prefix = prefix


def era_on(day: date, eras: Sequence[Era]) -> Era:
    """The era of a day of receipt (rule 13). `eras` from the oldest on; raises `RefusedError`."""
    for era in reversed(eras):
        if era.valid_from is None or era.valid_from <= day:
            return era
    raise RefusedError(
        "received_at", day.isoformat(), "no rule says how a dossier of that day is coded"
    )


def prefix(agency: str, received_on: date, eras: Sequence[Era]) -> str:
    """The code without its order: the agency in the era's shape, and the day.

    The order is counted per prefix (rule 14), so two spellings of one agency share a count.
    """
    shape = era_on(received_on, eras).shape
    return f"{agency_part(agency, shape)}-{received_on:%y%m%d}"


def numbered(prefix: str, order: int) -> str:
    """The code with this order. Raises `DayFullError` past the 9,999th."""
    if order > LAST_ORDER:
        raise DayFullError(prefix)
    return f"{prefix}-{order:04d}"


def agency_part(agency: str, shape: Literal["tt01-2018", "qd20-2020"]) -> str:
    """The agency's code written in the shape, whichever of the two it was registered in.

    TT 01/2018 fills missing levels with zeros; QĐ 20/2020 leaves them out. Raises `RefusedError` when
    a code has more or longer levels than TT 01/2018 has places.
    """
    levels = _levels(agency)
    if shape == "qd20-2020":
        return ".".join(levels)
    if len(levels) > 4:
        raise RefusedError("agency", agency, "TT 01/2018 knows four levels of agencies")
    level_1, level_2, level_3, level_4 = [*levels, "", "", ""][:4]
    part = f"{level_4.zfill(3)}.{level_3.zfill(2)}.{level_2.zfill(2)}.{level_1}"
    if not _SMALL_FIRST.fullmatch(part):
        raise RefusedError("agency", agency, "it does not fit V1V2V3.Z1Z2.Y1Y2.MX1X2 (TT 01/2018)")
    return part


def check_agency(agency: str) -> None:
    """An agency's code has one of the two legal shapes. Raises `RefusedError`."""
    _levels(agency)


def parse(text: str, eras: Sequence[Era]) -> Code:
    """Take a code apart. Raises `RefusedError` for anything that is not one of the legal shapes.

    A few agency parts fit both shapes; the era of the code's own day decides.
    """
    if found := _LONG_TAIL.fullmatch(text):
        received_on = _day(text, found["day"])
        if _is_great_first(found["agency"]):
            return Code(found["agency"], received_on, _order(text, found["order"]), "long-date")
    elif found := _SHORT_TAIL.fullmatch(text):
        received_on = _day(text, "20" + found["day"])
        order = _order(text, found["order"])
        fitting: list[Literal["tt01-2018", "qd20-2020"]] = []
        if _SMALL_FIRST.fullmatch(found["agency"]):
            fitting.append("tt01-2018")
        if _is_great_first(found["agency"]):
            fitting.append("qd20-2020")
        if fitting:
            era = era_on(received_on, eras).shape
            shape = era if era in fitting else fitting[0]
            return Code(found["agency"], received_on, order, shape)
    raise RefusedError("code", text, RULE)


def _levels(agency: str) -> list[str]:
    """An agency's levels, the greatest first; levels that are only zeros at the end left out."""
    if found := _SMALL_FIRST.fullmatch(agency):
        levels = list(reversed(found.groups()))
        while len(levels) > 1 and not levels[-1].strip("0"):
            levels.pop()
        return levels
    if _is_great_first(agency):
        return agency.split(".")
    raise RefusedError(
        "agency",
        agency,
        "an agency's code is V1V2V3.Z1Z2.Y1Y2.MX1X2 (TT 01/2018) or starts with a letter and two "
        "digits, levels dotted, at most 35 of A-Z, 0-9 and dots (QĐ 20/2020)",
    )


def _is_great_first(agency: str) -> bool:
    return len(agency) <= LONGEST_AGENCY and _GREAT_FIRST.fullmatch(agency) is not None


def _day(text: str, digits: str) -> date:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError as error:
        raise RefusedError("code", text, f"{digits} is no date") from error


def _order(text: str, digits: str) -> int:
    if int(digits) == 0:
        raise RefusedError("code", text, "the order within the day starts at 1")
    return int(digits)
