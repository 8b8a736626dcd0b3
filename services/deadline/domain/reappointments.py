"""Mẫu 04: an apology for a date that is not kept, with the reason, both dates and who signs."""

from dataclasses import dataclass
from datetime import datetime

from services.deadline.domain.clocks import ClockKind

LONGEST_WORDS = 1_000


@dataclass(frozen=True, slots=True)
class Reappointment:
    """What Mẫu 04 says, and who asked for it. The reason and the signer never leave deadline."""

    original_appointment_at: datetime
    """The date that the citizen was given."""
    appointment_at: datetime
    reason: str
    signer: str
    asked_by: str
    """Who was signed in."""
    reappointed_at: datetime


@dataclass(frozen=True, slots=True)
class Issued:
    """Mẫu 04 as it was issued for a clock, with what is due as it was: that still judges lateness
    (rule 25)."""

    kind: ClockKind
    code: str
    agency: str
    legal_due: datetime | None
    says: Reappointment


class ReappointmentRefusedError(ValueError):
    """A Mẫu 04 that lacks what the form asks for, or says what is not so."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


def refuse_incomplete(
    says: Reappointment, shown_at: datetime | None, *, is_open_then: bool
) -> None:
    """Raises `ReappointmentRefusedError` (rule 24, NĐ 61/2018 art. 19.9).

    `shown_at` is the date the citizen has; `is_open_then` tells whether the office works at the
    new one.
    """
    wrong = _incomplete(says, shown_at) or _cannot_be_kept(says, is_open_then=is_open_then)
    if wrong is not None:
        field, rule = wrong
        raise ReappointmentRefusedError(field, getattr(says, field), rule)


FieldAndRule = tuple[str, str]


def _incomplete(says: Reappointment, shown_at: datetime | None) -> FieldAndRule | None:
    if not says.reason.strip():
        return "reason", "Mẫu 04 bears the reason, in words"
    if not says.signer.strip():
        return "signer", "Mẫu 04 bears who signs it"
    if shown_at is None:
        return "original_appointment_at", "no date was given: there is none to move"
    if says.original_appointment_at != shown_at:
        return "original_appointment_at", f"the date given was {shown_at.isoformat()}"
    return None


def _cannot_be_kept(says: Reappointment, *, is_open_then: bool) -> FieldAndRule | None:
    if says.appointment_at <= says.original_appointment_at:
        original = says.original_appointment_at.isoformat()
        return "appointment_at", f"the new date is later than the original, {original}"
    if says.appointment_at <= says.reappointed_at:
        return "appointment_at", "the new date lies ahead"
    return None if is_open_then else ("appointment_at", "the office is closed then")
