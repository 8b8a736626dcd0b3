"""Said by intake: agencies and what they pledge. Compacted: each event is the agency's whole state."""

from datetime import date, time
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import AgencyCode, Event, ProcedureCode

TOPIC = "thanthien.agencies.v1"

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Shift(BaseModel):
    """Opening and closing, local time of the agency, within one day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opens: time
    closes: time


class LadderRung(BaseModel):
    """When a rung of the unit's ladder of alarms rings, and whom it calls.

    `at_risk` and `apology` have one of the three: a share of the working time up to the appointment
    ("1/2"), or working days (at opening) or hours before what is due. The others ring when their
    date has passed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rung: Literal["at_risk", "apology", "pledge_missed", "breach", "reappointment_missed"]
    calls: Literal["officer", "head_of_unit", "town"]
    share: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}/[1-9][0-9]{0,2}$")] | None = None
    working_days_before: Annotated[int, Field(ge=1, le=60)] | None = None
    working_hours_before: Annotated[int, Field(ge=1, le=400)] | None = None


class Pledge(BaseModel):
    """What an agency promises beyond the law, for a period."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[int, Field(ge=1)]
    valid_from: date
    valid_to: date | None = None
    """The last day of the period; None while open."""
    hours: dict[Weekday, tuple[Shift, ...]]
    """Working hours; a weekday left out is a day off."""
    same_day: tuple[ProcedureCode, ...] = ()
    """Procedures resolved the day they are received."""
    congratulates: tuple[ProcedureCode, ...] = ()
    """Procedures whose result comes with a letter of congratulation (thư chúc mừng)."""
    keeps_friday: bool = True
    """A complete same-day dossier received on a Friday is never put off past the weekend."""
    xin: tuple[Literal["chao", "loi", "cam-on", "phep"], ...] = ()
    luon: tuple[Literal["smile", "gentle", "listen", "help"], ...] = ()
    khong: tuple[Annotated[int, Field(ge=1, le=5)], ...] = ()
    forwards: bool = False
    """It records when its counter forwards a dossier to the department; then forwarding has a clock."""
    ladder: tuple[LadderRung, ...] = ()
    """Its own rungs; one that is left out is as the rule book has it."""


class AgencyRegistered(Event):
    """An agency, its period, its successor and every pledge it has registered."""

    TYPE: ClassVar[str] = "thanthien.agencies.AgencyRegistered.v1"
    TOPIC: ClassVar[str] = TOPIC

    agency: AgencyCode
    name: Annotated[str, Field(min_length=1, max_length=200)]
    """The agency's public name; not personal data."""
    valid_from: date
    valid_to: date | None = None
    successor: AgencyCode | None = None
    time_zone: str = "Asia/Ho_Chi_Minh"
    calendar: str = "vn"
    """Which holiday calendar of the rule book it keeps."""
    pledges: tuple[Pledge, ...] = ()

    @property
    def subject(self) -> str:
        return self.agency
