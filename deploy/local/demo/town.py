"""The town of town.yaml: units, procedures, and how its Friday goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

FILE = Path(__file__).parent / "town.yaml"

Shift = tuple[time, time]
"""Opening and closing."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """What citizens ask for. `minutes` is the work it usually takes."""

    code: str
    name: str
    kind: str
    amount: int
    share: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit with its pledge and its manners (`slow`, `manners`: in a hundred)."""

    code: str
    name: str
    shifts: tuple[Shift, ...]
    same_day: tuple[str, ...]
    keeps_friday: bool
    dossiers: int
    slow: int
    manners: int

    @property
    def closes(self) -> time:
        return self.shifts[-1][1]

    def is_open(self, at: datetime) -> bool:
        """Whether somebody stands at the counter at a local time."""
        return at.isoweekday() <= 5 and any(
            opens <= at.time() < closes for opens, closes in self.shifts
        )

    def later(self, at: datetime, minutes: int) -> datetime:
        """The local time after so many minutes of work, Saturdays and Sundays off."""
        left = timedelta(minutes=minutes)
        on = at.date()
        while True:
            for opens, closes in self.shifts if on.isoweekday() <= 5 else ():
                begins = max(at, datetime.combine(on, opens))
                ends = datetime.combine(on, closes)
                if begins < ends:
                    if begins + left < ends:
                        return begins + left
                    left -= ends - begins
            on += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Report:
    """A report against some of the 5 không."""

    agency: str
    at: datetime
    against: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Town:
    """All of town.yaml. Times are local."""

    friday: date
    until: datetime
    zone: ZoneInfo
    calendar: str
    pledged_from: date
    seed: int
    by_hour: tuple[int, ...]
    by_channel: Mapping[str, int]
    procedures: Mapping[str, Procedure]
    units: Mapping[str, Unit]
    congratulated: Sequence[str]
    happens: Mapping[str, int]
    transfers: Sequence[tuple[str, str]]
    reports: Sequence[Report]

    @property
    def opens_at(self) -> datetime:
        """The local time the clock starts at: Friday, before anything happens."""
        return datetime.combine(self.friday, time.min)

    def instant(self, local: datetime) -> datetime:
        """A local time as an aware instant."""
        return local.replace(tzinfo=self.zone)


def read_town(file: Path = FILE) -> Town:
    """Read a town. Raises `KeyError` and `ValueError` for what is missing or malformed."""
    found = yaml.safe_load(file.read_text())
    lists, hours = found["same_day_lists"], found["office_hours"]
    return Town(
        friday=found["friday"],
        until=found["until"],
        zone=ZoneInfo(found["time_zone"]),
        calendar=found["calendar"],
        pledged_from=found["pledged_from"],
        seed=found["seed"],
        by_hour=tuple(found["arrivals"]["per_mille_by_hour"]),
        by_channel=found["arrivals"]["per_mille_by_channel"],
        procedures={
            code: Procedure(code=code, **{"amount": 0, **entry})
            for code, entry in found["procedures"].items()
        },
        units={
            code: Unit(code=code, **_resolved(entry, lists, hours))
            for code, entry in found["units"].items()
        },
        congratulated=found["congratulated"],
        happens=found["happens"],
        transfers=[(entry["from"], entry["to"]) for entry in found["transfers"]],
        reports=[
            Report(entry["agency"], entry["at"], tuple(entry["against"]), entry["text"])
            for entry in found["reports"]
        ],
    )


def _resolved(
    entry: dict[str, Any], lists: dict[str, Any], hours: dict[str, Any]
) -> dict[str, Any]:
    """A unit's entry with its list and hours in place of their names."""
    own = dict(entry)
    own["same_day"] = tuple(lists[own["same_day"]])
    own["shifts"] = tuple(
        (time.fromisoformat(opens), time.fromisoformat(closes))
        for opens, closes in hours[own.pop("hours")]
    )
    return own
