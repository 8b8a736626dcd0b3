"""Reads the dated, cited figures of rules/*.yaml into the domain's words."""

from datetime import time
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.intake.domain.codes import Era
from services.intake.domain.pledges import Floor

RULES = Path(__file__).parents[1] / "rules"


@cache
def eras() -> tuple[Era, ...]:
    """How codes are written, the oldest era first."""
    return tuple(
        Era(entry["shape"], entry["valid_from"], entry["source"])
        for entry in _read("codes.yaml")["eras"]
    )


@cache
def floors() -> tuple[Floor, ...]:
    """The least an agency owes, the oldest floor first."""
    return tuple(
        Floor(
            valid_from=entry["valid_from"],
            weekly_minutes=round(entry["weekly_hours"]["at_least"] * 60),
            weekly_minutes_source=entry["weekly_hours"]["source"],
            open_weekdays=tuple(entry["open_weekdays"]["are"]),
            open_weekdays_source=entry["open_weekdays"]["source"],
            open_until=time.fromisoformat(entry["open_until"]["at_least"]),
            open_until_source=entry["open_until"]["source"],
        )
        for entry in _read("pledges.yaml")["floors"]
    )


def _read(name: str) -> dict[str, Any]:
    with (RULES / name).open(encoding="utf-8") as file:
        read: dict[str, Any] = yaml.safe_load(file)
    return read
