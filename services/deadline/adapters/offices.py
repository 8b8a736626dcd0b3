"""Reads a unit's own hours, days and pledge from a YAML file."""

from datetime import time
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.deadline.domain.office_hours import OfficeHoursError, Shift, office_hours
from services.deadline.usecases.counting import Office


class OfficeFileError(ValueError):
    """A unit's file that cannot be used: the file, the field, and the rule."""

    def __init__(self, file: Path, field: str, mistake: str) -> None:
        super().__init__(f"{file}: {field}: {mistake}")


class _OfficeFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: dict[str, tuple[tuple[time, time], ...]] | None = None
    calendar: Annotated[str, Field(min_length=1)] | None = None
    time_zone: str | None = None
    keeps_friday: bool = True


def read_office(file: Path) -> Office:
    """The office a file describes; what it leaves out the regime says. Raises `OfficeFileError`."""
    try:
        content = _OfficeFile.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise OfficeFileError(file, "file", error.strerror or repr(error)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise OfficeFileError(file, "file", f"is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "file"
        raise OfficeFileError(file, field, first["msg"]) from error
    if content.time_zone is not None and content.time_zone not in available_timezones():
        raise OfficeFileError(file, "time_zone", f"{content.time_zone!r} is no IANA time zone")
    try:
        hours = content.hours and office_hours(
            {name: tuple(Shift(*shift) for shift in x) for name, x in content.hours.items()}
        )
    except OfficeHoursError as error:
        raise OfficeFileError(file, "hours", str(error)) from error
    return Office(
        hours=hours or None,
        calendar=content.calendar,
        time_zone=content.time_zone,
        keeps_friday=content.keeps_friday,
    )
