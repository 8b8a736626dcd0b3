"""How a log becomes dossiers: the mapping file, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

BOSTON = Path(__file__).parents[1] / "mappings" / "boston-311.yaml"

Channel = Literal["counter", "online", "post"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class MappingError(ValueError):
    """The mapping file cannot be used; the message names the file, the field and the rule."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LogPart(_Part):
    title: str
    source: str
    time_zone: str


class Columns(_Part):
    """The log's column for each thing; None: the log does not tell."""

    reference: str
    received_at: str
    procedure: str
    unit: str
    channel: str
    promised_at: str | None = None
    resolved_at: str | None = None
    department: str | None = None

    @property
    def all(self) -> dict[str, str]:
        """What each column is for, by its name in the log."""
        return {column: field for field, column in self if column is not None}


class Agencies(_Part):
    root: Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}$")]
    calendar: str
    valid_from: date
    hours: dict[Weekday, list[tuple[time, time]]]


class Holidays(_Part):
    country: str
    subdivision: str | None = None


class Limits(_Part):
    regime: str
    holidays: Holidays


class _File(_Part):
    log: LogPart
    columns: Columns
    channels: dict[str, Channel]
    closed_before_opened: Literal["at_receipt", "refuse"]
    agencies: Agencies
    limits: Limits


@dataclass(frozen=True, slots=True)
class LogMapping:
    """A mapping file, ready to be used."""

    title: str
    zone: ZoneInfo
    columns: Columns
    channels: Mapping[str, Channel]
    refuses_closed_before_opened: bool
    agencies: Agencies
    limits: Limits

    def channel(self, written: str) -> Channel:
        """The channel of what the log writes."""
        return self.channels.get(written) or self.channels["other"]


def read_mapping(file: Path = BOSTON) -> LogMapping:
    """Read a mapping file. Raises `MappingError`."""
    try:
        found = _File.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        zone = ZoneInfo(found.log.time_zone)
    except OSError as error:
        raise MappingError(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingError(f"{file} is not YAML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        )
        raise MappingError(f"{file}: {faults}") from error
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise MappingError(f"{file}: log.time_zone: {error}") from error
    if "other" not in found.channels:
        raise MappingError(f"{file}: channels: `other` is missing: the channel of all the rest")
    return LogMapping(
        title=found.log.title,
        zone=zone,
        columns=found.columns,
        channels=found.channels,
        refuses_closed_before_opened=found.closed_before_opened == "refuse",
        agencies=found.agencies,
        limits=found.limits,
    )
