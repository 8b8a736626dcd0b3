"""What handlers do with a report: read it, take a step, open who wrote it. Never the agency reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.feedback.domain.attachments import Attachment
from services.feedback.domain.report_steps import Step, StepRefusedError, Verdict
from services.feedback.domain.reports import Report
from services.feedback.domain.written import is_written
from services.feedback.usecases.move_report import move
from services.feedback.usecases.ports import (
    Books,
    Doer,
    Identity,
    Opening,
    SealsIdentities,
    TakenStep,
)

MOST_REASON_CHARACTERS = 500


class NotYoursError(LookupError):
    """There is no such report, or none that the caller handles: which of the two is not told."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no report {code} is yours to handle")


class NothingSealedError(LookupError):
    """The report has no author's name, or no attachment of that number."""


@dataclass(frozen=True, slots=True)
class Handler:
    """Who handles: an inspector, or somebody of a handling agency."""

    by: Doer
    agency: str | None
    is_inspector: bool

    def handles(self, report: Report) -> bool:
        """Nobody of the agency reported; an inspector of none or another, or the handling agency."""
        if self.agency == report.agency:
            return False
        return self.is_inspector or self.agency == report.handler


@dataclass(frozen=True, slots=True)
class InHand:
    """A report as its handlers see it: the words without its author's details."""

    report: Report
    steps: Sequence[TakenStep]
    openings: Sequence[Opening]


async def read_report(code: str, handler: Handler, books: Books) -> InHand:
    """Raises `NotYoursError`."""
    return await _in_hand(await _mine(code, handler, books), books)


async def step_report(
    code: str,
    handler: Handler,
    step: Step,
    words: str,
    verdict: Verdict | None,
    books: Books,
    now: datetime,
) -> InHand:
    """Raises `NotYoursError`, `IllegalStepError` and `StepRefusedError`."""
    report = await _mine(code, handler, books, locked=True)
    await move(report, step, words, verdict, handler.by, books, now)
    return await _in_hand(await _mine(code, handler, books), books)


async def open_identity(
    code: str, handler: Handler, reason: str, books: Books, seals: SealsIdentities, now: datetime
) -> Identity:
    """Open who wrote a report, and keep who asked, when and why, for its author to see (rule 33).

    Raises `NotYoursError`, `StepRefusedError` without a reason, `NothingSealedError` where nobody
    gave a name, and `SealError`; then nothing was opened, and nothing is kept.
    """
    report = await _mine(code, handler, books, locked=True)
    _must_have_reason(reason)
    sealed = await books.identities.find(code)
    if sealed is None:
        raise NothingSealedError(f"{code} was written without a name")
    identity = seals.open(code, sealed)
    opening = Opening("identity", handler.by, reason, now)
    await books.identities.log(report.code, opening)
    return identity


async def open_attachment(
    code: str, number: int, handler: Handler, reason: str, books: Books, now: datetime
) -> Attachment:
    """An attachment can show its author and cannot be masked: it is opened like an identity.

    Raises `NotYoursError`, `StepRefusedError` and `NothingSealedError`.
    """
    report = await _mine(code, handler, books, locked=True)
    _must_have_reason(reason)
    attachment = await books.reports.attachment(code, number)
    if attachment is None:
        raise NothingSealedError(f"{code} has no attachment {number}")
    opening = Opening(f"attachment {number}", handler.by, reason, now)
    await books.identities.log(report.code, opening)
    return attachment


def _must_have_reason(reason: str) -> None:
    if not is_written(reason):
        raise StepRefusedError("reason", "is asked in words: its author reads it")
    if len(reason) > MOST_REASON_CHARACTERS:
        raise StepRefusedError("reason", f"has at most {MOST_REASON_CHARACTERS} characters")


async def _mine(code: str, handler: Handler, books: Books, *, locked: bool = False) -> Report:
    found = await books.reports.find(code, locked=locked)
    if found is None or not handler.handles(found[0]):
        raise NotYoursError(code)
    return found[0]


async def _in_hand(report: Report, books: Books) -> InHand:
    return InHand(
        report, await books.reports.steps(report.code), await books.identities.openings(report.code)
    )
