"""The notices: what each tells a citizen, before it is put into words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.feedback.domain.courtesy import Name

Promise = Literal["pledge", "law"]
"""Which promise an apology is for: the agency's own pledge, or the limit set by law."""


class Kind(StrEnum):
    """What a notice tells; the values are those of `NoticeSent.notice`.

    The first four are the plan's 4 xin. The others tell of a change of status (rule 31; NĐ 224/2026
    art. 15) or of a pledge of the unit.
    """

    GREETING = "greeting"
    REQUEST = "request"
    APOLOGY = "apology"
    THANKS = "thanks"
    ACCEPTED = "accepted"
    SUPPLEMENTED = "supplemented"
    FORWARDED = "forwarded"
    TRANSFERRED = "transferred"
    RESOLVED = "resolved"
    REFUSED = "refused"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"
    REAPPOINTED = "reappointed"
    CONGRATULATIONS = "congratulations"


KIND_NAMES: Mapping[Kind, Name] = {
    Kind.GREETING: Name("Xin chào", "Greeting"),
    Kind.REQUEST: Name("Xin phép", "Asking leave"),
    Kind.APOLOGY: Name("Xin lỗi", "Apology"),
    Kind.THANKS: Name("Xin cảm ơn", "Thanks"),
    Kind.ACCEPTED: Name("Đã tiếp nhận", "Accepted"),
    Kind.SUPPLEMENTED: Name("Đã nhận bổ sung", "Supplement received"),
    Kind.FORWARDED: Name("Đang xử lý", "Being worked on"),
    Kind.TRANSFERRED: Name("Đã chuyển cơ quan", "Handed to another agency"),
    Kind.RESOLVED: Name("Đã có kết quả", "Result ready"),
    Kind.REFUSED: Name("Không tiếp nhận, giải quyết", "Refused"),
    Kind.STOPPED: Name("Dừng giải quyết", "Stopped"),
    Kind.WITHDRAWN: Name("Đã rút hồ sơ", "Withdrawn"),
    Kind.REAPPOINTED: Name("Xin lỗi và hẹn lại", "Apology with a new date"),
    Kind.CONGRATULATIONS: Name("Chúc mừng", "Congratulations"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: which dossier, what of it, from which agency, and the times (rule 31).

    `sent_at` is the instant of what it tells. What a kind does not speak of is None.
    """

    kind: Kind
    dossier: str
    agency: str
    sent_at: datetime
    number: int = 1
    """The how-manyeth of its kind for its dossier: two transfers are two notices."""
    handler: str | None = None
    """Opaque code of who made the move; None where a system did, or a clock speaks."""
    received_at: datetime | None = None
    appointment_at: datetime | None = None
    """When the result is promised for; None where nothing is due, or nothing more to wait for."""
    is_accepted: bool = False
    """Of a greeting: False for an online dossier that has yet to be checked."""
    promise: Promise | None = None
    due_at: datetime | None = None
    """Of an apology: when it should have come; None where the event does not say."""
    resolved_at: datetime | None = None
    """Of an apology: None while nothing is resolved."""
    original_at: datetime | None = None
    """Of a new date: the one it takes the place of."""
    is_early: bool = False
    """Of a result: ready before its appointment (NĐ 61/2018 art. 20.4)."""
    procedure: str | None = None
    """Of congratulations: on what."""


OF_ALL = frozenset(
    {"dossier", "agency", "sent_at", "number", "handler", "received_at", "appointment_at"}
)
"""What every notice's words may speak of."""
ITS_OWN: Mapping[Kind, frozenset[str]] = {
    Kind.GREETING: frozenset({"is_accepted"}),
    Kind.APOLOGY: frozenset({"promise", "due_at", "resolved_at"}),
    Kind.RESOLVED: frozenset({"is_early"}),
    Kind.REAPPOINTED: frozenset({"original_at"}),
    Kind.CONGRATULATIONS: frozenset({"procedure"}),
}

_OF_A_STEP = frozenset({"dossier", "agency", "handler", "received_at", "sent_at", "appointment_at"})
_SAID = {
    # Its one instant is the acceptance, which at a counter is the receipt.
    Kind.GREETING: _OF_A_STEP - {"sent_at"},
    Kind.APOLOGY: frozenset({"dossier", "agency", "received_at"}),
    Kind.REAPPOINTED: frozenset(
        {"dossier", "agency", "received_at", "original_at", "appointment_at"}
    ),
    Kind.CONGRATULATIONS: frozenset({"dossier", "agency"}),
}


def may_say(kind: Kind) -> frozenset[str]:
    """The fields that a kind's words may use."""
    return OF_ALL | ITS_OWN.get(kind, frozenset())


def must_say(kind: Kind) -> frozenset[str]:
    """The fields that a kind's words must show wherever they are known: agency, handler and times
    (rule 31). A clock's notices know no handler; congratulations change no status."""
    return _SAID.get(kind, _OF_A_STEP)
