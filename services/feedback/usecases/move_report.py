"""Take a step in the handling of a report, and say it."""

from datetime import datetime

from services.feedback.domain.report_steps import Step, Verdict, must_follow, must_say
from services.feedback.domain.reports import Kind, Report
from services.feedback.usecases.keep_scores import keep_scores
from services.feedback.usecases.ports import Books, Doer, TakenStep
from shared.events.feedback import ReportMoved
from shared.messages import Saying


async def move(
    report: Report,
    step: Step,
    words: str,
    verdict: Verdict | None,
    by: Doer,
    books: Books,
    now: datetime,
) -> None:
    """The report must be locked. Raises `IllegalStepError` and `StepRefusedError`.

    The words stay here. The verdict is said, so that scores can be counted again; a denunciation's
    is not: it counts in no score, and would tell what became of it (rule 32).
    """
    must_follow(report.code, report.kind, report.state, step)
    must_say(step, words, verdict)
    await books.reports.take(report, TakenStep(step, words, verdict, by, now))
    said = None if verdict is None or report.kind is Kind.DENUNCIATION else verdict.value
    event = ReportMoved.model_validate(
        {
            "report": report.code,
            "agency": report.handler,
            "step": step.value,
            "moved_at": now,
            "verdict": said,
        }
    )
    await books.outbox.say([Saying(event, now)])
    await keep_scores([event], books)
