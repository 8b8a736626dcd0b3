"""The hand-overs of a dossier, each early, on time or late: the body of phiếu kiểm soát."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.intake.domain.forms import Words

HandOverKind = Literal["forwarding", "transfer_leg"]
Verdict = Literal["early", "on_time", "late"]

APPLICANT = Words("Người nộp hồ sơ", "Applicant")
DEPARTMENT = Words("Bộ phận chuyên môn", "Department")
COUNTER = Words("Bộ phận tiếp nhận và trả kết quả", "One-stop counter")


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom a citizen may ask; officers' names and phones are public (NĐ 61/2018 art. 17)."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Paperwork:
    """A document handed in or asked for."""

    name: str
    copies: int
    originals: int = 0
    certified: int = 0


@dataclass(frozen=True, slots=True)
class Happened:
    """A move as its forms tell it. `agency_name` is what the agency was called then (rule 16)."""

    number: int
    verb: str
    agency: str
    agency_name: str
    at: datetime
    reason: str | None = None
    legal_basis: str | None = None
    documents: tuple[Paperwork, ...] = ()
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """What an office had to hand on, as deadline told: until when, and how it was kept.

    One for each generation of a clock; `verdict` is None while it runs or where it was stopped.
    """

    kind: HandOverKind
    generation: int
    agency: str
    due_at: datetime | None
    verdict: Verdict | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """How the dossier itself stands: what is due, and its verdict once there is one."""

    is_known: bool = False
    """Whether deadline has said anything yet."""
    appointment_at: datetime | None = None
    legal_due: datetime | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """From whom to whom, when, and whether in time; None where nothing was due, or it is not known."""

    giver: Words
    taker: Words
    at: datetime
    verdict: Verdict | None
    due_at: datetime | None = None


def hand_overs(
    moves: Sequence[Happened], received_at: datetime, kept: Kept, waits: Sequence[Wait]
) -> list[HandOver]:
    """Every hand-over in order: from the applicant, within and between agencies, and back.

    A hand-over is judged by its own clock where it had one. Where it had none it was in time unless
    the dossier was overdue by then; it is early only by a clock of its own. The result, and its
    return, are judged as the dossier is. Intake compares instants that it was told; it computes
    none.
    """
    if not moves:
        return []
    home = holder = _within(COUNTER, moves[0])
    found = [HandOver(APPLICANT, home, received_at, None)]
    for move in moves[1:]:
        over = _of(move, holder, home, kept, waits)
        if over is not None:
            found.append(over)
            # What is with the applicant for a supplement comes back to whoever asked for it.
            holder = holder if APPLICANT in (over.giver, over.taker) else over.taker
    return found


def _of(
    move: Happened, holder: Words, home: Words, kept: Kept, waits: Sequence[Wait]
) -> HandOver | None:
    ended = [wait for wait in waits if wait.ended_at == move.at and wait.verdict is not None]
    # A dossier transferred before it was forwarded ends both clocks: the leg's speaks.
    own = max(ended, key=lambda wait: (wait.kind, wait.generation), default=None)
    match move.verb:
        case "forward":
            return HandOver(holder, _within(DEPARTMENT, move), move.at, *_judged(move, own, kept))
        case "transfer":
            taker = Words(move.agency_name, move.agency_name)
            return HandOver(holder, taker, move.at, *_judged(move, own, kept))
        case "resolve":
            giver = Words(move.agency_name, move.agency_name) if holder == home else holder
            if own is not None:
                return HandOver(giver, home, move.at, own.verdict, own.due_at)
            return HandOver(giver, home, move.at, kept.verdict, kept.legal_due)
        case "return":
            return HandOver(home, APPLICANT, move.at, kept.verdict, kept.appointment_at)
        case "supplement":
            return HandOver(APPLICANT, holder, move.at, None)
        case "request_supplement" | "refuse" | "stop" | "withdraw":
            return HandOver(holder, APPLICANT, move.at, None)
        case _:
            return None  # An acceptance hands nothing over.


def _judged(move: Happened, own: Wait | None, kept: Kept) -> tuple[Verdict | None, datetime | None]:
    if own is not None:
        return own.verdict, own.due_at
    if not kept.is_known:
        return None, None
    if kept.legal_due is not None and move.at > kept.legal_due:
        return "late", kept.legal_due
    return "on_time", kept.legal_due


def _within(office: Words, move: Happened) -> Words:
    return Words(f"{office.vi}, {move.agency_name}", office.en)
