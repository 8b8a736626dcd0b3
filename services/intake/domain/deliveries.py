"""The delivery of a notice: how often it is tried, when again, and under which id."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.intake.domain.hand_overs import Contact

State = Literal["pending", "delivered", "failed", "undeliverable"]
"""`failed`: given up after a fault. `undeliverable`: the citizen left no address for the channel."""

TRIES = 12
"""The waits between them come to 6 to 13 hours: an evening's outage of a mail server is outlived."""

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=5)

MAILBOX = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII
)
"""What HTML's `<input type=email>` takes, with a dot in the domain: no comma, space or line end, so that an
address is one address and no header of its own."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a try did not succeed. `reason`: a class and a code (`HTTPStatusError 503`), no more."""

    reason: str
    is_final: bool = False
    """Whether trying again is of no use."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a delivery: its state, and when it is tried again where it is pending."""

    state: State
    reason: str | None = None
    next_attempt_at: datetime | None = None


def after_fault(attempts: int, fault: Fault, now: datetime, chance: float) -> Settlement:
    """Try again after a wait that doubles and is shortened by chance; after `TRIES`, give up.

    `attempts`: how many there were, this one included. `chance` in [0, 1) shortens the wait by up to
    half, so that what failed together does not come back together.
    """
    if fault.is_final or attempts >= TRIES:
        return Settlement("failed", fault.reason)
    wait = min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
    return Settlement("pending", fault.reason, now + wait * (1 - chance / 2))


def message_id(dossier: str, notice: str, number: int) -> str:
    """The same for every try, so that a receiver drops repeats; no dots (Standard Webhooks signs with them)."""
    # The first of a kind is named as it was before there were others.
    which = f"{dossier}/{notice}" if number == 1 else f"{dossier}/{notice}/{number}"
    return "msg_" + hashlib.sha256(which.encode()).hexdigest()[:32]


HANDLED = {"vi": "Người xử lý: cán bộ mã {}.", "en": "Handled by: officer {}."}
ASKED = {"vi": "Liên hệ: {}, điện thoại {}.", "en": "Whom to ask: {}, telephone {}."}
UNSIGNED = frozenset({"congratulations"})
"""They change no status, so nobody has handled them."""


def who_handles(
    notice: str, language: str, said: str | None, handler: str | None, officer: Contact | None
) -> list[str]:
    """What the words of a notice leave to be said of who handles the dossier (rule 31).

    `said`: the handler that the words name already. `handler`: who moved the dossier last.
    `officer`: whom the agency named to be asked; their names and telephones are public.
    """
    if notice in UNSIGNED:
        return []
    lines = [HANDLED[language].format(handler)] if said is None and handler is not None else []
    return (
        lines if officer is None else [*lines, ASKED[language].format(officer.name, officer.phone)]
    )


def mailbox(address: str | None) -> str | None:
    """The e-mail address, where it is one that can be written to."""
    found = (address or "").strip()
    return found if MAILBOX.fullmatch(found) else None
