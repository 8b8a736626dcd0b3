"""What deadline and feedback told us of a dossier: its appointment, and how it was kept."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

ClockState = Literal["running", "stopped", "met", "missed"]
Rung = Literal["at_risk", "apology", "pledge_missed", "breach", "reappointment_missed"]


@dataclass(frozen=True, slots=True)
class Promise:
    """The appointment of one dossier. Dates are deadline's: intake repeats them and computes none."""

    dossier: str
    generation: int = 0
    appointment_at: datetime | None = None
    legal_due: datetime | None = None
    pledge_due: datetime | None = None
    clock: ClockState = "running"
    is_at_risk: bool = False
    is_pledge_missed: bool = False
    is_breached: bool = False
    is_out_of_sync: bool = False
    """"Lệch đồng bộ": a breach was called and taken back, the deadline had been kept."""
    is_early: bool = False
    """Met on an earlier day than the appointment's."""
    steps: str | None = None
    """How the dates came about, as JSON ready to be stored; see `usecases.reckoned`."""


@dataclass(frozen=True, slots=True)
class Reappointment:
    """Mẫu 04 as deadline tells of it: both dates, and no word of the form."""

    dossier: str
    original_at: datetime
    new_at: datetime
    reappointed_at: datetime


def set_deadline(
    promise: Promise,
    generation: int,
    appointment_at: datetime | None,
    legal_due: datetime | None,
    pledge_due: datetime | None,
    steps: str | None = None,
) -> Promise:
    """A clock runs, or runs anew: the flags of an earlier reckoning are gone."""
    return Promise(promise.dossier, generation, appointment_at, legal_due, pledge_due, steps=steps)


def recompute(
    promise: Promise,
    generation: int,
    appointment_at: datetime | None,
    legal_due: datetime | None,
    pledge_due: datetime | None,
    steps: str | None = None,
) -> Promise:
    """The dates were counted anew. In a new generation what was called missed is taken back; that
    somebody was warned stays true."""
    is_same = generation == promise.generation
    return replace(
        promise,
        generation=generation,
        appointment_at=appointment_at,
        legal_due=legal_due,
        pledge_due=pledge_due,
        steps=steps,
        is_pledge_missed=promise.is_pledge_missed and is_same,
        is_breached=promise.is_breached and is_same,
    )


def set_appointment(promise: Promise, appointment_at: datetime) -> Promise:
    """A head of unit chose another instant, or Mẫu 04 gave one; what is due stays."""
    return replace(promise, appointment_at=appointment_at)


def stop(promise: Promise) -> Promise:
    """Nothing is due any more, or until the supplement comes."""
    return replace(promise, clock="stopped")


def ring(promise: Promise, rung: Rung) -> Promise:
    """An alarm rang."""
    match rung:
        case "at_risk":
            return replace(promise, is_at_risk=True)
        case "pledge_missed":
            return replace(promise, is_pledge_missed=True)
        case "breach":
            return replace(promise, is_breached=True)
        case "apology" | "reappointment_missed":
            return promise  # They call people; what the dossier shows is told by the others.


def meet(promise: Promise, *, is_early: bool = False) -> Promise:
    """Resolved in time."""
    return replace(promise, clock="met", is_early=is_early)


def miss(promise: Promise) -> Promise:
    """Resolved too late."""
    return replace(promise, clock="missed", is_breached=True)


def withdraw_breach(promise: Promise) -> Promise:
    """The breach is taken back: a message was late, the agency was not (rule 29)."""
    return replace(promise, is_breached=False, is_out_of_sync=True)
