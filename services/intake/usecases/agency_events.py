"""What intake says of an agency: its whole state, pledges included."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

from services.intake.domain.agencies import Agency
from services.intake.domain.pledges import Pledge
from shared.events import agencies as wire


def agency_registered(agency: Agency, pledges: Sequence[Pledge]) -> wire.AgencyRegistered:
    """The event of an agency's present state; what pledges add in free text stays behind."""
    return wire.AgencyRegistered(
        agency=agency.code,
        name=agency.name,
        valid_from=agency.valid_from,
        valid_to=agency.valid_to,
        successor=agency.successor,
        time_zone=agency.time_zone,
        calendar=agency.calendar,
        pledges=tuple(_on_the_wire(pledge) for pledge in pledges),
    )


def _on_the_wire(pledge: Pledge) -> wire.Pledge:
    return wire.Pledge.model_validate(
        {
            "version": pledge.version,
            "valid_from": pledge.valid_from,
            "valid_to": pledge.valid_to,
            "hours": {
                cast(wire.Weekday, weekday): tuple(
                    wire.Shift(opens=shift.opens, closes=shift.closes) for shift in shifts
                )
                for weekday, shifts in pledge.hours.items()
            },
            "same_day": pledge.same_day,
            "congratulates": pledge.congratulates,
            "keeps_friday": pledge.keeps_friday,
            "forwards": pledge.forwards,
            "xin": pledge.xin,
            "luon": pledge.luon,
            "khong": pledge.khong,
            "ladder": tuple(asdict(rung) for rung in pledge.ladder),
        }
    )
