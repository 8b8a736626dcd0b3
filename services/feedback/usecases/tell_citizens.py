"""Hear a batch and tell each citizen what courtesy asks, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.feedback.domain.dossiers import Dossier, learn
from services.feedback.domain.happenings import Happening, Moved, PromiseBroken
from services.feedback.domain.notices import Notice, Thanks
from services.feedback.domain.ratings import Invitation
from services.feedback.usecases.happenings_heard import happening_of
from services.feedback.usecases.ports import (
    Agencies,
    Agency,
    Books,
    Draw,
    WritesTexts,
    WrittenNotice,
)
from shared.events.agencies import AgencyRegistered
from shared.events.feedback import NoticeSent
from shared.messages import Heard, Refusal, Saying


@dataclass(slots=True)
class Told:
    """What came of a batch: the notices called for, each with what called for it."""

    notices: list[tuple[Notice, Agency, Heard]] = field(default_factory=list)
    changed: dict[str, Dossier] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)


async def tell_citizens(
    heard: Sequence[Heard],
    books: Books,
    texts: WritesTexts,
    draw_token: Draw,
    rating_days: int,
    now: datetime,
) -> list[Refusal]:
    """Store what the batch says of agencies and dossiers; write, keep and say the notices it calls for.

    A notice names its agency as citizens know it, so one for an agency not heard of yet is refused
    until it is (`waits_for`). An event of an agency with an unknown time zone is refused for good.
    """
    refusals = await _note_agencies(heard, books.agencies)
    refused = {refusal.heard.envelope.subject for refusal in refusals}
    happenings = _happenings(heard, refused)
    if not happenings:
        return refusals
    known = await books.dossiers.lock({one.envelope.subject for one, _ in happenings})
    told = _decide(happenings, known, await books.agencies.find(_agencies_named(happenings, known)))
    await books.dossiers.store(list(told.changed.values()))
    await books.notices.store(
        [WrittenNotice(notice, texts.write(notice, by), now) for notice, by, _ in told.notices]
    )
    expires_at = now + timedelta(days=rating_days)
    await books.ratings.invite(
        [
            Invitation(draw_token(), notice.dossier, notice.agency, notice.sent_at, expires_at)
            for notice, _, _ in told.notices
            if isinstance(notice, Thanks)
        ]
    )
    await books.outbox.say([_saying(notice, because) for notice, _, because in told.notices])
    return refusals + told.refusals


async def _note_agencies(heard: Sequence[Heard], agencies: Agencies) -> list[Refusal]:
    """Agencies go first: within a batch, no notice waits for an agency it brought along."""
    last: dict[str, Agency] = {}
    refusals: dict[str, Refusal] = {}
    for one in heard:
        event = one.event
        if isinstance(event, AgencyRegistered) and event.agency not in refusals:
            try:
                zone = ZoneInfo(event.time_zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                reason = f"time_zone {event.time_zone!r} is not in the IANA database"
                refusals[event.agency] = Refusal(one, reason)
            else:
                last[event.agency] = Agency(event.agency, event.name, zone)
    await agencies.store(list(last.values()))
    return list(refusals.values())


def _happenings(heard: Sequence[Heard], refused: set[str]) -> list[tuple[Heard, Happening]]:
    return [
        (one, happening)
        for one in heard
        if one.envelope.subject not in refused
        and (happening := happening_of(one.event)) is not None
    ]


def _agencies_named(
    happenings: Sequence[tuple[Heard, Happening]], known: dict[str, Dossier]
) -> set[str]:
    """Every agency a notice of this batch could come from."""
    named = {
        happening.agency
        for _, happening in happenings
        if isinstance(happening, Moved | PromiseBroken)
    }
    accepted = {d.acceptance.agency for d in known.values() if d.acceptance is not None}
    return named | accepted


def _decide(
    happenings: Sequence[tuple[Heard, Happening]],
    known: dict[str, Dossier],
    agencies: Mapping[str, Agency],
) -> Told:
    """Fold the happenings into the dossiers, in order; stop a dossier at its first refusal."""
    told = Told()
    stopped: set[str] = set()
    for one, happening in happenings:
        code = one.envelope.subject
        if code in stopped:
            continue
        before = known[code]
        dossier, notice = learn(before, happening)
        if notice is not None:
            agency = agencies.get(notice.agency)
            if agency is None:
                told.refusals.append(_too_early(one, notice))
                stopped.add(code)
                continue
            told.notices.append((notice, agency, one))
        if dossier != before:
            known[code] = told.changed[code] = dossier
    return told


def _too_early(one: Heard, notice: Notice) -> Refusal:
    reason = f"the {notice.XIN} names agency {notice.agency}, which is not heard of yet"
    return Refusal(one, reason, waits_for=f"agencies/{notice.agency}")


def _saying(notice: Notice, because: Heard) -> Saying:
    event = NoticeSent(
        dossier=notice.dossier,
        agency=notice.agency,
        notice=notice.XIN.value,
        sent_at=notice.sent_at,
    )
    return Saying.answering(because, event, notice.sent_at)
