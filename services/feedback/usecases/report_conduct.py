"""Take a report against the 5 không, from anybody, and let its author follow it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

from services.feedback.domain.reports import (
    ConductReport,
    ReportRefusedError,
    accusation,
    report_code,
)
from services.feedback.usecases.ports import Books, Draw
from shared.events.feedback import ConductReported
from shared.messages import Saying


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the author is given: the code names the report, the secret opens it. Shown once."""

    report: str
    secret: str


class UnknownReportError(LookupError):
    """No report has this code and this secret; which of the two is wrong is not told."""


async def report_conduct(
    agency: str,
    against: Sequence[int],
    dossier: str | None,
    words: str,
    books: Books,
    draw_secret: Draw,
    now: datetime,
) -> Receipt:
    """Keep the report and say that there is one. Raises `ReportRefusedError`, naming field and rule.

    The bus is told the agency and which of the 5 không, nothing more: the words could name the
    author, and a dossier's code leads the reported unit to its citizen (rule 33), so both stay here.
    """
    accused = accusation(against, words)
    found = await books.agencies.find([agency])
    if agency not in found:
        raise ReportRefusedError("agency", f"is the code of a registered agency; {agency} is none")
    if dossier is not None and await books.dossiers.find(dossier) is None:
        raise ReportRefusedError(
            "dossier", f"is the code of a dossier, or left out; {dossier} is none"
        )
    reported_on = now.astimezone(found[agency].time_zone).date()
    code = report_code(agency, reported_on, await books.reports.next_number(agency, reported_on))
    secret = draw_secret()
    report = ConductReport(code, agency, accused, now, dossier, words)
    await books.reports.store(report, _digest(secret))
    event = ConductReported(
        report=code,
        agency=agency,
        against=tuple(int(khong) for khong in accused),
        reported_at=now,
    )
    await books.outbox.say([Saying(event, now)])
    return Receipt(code, secret)


async def follow_report(code: str, secret: str, books: Books) -> ConductReport:
    """The report, for whoever holds its secret. Raises `UnknownReportError`."""
    found = await books.reports.find(code)
    if found is None or not compare_digest(found[1], _digest(secret)):
        raise UnknownReportError("no report has this code and this secret")
    return found[0]


def _digest(secret: str) -> bytes:
    # The secret is 256 random bits, not a chosen password: a plain digest cannot be guessed back.
    return sha256(secret.encode()).digest()
