"""Histories told as events, for tests: a dossier's life as intake and deadline tell it."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from shared.events import agencies, deadlines, dossiers
from shared.events.base import Event
from shared.events.envelope import Envelope
from shared.messages import Heard, Refusal

Tell = Callable[..., Awaitable[list[Refusal]]]
"""Tells feedback events as one batch; the refusals come back."""

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
FRIDAY = datetime(2026, 11, 13, 8, 0, tzinfo=HANOI)
CLOSING = datetime(2026, 11, 13, 17, 0, tzinfo=HANOI)
NOW = datetime(2026, 11, 13, 12, 0, tzinfo=UTC)
UNIT = "H10.01"
CODE = "H10.01-20261113-0001"


def at(hour: int, minute: int = 0) -> datetime:
    """An instant of that Friday, local time."""
    return FRIDAY.replace(hour=hour, minute=minute)


OFFICER = "cb-17"


def agency(code: str = UNIT, name: str = "UBND phường Hưng Long", **more: Any) -> Event:
    return agencies.AgencyRegistered(
        agency=code, name=name, valid_from=FRIDAY.date() - timedelta(days=365), **more
    )


def submitted(code: str = CODE, by: str = UNIT, channel: dossiers.Channel = "counter") -> Event:
    return dossiers.DossierSubmitted(
        dossier=code, agency=by, status=1, procedure="2.000815", channel=channel, received_at=at(8)
    )


def accepted(code: str = CODE, by: str = UNIT, channel: dossiers.Channel = "counter") -> Event:
    return dossiers.DossierAccepted(
        dossier=code,
        agency=by,
        status=2,
        procedure="2.000815",
        channel=channel,
        received_at=at(8),
        complete_at=at(8),
        accepted_at=at(8, 5),
    )


def supplement_requested(code: str = CODE, by: str = UNIT) -> Event:
    return dossiers.SupplementRequested(
        dossier=code, agency=by, status=5, stage="check", requested_at=at(9)
    )


def transferred(to: str, code: str = CODE, by: str = UNIT, hour: int = 9) -> Event:
    return dossiers.DossierTransferred(
        dossier=code, agency=to, status=4, from_agency=by, leg=1, transferred_at=at(hour, 30)
    )


def by_officer(*events: Event) -> list[Event]:
    """The same moves, made by an officer."""
    return [event.model_copy(update={"handler": OFFICER}) for event in events]


def forwarded(code: str = CODE, by: str = UNIT) -> Event:
    return dossiers.DossierForwarded(dossier=code, agency=by, status=4, forwarded_at=at(8, 30))


def supplemented(stage: Literal["check", "appraisal"], code: str = CODE, by: str = UNIT) -> Event:
    status = 1 if stage == "check" else 4
    return dossiers.DossierSupplemented(
        dossier=code, agency=by, status=status, stage=stage, supplemented_at=at(10)
    )


def refused(code: str = CODE, by: str = UNIT) -> Event:
    return dossiers.DossierRefused(dossier=code, agency=by, status=3, refused_at=at(11))


def stopped(code: str = CODE, by: str = UNIT) -> Event:
    return dossiers.DossierStopped(dossier=code, agency=by, status=8, stopped_at=at(11))


def withdrawn(code: str = CODE, by: str = UNIT) -> Event:
    return dossiers.DossierWithdrawn(dossier=code, agency=by, status=7, withdrawn_at=at(11))


def reappointed(code: str = CODE, by: str = UNIT) -> Event:
    return deadlines.Reappointed(
        code=code,
        kind="dossier",
        agency=by,
        generation=1,
        original_appointment_at=CLOSING,
        appointment_at=CLOSING + timedelta(days=3),
        legal_due=CLOSING,
        reappointed_at=at(14),
    )


def returned(code: str = CODE, by: str = UNIT) -> Event:
    return dossiers.DossierReturned(dossier=code, agency=by, status=10, returned_at=at(16))


def deadline_set(
    code: str = CODE,
    by: str = UNIT,
    appointment_at: datetime | None = CLOSING,
    generation: int = 1,
    kind: deadlines.ClockKind = "dossier",
) -> Event:
    return deadlines.DeadlineSet(
        code=code,
        kind=kind,
        agency=by,
        generation=generation,
        received_at=at(8),
        legal_due=CLOSING,
        pledge_due=None,
        appointment_at=appointment_at,
        regime="nd61",
        rules_version="1",
        calendar_version="1",
    )


def alarm(
    rung: deadlines.Rung,
    code: str = CODE,
    by: str = UNIT,
    kind: deadlines.ClockKind = "dossier",
) -> Event:
    return deadlines.AlarmRung(
        code=code,
        kind=kind,
        agency=by,
        generation=1,
        rung=rung,
        due_at=CLOSING,
        rang_at=CLOSING + timedelta(seconds=1),
        is_late=False,
    )


def missed(code: str = CODE, by: str = UNIT) -> Event:
    return deadlines.DeadlineMissed(
        code=code,
        kind="dossier",
        agency=by,
        generation=1,
        resolved_at=CLOSING + timedelta(hours=1),
        legal_due=CLOSING,
    )


def met(is_pledge_kept: bool | None, code: str = CODE, by: str = UNIT) -> Event:
    return deadlines.DeadlineMet(
        code=code,
        kind="dossier",
        agency=by,
        generation=1,
        resolved_at=at(16, 30),
        is_pledge_kept=is_pledge_kept,
        is_early=False,
    )


def resolved(code: str = CODE, by: str = UNIT) -> Event:
    return dossiers.DossierResolved(dossier=code, agency=by, status=9, resolved_at=at(16))


class Teller:
    """Puts events into envelopes with the sequences their sources would give them."""

    def __init__(self) -> None:
        self._last: Counter[tuple[str, str]] = Counter()

    def tell(self, *events: Event) -> list[Heard]:
        return [Heard(self._envelope(event), event) for event in events]

    def _envelope(self, event: Event) -> Envelope:
        topic = event.TOPIC.split(".")[1]
        source = f"thanthien/{'deadline' if topic == 'deadlines' else 'intake'}/{topic}"
        self._last[source, event.subject] += 1
        sequence = self._last[source, event.subject]
        return Envelope(
            id=f"{source}/{event.subject}/{sequence}",
            source=source,
            type=event.TYPE,
            subject=event.subject,
            time=NOW,
            sequence=sequence,
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
