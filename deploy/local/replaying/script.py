"""The log as what the services are sent: registrations, then lines of NDJSON, step by step."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.local.replaying.limits import usual_limits
from deploy.local.replaying.log import Case, Log
from deploy.local.replaying.mapping import LogMapping
from deploy.local.replaying.office import Office

MOST_OF_A_LEVEL = 99
LONGEST_PROCEDURE_CODE = 64
LONGEST_NAME = 200


class ScriptError(ValueError):
    """The log does not fit what the services can take; the message says where."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing an agency's system tells, and when it happened."""

    at: datetime
    agency: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Script:
    """All that is sent: agencies and procedures by code, then the lines in the order of time."""

    names: Mapping[str, str]
    """The agencies' names: the log's units."""
    procedures: Mapping[str, tuple[str, int | None]]
    """The procedures' names and limits in working days."""
    lines: tuple[Line, ...]
    begins_at: datetime

    @property
    def ends_at(self) -> datetime:
        """The midnight after the last line."""
        return _midnight(self.lines[-1].at) + timedelta(days=1)


def write_script(log: Log, mapping: LogMapping, office: Office) -> Script:
    """What to send for a log. Raises `ScriptError`."""
    agencies = agency_codes(log.cases, mapping.agencies.root)
    procedures = procedure_codes(sorted({case.procedure for case in log.cases}))
    limits = usual_limits(log.cases, office)
    lines = [
        line
        for case in log.cases
        for line in _lines(case, agencies[case.department, case.unit], procedures[case.procedure])
    ]
    # Stable: the lines of one case that happened at one instant keep their order.
    lines.sort(key=lambda line: line.at)
    return Script(
        names={code: unit[:LONGEST_NAME] for (_, unit), code in agencies.items()},
        procedures={code: (name, limits[name]) for name, code in procedures.items()},
        lines=tuple(lines),
        begins_at=_midnight(lines[0].at),
    )


def agency_codes(cases: Sequence[Case], root: str) -> dict[tuple[str, str], str]:
    """ROOT.DD.UU for every department and unit, counted in the order of their names."""
    units: dict[str, set[str]] = {}
    for case in cases:
        units.setdefault(case.department, set()).add(case.unit)
    codes = {}
    for number, department in enumerate(sorted(units), start=1):
        if max(number, len(units[department])) > MOST_OF_A_LEVEL:
            raise ScriptError(
                f"department {department!r} is the {number}th, with {len(units[department])} units:"
                f" a code has room for {MOST_OF_A_LEVEL} of each"
            )
        for order, unit in enumerate(sorted(units[department]), start=1):
            codes[department, unit] = f"{root}.{number:02d}.{order:02d}"
    return codes


def procedure_codes(names: Sequence[str]) -> dict[str, str]:
    """A code that can be read for every procedure's name; a number where two would be alike."""
    codes: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        code = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:LONGEST_PROCEDURE_CODE] or "x"
        number = 1
        while code in taken:
            number += 1
            end = f"-{number}"
            code = code[: LONGEST_PROCEDURE_CODE - len(end)] + end
        taken.add(code)
        codes[name] = code
    return codes


def _lines(case: Case, agency: str, procedure: str) -> Iterator[Line]:
    """Handed in, accepted (an online one by a line of its own), resolved and returned."""

    def line(at: datetime, do: str, **body: Any) -> Line:
        return Line(
            at, agency, {"do": do, "at": at.isoformat(), "reference": case.reference, **body}
        )

    yield line(
        case.received_at,
        "submit",
        procedure=procedure,
        channel=case.channel,
        is_complete=True,
        # The log names nobody, and neither do we.
        applicant={"name": f"case {case.reference}"},
    )
    if case.channel == "online":
        yield line(case.received_at, "accept")
    if case.resolved_at is not None:
        yield line(case.resolved_at, "resolve")
        yield line(case.resolved_at, "return")


def by_step(script: Script, days: int) -> Iterator[tuple[datetime, list[Line]]]:
    """The lines of each step with the midnight that ends it; steps where nothing happens too.

    The last ends with the log, however long steps are: what is due later is not the log's.
    """
    ends_at = script.begins_at
    batch: list[Line] = []
    for line in script.lines:
        while line.at >= ends_at:
            if ends_at > script.begins_at:
                yield ends_at, batch
                batch = []
            ends_at += timedelta(days=days)
        batch.append(line)
    yield script.ends_at, batch


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
