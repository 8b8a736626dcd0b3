"""Sổ theo dõi hồ sơ: one row per dossier that an agency received."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.intake.domain.forms import Words
from services.intake.domain.life import State
from services.intake.domain.papers import RETURN_BY, ReturnBy
from services.intake.domain.refused import RefusedError

Cell = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A dossier as the register has it; instants in the agency's local time.

    `applicant` is None for those who do not handle its dossiers. `agency_name` is who resolves it, or
    has it now.
    """

    code: str
    procedure: str
    procedure_name: str
    sets: int
    applicant: str | None
    agency_name: str
    received_at: datetime
    due_at: datetime | None
    returned_at: datetime | None
    return_by: ReturnBy
    state: State


STATUS: Mapping[State, Words] = {
    State.SUBMITTED: Words("Mới đăng ký", "Submitted"),
    State.CHECK_SUPPLEMENT_REQUESTED: Words("Yêu cầu bổ sung", "Supplement requested"),
    State.CHECK_SUPPLEMENTED: Words("Đã bổ sung", "Supplemented"),
    State.ACCEPTED: Words("Được tiếp nhận", "Accepted"),
    State.APPRAISAL_SUPPLEMENT_REQUESTED: Words("Yêu cầu bổ sung", "Supplement requested"),
    State.APPRAISAL_SUPPLEMENTED: Words("Đang xử lý", "In progress"),
    State.FORWARDED: Words("Đang xử lý", "In progress"),
    State.TRANSFERRED: Words("Đang xử lý", "In progress"),
    State.RESOLVED: Words("Đã xử lý xong", "Resolved"),
    State.RETURNED: Words("Đã trả kết quả", "Returned"),
    State.REFUSED: Words("Không được tiếp nhận", "Refused"),
    State.WITHDRAWN: Words("Công dân rút hồ sơ", "Withdrawn"),
    State.STOPPED: Words("Dừng xử lý", "Stopped"),
}

CELLS: Mapping[str, Callable[[int, Entry, str], Cell]] = {
    "number": lambda number, _, __: number,
    "code": lambda _, entry, __: entry.code,
    "procedure": lambda _, entry, __: f"{entry.procedure_name} ({entry.procedure})",
    "sets": lambda _, entry, __: entry.sets,
    "applicant": lambda _, entry, __: entry.applicant,
    "agency": lambda _, entry, __: entry.agency_name,
    "received_at": lambda _, entry, __: entry.received_at,
    "due_at": lambda _, entry, __: entry.due_at,
    "returned_at": lambda _, entry, __: entry.returned_at,
    "return_by": lambda _, entry, __: RETURN_BY[entry.return_by].vi,
    "signature": lambda _, __, ___: None,
    "status": lambda _, entry, __: STATUS[entry.state].vi,
    "form": lambda _, __, form: form,
}
"""How each column is filled: from the row's number, the dossier, and the form of its era."""


def check_period(first_on: date, last_on: date) -> None:
    """A period ends no earlier than it begins. Raises `RefusedError`."""
    if last_on < first_on:
        raise RefusedError(
            "last_on", last_on.isoformat(), f"it is before first_on, {first_on.isoformat()}"
        )
