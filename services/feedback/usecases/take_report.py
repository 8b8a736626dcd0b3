"""Take a report from anybody, by name or without one, and seal who wrote it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from services.feedback.domain.attachments import attachments_of
from services.feedback.domain.authors import Author, mask
from services.feedback.domain.reports import (
    Kind,
    Report,
    ReportRefusedError,
    accusation,
    choose_handler,
    must_be_named,
    numbered_by,
    report_code,
)
from services.feedback.usecases.keep_scores import keep_scores
from services.feedback.usecases.ports import Books, Draw, Identity, SealsIdentities
from shared.events.base import Event
from shared.events.feedback import ComplaintReceived, ConductReported, DenunciationReceived
from shared.messages import Saying


@dataclass(frozen=True, slots=True)
class Told:
    """What an author tells: what it is about, and who they are if they say so."""

    kind: Kind
    agency: str
    against: Sequence[int]
    dossier: str | None
    words: str
    author: Author | None = None
    attachments: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the author is given: the code names the report, the secret opens it. Shown once."""

    report: str
    secret: str


async def take_report(
    told: Told,
    books: Books,
    seals: SealsIdentities,
    inspectorates: Sequence[str],
    draw_secret: Draw,
    now: datetime,
) -> Receipt:
    """Keep the report and say that there is one. Raises `ReportRefusedError`, naming field and rule.

    The bus is told the agency and which of the 5 không, and of a complaint or a denunciation only
    who handles it: the words could name the author, and a dossier's code leads the reported unit to
    its citizen (rule 33), so both stay here.
    """
    against = accusation(told.kind, told.against, told.words)
    must_be_named(told.kind, told.author is not None)
    if told.author is not None and not seals.can_seal:
        raise ReportRefusedError("author_name", "cannot be kept safely here; leave it out")
    attachments = attachments_of(told.attachments)
    found = await books.agencies.find([told.agency, *inspectorates])
    if told.agency not in found:
        rule = f"is the code of a registered agency; {told.agency} is none"
        raise ReportRefusedError("agency", rule)
    if told.dossier is not None and await books.dossiers.find(told.dossier) is None:
        rule = f"is the code of a dossier, or left out; {told.dossier} is none"
        raise ReportRefusedError("dossier", rule)
    handler = choose_handler(told.kind, told.agency, inspectorates, found)
    counter = numbered_by(told.kind, told.agency, handler)
    reported_on = now.astimezone(found[counter].time_zone).date()
    number = await books.reports.next_number(counter, told.kind, reported_on)
    report = Report(
        code=report_code(told.kind, counter, reported_on, number),
        kind=told.kind,
        agency=told.agency,
        handler=handler,
        against=against,
        reported_at=now,
        dossier=told.dossier,
        words=told.words if told.author is None else mask(told.words, told.author),
    )
    secret = draw_secret()
    await books.reports.store(report, digest(secret))
    if told.author is not None:
        in_full = told.words if told.words != report.words else None
        sealed = seals.seal(report.code, Identity(told.author, in_full))
        await books.identities.store(report.code, sealed)
    await books.reports.attach(report.code, attachments)
    event = _tidings(report)
    await books.outbox.say([Saying(event, now)])
    await keep_scores([event], books)
    return Receipt(report.code, secret)


def digest(secret: str) -> bytes:
    """The secret as it is kept: 256 random bits, not a chosen password, so a plain digest cannot be
    guessed back."""
    return sha256(secret.encode()).digest()


def _tidings(report: Report) -> Event:
    match report.kind:
        case Kind.FEEDBACK:
            return ConductReported(
                report=report.code,
                agency=report.agency,
                handler=report.handler if report.is_handled_elsewhere else None,
                against=tuple(int(khong) for khong in report.against),
                reported_at=report.reported_at,
            )
        case Kind.COMPLAINT:
            return ComplaintReceived(
                report=report.code, agency=report.handler, received_at=report.reported_at
            )
        case Kind.DENUNCIATION:
            return DenunciationReceived(
                report=report.code, agency=report.handler, received_at=report.reported_at
            )
