"""Reports for those who handle them, and the copy that the reported unit may read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator

from services.feedback.domain import report_steps
from services.feedback.domain.attachments import EXTENSIONS
from services.feedback.domain.report_steps import IllegalStepError, Step, StepRefusedError, Verdict
from services.feedback.domain.reports import Kind, Report
from services.feedback.entrypoints.bodies import refused_field, without_nul
from services.feedback.entrypoints.follow_pages import cannot_open, illegal_step
from services.feedback.entrypoints.metrics import STEPS
from services.feedback.entrypoints.report_answers import (
    HandledListShown,
    IdentityShown,
    InHandShown,
    UnitCopiesShown,
    copy_shown,
    handled_shown,
    identity_shown,
    in_hand_shown,
)
from services.feedback.entrypoints.report_pages import ReportDesk
from services.feedback.usecases.handle_report import (
    MOST_REASON_CHARACTERS,
    Handler,
    NothingSealedError,
    NotYoursError,
    open_attachment,
    open_identity,
    read_report,
    step_report,
)
from services.feedback.usecases.list_reports import (
    UnknownUnitError,
    list_handled,
    list_unit_copies,
)
from services.feedback.usecases.ports import Doer, SealError
from shared.events.base import AgencyCode, ReportCode
from shared.identity import Caller, Role, require
from shared.problems import Problem

MOST_LISTED = 200

Head = Annotated[Caller, Depends(require(Role.HEAD_OF_UNIT, Role.INSPECTOR))]
Handling = Annotated[Caller, Depends(require(Role.OFFICER, Role.HEAD_OF_UNIT, Role.INSPECTOR))]
Inspector = Annotated[Caller, Depends(require(Role.INSPECTOR))]
Code = Annotated[ReportCode, Path()]
After = Annotated[ReportCode | None, Query()]
Limit = Annotated[int, Query(ge=1, le=MOST_LISTED)]


class StepBody(BaseModel):
    """A step in the handling. Words where its author must learn something; a verdict when resolved."""

    model_config = ConfigDict(extra="forbid")

    step: Step
    words: Annotated[str, StringConstraints(max_length=report_steps.MOST_CHARACTERS)] = ""
    verdict: Verdict | None = None

    @field_validator("words")
    @classmethod
    def _has_no_nul(cls, words: str) -> str:
        return without_nul(words)


class ReasonBody(BaseModel):
    """Why something that shows the author is opened; the author reads it."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(max_length=MOST_REASON_CHARACTERS)]

    @field_validator("reason")
    @classmethod
    def _has_no_nul(cls, reason: str) -> str:
        return without_nul(reason)


def _unstored(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


def report_handling(desk: ReportDesk) -> APIRouter:
    """The routes of units and handlers."""
    router = APIRouter(tags=["handling of reports"], dependencies=[Depends(_unstored)])
    _lists(router, desk)
    _in_hand(router, desk)
    _opening(router, desk)
    return router


def _lists(router: APIRouter, desk: ReportDesk) -> None:
    @router.get("/reports")
    async def unit_copies(
        agency: Annotated[AgencyCode, Query()], caller: Head, after: After = None, limit: Limit = 50
    ) -> UnitCopiesShown:
        """The reported unit's redacted copy, newest first. A denunciation is never in it."""
        caller.must_act_for(agency)
        try:
            async with desk.begin() as books:
                found = await list_unit_copies(agency, after, limit + 1, books)
        except UnknownUnitError as error:
            raise Problem(
                404, "No such agency", str(error), type="unknown-agency", agency=agency
            ) from error
        return UnitCopiesShown(
            agency=agency,
            reports=[copy_shown(copy) for copy in found[:limit]],
            next=found[limit - 1].report.code if len(found) > limit else None,
        )

    @router.get("/reports/handled")
    async def handled(
        caller: Handling,
        kind: Annotated[Kind | None, Query()] = None,
        after: After = None,
        limit: Limit = 50,
    ) -> HandledListShown:
        """Reports to handle, newest code first: an inspector's all, others their agency's.

        Never one about the caller's own agency.
        """
        async with desk.begin() as books:
            found = await list_handled(_handler(caller), kind, after, limit + 1, books)
        return HandledListShown(
            reports=[handled_shown(report) for report in found[:limit]],
            next=_next(found, limit),
        )


def _in_hand(router: APIRouter, desk: ReportDesk) -> None:
    @router.get("/reports/{report}")
    async def in_hand(report: Code, caller: Handling) -> InHandShown:
        """A report for its handler. Others are told that there is none."""
        with _refusing():
            async with desk.begin() as books:
                return in_hand_shown(await read_report(report, _handler(caller), books))

    @router.post("/reports/{report}/steps")
    async def step(report: Code, body: StepBody, caller: Handling) -> InHandShown:
        """Take a step. One that may not follow is a 409 that names from, to and why."""
        with _refusing():
            async with desk.begin() as books:
                moved = await step_report(
                    report,
                    _handler(caller),
                    body.step,
                    body.words,
                    body.verdict,
                    books,
                    desk.clock.now(),
                )
        STEPS.labels(body.step.value).inc()
        return in_hand_shown(moved)


def _opening(router: APIRouter, desk: ReportDesk) -> None:
    @router.post("/reports/{report}/identity")
    async def identity(report: Code, body: ReasonBody, caller: Inspector) -> IdentityShown:
        """Who wrote the report. The author is shown who asked, when and why."""
        with _refusing():
            async with desk.begin() as books:
                opened = await open_identity(
                    report, _handler(caller), body.reason, books, desk.seals, desk.clock.now()
                )
        return identity_shown(report, opened)

    @router.post("/reports/{report}/attachments/{number}", response_class=Response)
    async def attachment(
        report: Code,
        number: Annotated[int, Path(ge=1, le=9)],
        body: ReasonBody,
        caller: Inspector,
    ) -> Response:
        """An attachment, to keep and never to show in place. Opened like an identity."""
        with _refusing():
            async with desk.begin() as books:
                found = await open_attachment(
                    report, number, _handler(caller), body.reason, books, desk.clock.now()
                )
        name = f"{report}-{number}.{EXTENSIONS[found.media_type]}"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "no-store",
        }
        return Response(found.content, media_type=found.media_type.value, headers=headers)


@contextmanager
def _refusing() -> Iterator[None]:
    """What the use cases refuse, as problems."""
    try:
        yield
    except NotYoursError as error:
        raise Problem(404, "No such report", str(error), type="unknown-report") from error
    except NothingSealedError as error:
        raise Problem(404, "Nothing to open", str(error), type="nothing-sealed") from error
    except SealError as error:
        raise cannot_open(error) from error
    except IllegalStepError as error:
        raise illegal_step(error) from error
    except StepRefusedError as error:
        raise refused_field(error.field, "", error.rule) from error


def _handler(caller: Caller) -> Handler:
    by = Doer(caller.subject, caller.role.value)
    return Handler(by, caller.agency, is_inspector=caller.role is Role.INSPECTOR)


def _next(found: Sequence[Report], limit: int) -> str | None:
    return found[limit - 1].code if len(found) > limit else None
