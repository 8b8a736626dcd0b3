"""Procedures and their time limits, read from the national list's own words (`thoi_han`)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from services.intake.domain.refused import RefusedError

LimitKind = Literal["working_days", "days", "hours", "same_day", "none"]

COLUMNS = ("ma_thu_tuc", "ten_thu_tuc", "thoi_han")
"""The columns we need of the national list: code, name, time limit."""

_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_AMOUNT = re.compile(r"(?P<amount>\d+(?:[.,]\d+)?)\s+(?P<unit>giờ|ngày|ngày làm việc)", re.I)
_UNITS: Mapping[str, LimitKind] = {
    "giờ": "hours",
    "ngày": "days",
    "ngày làm việc": "working_days",
}
LONGEST_NAME = 1000
LARGEST_AMOUNT = 3650
READABLE = (
    "a time limit is a whole number of Giờ, Ngày or Ngày làm việc, or 'Không quy định'; "
    "any other has to be registered by hand"
)


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit for dossiers received in its period; `amount` in the unit `kind` names."""

    valid_from: date
    valid_to: date | None
    kind: LimitKind
    amount: int
    regime: str = "nd61"
    leg_hours: int | None = None
    """Working hours for each agency the dossier is transferred to."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure in one revision of its registration, with every limit it has had."""

    code: str
    revision: int
    name: str
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line of an import that was not taken. `line` counts as an editor does, header = 1."""

    line: int
    field: str
    value: str
    rule: str


def read_limit(text: str) -> tuple[LimitKind, int]:
    """Read a `thoi_han`: its kind and amount.

    'Không quy định' is no limit. '0 Giờ' asks for it at once: the same day is the nearest we can
    promise. Raises `RefusedError` for ranges, halves of hours, events ("before the ship leaves") and
    blanks: who guesses a legal limit breaks somebody's promise.
    """
    words = " ".join(text.split())
    if words.casefold() == "không quy định":
        return "none", 0
    found = _AMOUNT.fullmatch(words)
    if found is None or not found["amount"].isdecimal():
        raise RefusedError("thoi_han", text, READABLE)
    amount = int(found["amount"])
    kind = _UNITS[found["unit"].casefold()]
    if kind == "hours" and amount == 0:
        return "same_day", 0
    if not 1 <= amount <= LARGEST_AMOUNT:
        raise RefusedError("thoi_han", text, f"the amount is from 1 to {LARGEST_AMOUNT}")
    return kind, amount


def limit_on(limits: Sequence[Limit], day: date) -> Limit | None:
    """The limit of dossiers received on the day (rule 13)."""
    for limit in limits:
        if limit.valid_from <= day and (limit.valid_to is None or day <= limit.valid_to):
            return limit
    return None


def check_limits(limits: Sequence[Limit]) -> None:
    """Every day of receipt has at most one limit (rule 13). Raises `RefusedError`."""
    if not limits:
        raise RefusedError("limits", [], "a procedure has at least one limit")
    for place, limit in enumerate(limits):
        if limit.valid_to is not None and limit.valid_to < limit.valid_from:
            raise RefusedError(
                f"limits.{place}.valid_to", limit.valid_to.isoformat(), "it is before valid_from"
            )
        if (limit.amount == 0) != (limit.kind in ("same_day", "none")):
            raise RefusedError(
                f"limits.{place}.amount",
                limit.amount,
                "it is 0 for same_day and none, and at least 1 for days and hours",
            )
    ordered = sorted(enumerate(limits), key=lambda placed: placed[1].valid_from)
    for (_, before), (place, after) in pairwise(ordered):
        if before.valid_to is None or before.valid_to >= after.valid_from:
            raise RefusedError(
                f"limits.{place}.valid_from",
                after.valid_from.isoformat(),
                f"it overlaps the limit in force from {before.valid_from.isoformat()}",
            )


def read_lines(
    lines: Iterable[tuple[int, Mapping[str, str]]], valid_from: date
) -> tuple[list[Procedure], list[RefusedLine]]:
    """Read the national list: a line per procedure and channel or case.

    Lines of one procedure which disagree are all refused: one procedure has one limit, and picking
    one by the order of lines would be chance. So is a procedure of which any line cannot be read.
    The procedures' revision is 0: whoever keeps them counts.
    """
    names: dict[str, str] = {}
    limits: dict[str, dict[tuple[LimitKind, int], list[tuple[int, str]]]] = {}
    refused: list[RefusedLine] = []
    spoilt: set[str] = set()
    for number, line in lines:
        try:
            code, name = _read_identity(line)
            if names.setdefault(code, name) != name:
                raise RefusedError(
                    "ten_thu_tuc", name, f"{code} is named otherwise on an earlier line"
                )
            limit = read_limit(line["thoi_han"])
        except RefusedError as error:
            refused.append(RefusedLine(number, error.field, str(error.value), error.rule))
            spoilt.add(line["ma_thu_tuc"].strip())
        else:
            limits.setdefault(code, {}).setdefault(limit, []).append((number, line["thoi_han"]))
    procedures = []
    for code, found in limits.items():
        if len(found) > 1 or code in spoilt:
            refused.extend(_refuse_all(code, found))
        else:
            ((kind, amount),) = found
            procedures.append(
                Procedure(code, 0, names[code], (Limit(valid_from, None, kind, amount),))
            )
    return procedures, sorted(refused, key=lambda entry: entry.line)


def _refuse_all(
    code: str, found: Mapping[tuple[LimitKind, int], Sequence[tuple[int, str]]]
) -> Iterable[RefusedLine]:
    rule = (
        f"the lines of {code} give different limits; register it by hand"
        if len(found) > 1
        else f"another line of {code} cannot be read; register it by hand"
    )
    for lines in found.values():
        for number, text in lines:
            yield RefusedLine(number, "thoi_han", text, rule)


def _read_identity(line: Mapping[str, str]) -> tuple[str, str]:
    code, name = line["ma_thu_tuc"].strip(), line["ten_thu_tuc"].strip()
    if not _CODE.fullmatch(code):
        raise RefusedError("ma_thu_tuc", code, "a procedure's code is 1 to 64 of A-Z a-z 0-9 . _ -")
    if not 1 <= len(name) <= LONGEST_NAME:
        raise RefusedError("ten_thu_tuc", name, f"a name has 1 to {LONGEST_NAME} letters")
    return code, name
