"""A head of unit chooses another appointment, within law and pledge."""

from datetime import datetime

from services.deadline.domain.appointments import (
    Lawful,
    UnlawfulAppointmentError,
    lawful_appointments,
    refuse_unlawful,
)
from services.deadline.domain.clocks import Clock, IllegalMoveError, State
from services.deadline.usecases import tidings
from services.deadline.usecases.ports import Clocks, Directories
from shared.messages import Saying, SaysEvents


class NoClockError(LookupError):
    """No clock runs under this code."""


async def set_appointment(
    code: str,
    appointment_at: datetime,
    clocks: Clocks,
    directories: Directories,
    outbox: SaysEvents,
    now: datetime,
) -> Clock:
    """Move the date that is shown; the due instants stay and still judge lateness (rule 25).

    Raises `NoClockError`, `IllegalMoveError` when nothing runs any more, and
    `UnlawfulAppointmentError` with the earliest and latest lawful instants.
    """
    clock = (await clocks.lock([code])).get(("dossier", code))
    if clock is None:
        raise NoClockError(code)
    if clock.state is not State.RUNNING:
        why = "only a running clock has an appointment to choose"
        raise IllegalMoveError(code, clock.state, "appointment", why)
    if clock.reappointed_at is not None:
        why = "Mẫu 04 has given the citizen its date; that date stays"
        raise IllegalMoveError(code, clock.state, "appointment", why)
    directory = await directories.current()
    zone = directory.agency(clock.receiving_agency).zone
    office = directory.timetable(clock.receiving_agency, clock.received_at)

    def local(at: datetime) -> datetime:
        return at.astimezone(zone).replace(tzinfo=None)

    latest = clock.dues.appointment_at
    lawful = lawful_appointments(office, local(now), None if latest is None else local(latest))
    try:
        refuse_unlawful(office, local(appointment_at), lawful)
    except UnlawfulAppointmentError as error:
        instants = Lawful(lawful.earliest.replace(tzinfo=zone), latest and latest.astimezone(zone))
        raise UnlawfulAppointmentError(str(error), instants) from error
    chosen = clock._replace(appointment_at=appointment_at)
    await clocks.change([chosen])
    await outbox.say([Saying(tidings.appointment_set(chosen, appointment_at), now)])
    return chosen
