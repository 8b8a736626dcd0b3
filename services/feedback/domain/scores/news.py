"""What events tell of the cases that are scored. Instants are those of the thing itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from services.feedback.domain.courtesy import Khong
from services.feedback.domain.happenings import Channel
from services.feedback.domain.ratings import Stars

Outcome = Literal["met", "missed", "out_of_sync"]
"""How a clock was judged; `out_of_sync` ("lệch đồng bộ") was met, and heard of too late."""

Verdict = Literal["upheld", "not_upheld", "false"]
Rung = Literal["apology", "pledge_missed", "breach"]


class CaseKind(StrEnum):
    """What is scored by itself."""

    DOSSIER = "dossier"
    LEG = "leg"
    """The time one agency had a dossier that was transferred to it."""
    RATING = "rating"
    REPORT = "report"
    ANSWER = "answer"
    """The time an agency had to answer a report: that of its handler."""


class CaseName(NamedTuple):
    """Which case: a code, and for a leg the agency that had it."""

    kind: CaseKind
    code: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """A dossier came in. `officer` is opaque; None where the event names none."""

    agency: str
    received_at: datetime
    channel: Channel
    is_accepted: bool
    officer: str | None = None


@dataclass(frozen=True, slots=True)
class SupplementAsked:
    """The citizen must come once more, to this agency; at appraisal the index stops its clock."""

    agency: str
    asked_at: datetime
    is_appraisal: bool


@dataclass(frozen=True, slots=True)
class Supplemented:
    supplemented_at: datetime
    is_appraisal: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    resolved_at: datetime


@dataclass(frozen=True, slots=True)
class ClockSet:
    """A clock runs, in a new generation or by dates that were counted anew."""

    agency: str
    received_at: datetime
    generation: int
    legal_due: datetime | None
    pledge_due: datetime | None
    appointment_at: datetime | None
    is_recomputed: bool = False
    is_breach_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class AppointmentMoved:
    """Another date was given; with an apology (Mẫu 04) at `apologised_at`."""

    appointment_at: datetime
    apologised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rang:
    rung: Rung
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """A clock's end. `is_pledge_kept` is None where the event does not say it."""

    outcome: Outcome
    resolved_at: datetime
    is_early: bool = False
    is_pledge_kept: bool | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    agency: str
    against: tuple[Khong, ...]
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a report."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Rated:
    agency: str
    stars: Stars
    rated_at: datetime
    officer: str | None = None


ClockNews = ClockSet | AppointmentMoved | Rang | Judged
News = Received | SupplementAsked | Supplemented | Resolved | ClockNews | Reported | Found | Rated
