"""A head of unit issues Mẫu 04: an apology, the reason, and a new date, once."""

from services.deadline.domain import clocks as moves
from services.deadline.domain.reappointments import Issued, Reappointment, refuse_incomplete
from services.deadline.usecases import tidings
from services.deadline.usecases.ports import Clocks, Directories
from services.deadline.usecases.set_appointment import NoClockError
from shared.messages import Saying, SaysEvents


async def reappoint(
    code: str,
    says: Reappointment,
    clocks: Clocks,
    directories: Directories,
    outbox: SaysEvents,
) -> Issued:
    """Move the date that is shown, keep the form, and say so; what is due stays (rule 25).

    Raises `NoClockError`, `IllegalMoveError` for a clock that is not open or was given a new date
    before, and `ReappointmentRefusedError` naming field, value and rule (rule 24).
    """
    clock = (await clocks.lock([code])).get(("dossier", code))
    if clock is None:
        raise NoClockError(code)
    moved = moves.reappoint(clock, says.appointment_at, says.reappointed_at)
    is_open = (await directories.current()).is_open(clock, says.appointment_at)
    refuse_incomplete(says, clock.appointment_at, is_open_then=is_open)
    issued = Issued(clock.kind, code, clock.agency, clock.dues.legal_due, says)
    await clocks.change([moved])
    await clocks.keep_reappointment(issued)
    said = tidings.reappointed(moved, says)
    await outbox.say([Saying(said, says.reappointed_at)])
    await clocks.wake_timer(says.appointment_at)
    return issued
