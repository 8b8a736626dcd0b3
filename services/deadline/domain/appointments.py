"""Which appointments may be given: in office hours, not past, not later than law and pledge."""

from datetime import datetime
from typing import NamedTuple

from services.deadline.domain.working_time import Timetable


class Lawful(NamedTuple):
    """The span an appointment may lie in, local; `latest` is None where nothing is due."""

    earliest: datetime
    latest: datetime | None


class UnlawfulAppointmentError(ValueError):
    """An appointment outside the span, or outside office hours."""

    def __init__(self, why: str, lawful: Lawful) -> None:
        super().__init__(why)
        self.lawful = lawful


def lawful_appointments(timetable: Timetable, now: datetime, latest: datetime | None) -> Lawful:
    """From the next moment somebody is there, to the earlier of legal and pledged due."""
    return Lawful(timetable.next_working_moment(now), latest)


def refuse_unlawful(timetable: Timetable, appointment_at: datetime, lawful: Lawful) -> None:
    """Raises `UnlawfulAppointmentError`, naming the rule and the span, unless it may be given."""
    if lawful.latest is not None and lawful.earliest > lawful.latest:
        why = "the due instant has passed; Mẫu 04 moves a date, an appointment does not"
        raise UnlawfulAppointmentError(why, lawful)
    if appointment_at < lawful.earliest:
        raise UnlawfulAppointmentError("the appointment lies before the next office hours", lawful)
    if lawful.latest is not None and appointment_at > lawful.latest:
        why = "the appointment is later than law or pledge allow"
        raise UnlawfulAppointmentError(why, lawful)
    if not timetable.is_working_time(appointment_at):
        raise UnlawfulAppointmentError("the office is closed then", lawful)
