"""Follow a report by its secret: its steps, who looked at its author's identity, and an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from services.feedback.domain.authors import mask
from services.feedback.domain.report_steps import Step
from services.feedback.domain.reports import Report
from services.feedback.usecases.move_report import move
from services.feedback.usecases.ports import (
    Agency,
    Books,
    Doer,
    Opening,
    SealsIdentities,
    TakenStep,
)
from services.feedback.usecases.take_report import digest

AUTHOR = Doer(None, "author")


class UnknownReportError(LookupError):
    """No report has this code and this secret; which of the two is wrong is not told."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A report as its author sees it."""

    report: Report
    agency: Agency
    handler: Agency
    steps: Sequence[TakenStep]
    openings: Sequence[Opening]


async def follow_report(code: str, secret: str, books: Books) -> Followed:
    """The report, for whoever holds its secret. Raises `UnknownReportError`."""
    return await _followed(await _opened(code, secret, books), books)


async def answer_report(
    code: str,
    secret: str,
    step: Step,
    words: str,
    books: Books,
    seals: SealsIdentities,
    now: datetime,
) -> Followed:
    """The author's own step: they answer what was asked, or withdraw.

    Raises `UnknownReportError`, `IllegalStepError`, `StepRefusedError`, and `SealError` where their
    details cannot be masked in the answer.
    """
    report = await _opened(code, secret, books, locked=True)
    words = await _without_details(report, words, books, seals)
    await move(report, step, words, None, AUTHOR, books, now)
    return await _followed(await _opened(code, secret, books), books)


async def _without_details(report: Report, words: str, books: Books, seals: SealsIdentities) -> str:
    """An answer is read by handlers too. Nobody is shown what is opened here, so none is logged."""
    sealed = await books.identities.find(report.code)
    if sealed is None or not words:
        return words
    return mask(words, seals.open(report.code, sealed).author)


async def _opened(code: str, secret: str, books: Books, *, locked: bool = False) -> Report:
    found = await books.reports.find(code, locked=locked)
    if found is None or not compare_digest(found[1], digest(secret)):
        raise UnknownReportError("no report has this code and this secret")
    return found[0]


async def _followed(report: Report, books: Books) -> Followed:
    agencies = await books.agencies.find([report.agency, report.handler])
    return Followed(
        report=report,
        agency=agencies[report.agency],
        handler=agencies[report.handler],
        steps=await books.reports.steps(report.code),
        openings=await books.identities.openings(report.code),
    )
