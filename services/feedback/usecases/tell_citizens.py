"""Hear a batch and tell each citizen what courtesy and rule 31 ask, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.feedback.domain.congratulating import Congratulating, is_congratulated
from services.feedback.domain.dossiers import Dossier, Receipt, learn
from services.feedback.domain.happenings import (
    Happening,
    Moved,
    PromiseBroken,
    Reappointed,
    Returned,
)
from services.feedback.domain.notices import Kind, Notice
from services.feedback.domain.ratings import Invitation
from services.feedback.usecases.happenings_heard import happening_of
from services.feedback.usecases.keep_scores import keep_scores
from services.feedback.usecases.news_heard import counted_at, is_scored
from services.feedback.usecases.ports import (
    Agencies,
    Agency,
    Books,
    Draw,
    WritesTexts,
    WrittenNotice,
)
from shared import stages
from shared.events.agencies import AgencyRegistered
from shared.events.base import Event
from shared.events.feedback import NoticeSent
from shared.messages import Heard, Refusal, Saying

Tiding = tuple[Heard, Happening | None]
"""An event, and what it means to a citizen; None where it concerns a score alone."""


@dataclass(slots=True)
class Told:
    """What came of a batch: the notices called for, each with what called for it."""

    notices: list[tuple[Notice, Agency, Heard]] = field(default_factory=list)
    changed: dict[str, Dossier] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    applied: list[Event] = field(default_factory=list)


async def tell_citizens(
    heard: Sequence[Heard],
    books: Books,
    texts: WritesTexts,
    draw_token: Draw,
    rating_days: int,
    now: datetime,
) -> list[Refusal]:
    """Store what the batch says of agencies and dossiers; write, keep and say the notices it calls for.

    A notice names its agency as citizens know it, and a score counts on the agency's own day, so what
    needs an agency not heard of yet is refused until it is (`waits_for`). An event of an agency with
    an unknown time zone is refused for good. Scores come last: what is locked for them is locked no
    longer than a commit takes.
    """
    refusals = await _note_agencies(heard, books.agencies)
    refused = {refusal.heard.envelope.subject for refusal in refusals}
    tidings = _tidings(heard, refused)
    if not tidings:
        return refusals
    codes = {one.envelope.subject for one, happening in tidings if happening is not None}
    known = await books.dossiers.lock(codes)
    agencies = await books.agencies.find(_agencies_named(tidings, known))
    stages.enter("decide")
    told = _decide(tidings, known, agencies)
    stages.enter("store")
    await books.dossiers.store(list(told.changed.values()))
    await books.notices.store(
        [WrittenNotice(notice, texts.write(notice, by), now) for notice, by, _ in told.notices]
    )
    expires_at = now + timedelta(days=rating_days)
    await books.ratings.invite(
        [
            Invitation(draw_token(), notice.dossier, notice.agency, notice.sent_at, expires_at)
            for notice, _, _ in told.notices
            if notice.kind is Kind.THANKS
        ]
    )
    await books.outbox.say([_saying(notice, because) for notice, _, because in told.notices])
    await keep_scores(told.applied, books)
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
                last[event.agency] = Agency(event.agency, event.name, zone, _congratulating(event))
    await agencies.store(list(last.values()))
    return list(refusals.values())


def _congratulating(event: AgencyRegistered) -> tuple[Congratulating, ...]:
    return tuple(
        Congratulating(pledge.valid_from, pledge.valid_to, frozenset(pledge.congratulates))
        for pledge in event.pledges
        if pledge.congratulates
    )


def _tidings(heard: Sequence[Heard], refused: set[str]) -> list[Tiding]:
    """What concerns citizens, with what it means to them, and what concerns scores alone."""
    return [
        (one, happening)
        for one in heard
        if one.envelope.subject not in refused
        and ((happening := happening_of(one.event)) is not None or is_scored(one.event))
    ]


def _agencies_named(tidings: Sequence[Tiding], known: dict[str, Dossier]) -> set[str]:
    """Every agency a notice of this batch could come from, or a score count at."""
    speaking = Moved | PromiseBroken | Reappointed
    named = {happening.agency for _, happening in tidings if isinstance(happening, speaking)}
    named.update(agency for one, _ in tidings if (agency := counted_at(one.event)) is not None)
    for dossier in known.values():
        if dossier.acceptance is not None:
            named.add(dossier.acceptance.agency)
        if dossier.receipt is not None and dossier.receipt.agency is not None:
            named.add(dossier.receipt.agency)
        named.update(one.agency for one in dossier.waiting)
    return named


def _decide(
    tidings: Sequence[Tiding],
    known: dict[str, Dossier],
    agencies: Mapping[str, Agency],
) -> Told:
    """Fold the happenings into the dossiers, in order; stop a dossier at its first refusal."""
    told = Told()
    stopped: set[str] = set()
    for one, happening in tidings:
        code = one.envelope.subject
        if code in stopped:
            continue
        refusal = _decide_one(told, one, happening, known, agencies)
        if refusal is None:
            told.applied.append(one.event)
        else:
            told.refusals.append(refusal)
            stopped.add(code)
    return told


def _decide_one(
    told: Told,
    one: Heard,
    happening: Happening | None,
    known: dict[str, Dossier],
    agencies: Mapping[str, Agency],
) -> Refusal | None:
    """Fold one happening into its dossier, or say why it must wait."""
    notices: tuple[Notice, ...] = ()
    if happening is not None:
        code = one.envelope.subject
        before = known[code]
        pledging = _pledging(before.receipt, happening)
        if pledging is not None and pledging not in agencies:
            return _too_early(one, "whether to congratulate was pledged by", pledging)
        pleased = pledging is not None and _pleases(before.receipt, agencies[pledging])
        dossier, notices = learn(before, happening, pleased)
    for notice in notices:
        if notice.agency not in agencies:
            return _too_early(one, f"the {notice.kind} names", notice.agency)
    place = counted_at(one.event)
    if place is not None and place not in agencies:
        return _too_early(one, "its score counts on the day of", place)
    told.notices += [(notice, agencies[notice.agency], one) for notice in notices]
    if happening is not None and dossier != before:
        known[code] = told.changed[code] = dossier
    return None


def _pledging(receipt: Receipt | None, happening: Happening) -> str | None:
    """Whose pledge of congratulations is asked: at the return, of who received it."""
    return receipt.agency if receipt is not None and isinstance(happening, Returned) else None


def _pleases(receipt: Receipt | None, agency: Agency) -> bool:
    if receipt is None or not agency.congratulating:
        return False
    received_on = receipt.received_at.astimezone(agency.time_zone).date()
    return is_congratulated(agency.congratulating, receipt.procedure, received_on)


def _too_early(one: Heard, why: str, agency: str) -> Refusal:
    reason = f"{why} agency {agency}, which is not heard of yet"
    return Refusal(one, reason, waits_for=f"agencies/{agency}")


def _saying(notice: Notice, because: Heard) -> Saying:
    event = NoticeSent(
        dossier=notice.dossier,
        agency=notice.agency,
        notice=notice.kind.value,
        sent_at=notice.sent_at,
        number=notice.number,
    )
    return Saying.answering(because, event, notice.sent_at)
