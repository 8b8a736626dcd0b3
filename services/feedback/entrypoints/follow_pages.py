"""The page to follow a report by its secret, and the author's own steps: to answer, to withdraw."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from services.feedback.domain.report_steps import (
    BY_AUTHOR,
    MOST_CHARACTERS,
    MOVES,
    IllegalStepError,
    Step,
    StepRefusedError,
)
from services.feedback.entrypoints.bodies import (
    AnswerBody,
    BodyRefusedError,
    FollowBody,
    documented,
    is_form,
    put_off,
    read_body,
    refused_field,
)
from services.feedback.entrypoints.metrics import STEPS
from services.feedback.entrypoints.rendering import said_of
from services.feedback.entrypoints.report_answers import FollowedShown, followed_shown
from services.feedback.entrypoints.report_pages import ReportDesk
from services.feedback.usecases.follow_report import (
    Followed,
    UnknownReportError,
    answer_report,
    follow_report,
)
from services.feedback.usecases.ports import SealError
from shared.problems import Problem

Sent = TypeVar("Sent", bound=FollowBody)
AGAIN = frozenset({404, 422, 429, 503})
"""What a form can be sent again after: a code or secret mistyped, words not as asked, too many requests, a
database that is away."""


def follow_pages(desk: ReportDesk) -> APIRouter:
    """`GET /report/follow`, `POST /reports/follow` and what follows from there."""
    router = APIRouter(tags=["reports"])
    answers: dict[int | str, dict[str, Any]] = {200: {"model": FollowedShown}}

    @router.get("/report/follow", response_class=HTMLResponse)
    async def follow_page() -> Response:
        """The form to follow a report."""
        return desk.pages.show("follow", given={}, wrong=None)

    @router.post("/reports/follow", openapi_extra=documented(FollowBody), responses=answers)
    async def follow(request: Request) -> Response:
        """A report, for whoever has its secret."""

        async def look(body: FollowBody) -> Followed:
            async with desk.begin() as books:
                return await follow_report(body.report, body.secret, books)

        return await _answer(request, FollowBody, look, desk)

    @router.post("/reports/follow/answer", openapi_extra=documented(AnswerBody), responses=answers)
    async def answer(request: Request) -> Response:
        """What its author answers to what was asked."""

        async def send(body: AnswerBody) -> Followed:
            return await _step(body, Step.ANSWERED, body.text, desk)

        return await _answer(request, AnswerBody, send, desk)

    @router.post(
        "/reports/follow/withdrawal", openapi_extra=documented(FollowBody), responses=answers
    )
    async def withdraw(request: Request) -> Response:
        """Its author withdraws it."""

        async def send(body: FollowBody) -> Followed:
            return await _step(body, Step.WITHDRAWN, "", desk)

        return await _answer(request, FollowBody, send, desk)

    return router


async def _step(body: FollowBody, step: Step, words: str, desk: ReportDesk) -> Followed:
    async with desk.begin() as books:
        answered = await answer_report(
            body.report, body.secret, step, words, books, desk.seals, desk.clock.now()
        )
    STEPS.labels(step.value).inc()
    return answered


async def _answer(
    request: Request,
    asked: type[Sent],
    act: Callable[[Sent], Awaitable[Followed]],
    desk: ReportDesk,
) -> Response:
    """The report after `act`: the page's form is answered with a page, JSON with JSON."""
    given: dict[str, Any] = {}
    try:
        body = await read_body(request, asked)
        given = body.model_dump()
        desk.gate.admit(request)
        followed = await _done(act, body)
    except (BodyRefusedError, Problem) as error:
        problem = error.problem if isinstance(error, BodyRefusedError) else error
        if not is_form(request):
            raise problem from error
        fields = error.fields if isinstance(error, BodyRefusedError) else given
        return _form_again(asked, fields, problem, desk)
    if not is_form(request):
        shown = followed_shown(followed).model_dump(mode="json")
        return JSONResponse(shown, headers={"Cache-Control": "no-store"})
    may = MOVES[followed.report.kind].get(followed.report.state, frozenset()) & BY_AUTHOR
    return desk.pages.show(
        "followed",
        followed=followed,
        report=followed.report,
        agency=followed.agency,
        secret=body.secret,
        may_answer=Step.ANSWERED in may,
        may_withdraw=Step.WITHDRAWN in may,
        most_characters=MOST_CHARACTERS,
    )


def _form_again(
    asked: type[Sent], given: dict[str, Any], problem: Problem, desk: ReportDesk
) -> Response:
    """A form that can be sent again comes back as it was typed, with what is wrong; nothing is looked up for it."""
    if problem.status not in AGAIN or not given:
        return desk.pages.show_problem(problem)
    name = "answer" if issubclass(asked, AnswerBody) else "follow"
    page = desk.pages.show(
        name,
        problem.status,
        given=given,
        wrong=said_of(problem),
        most_characters=MOST_CHARACTERS,
    )
    page.headers.update(problem.headers)
    return page


async def _done(act: Callable[[Sent], Awaitable[Followed]], body: Sent) -> Followed:
    """Raises `Problem` 404, 409 or 422."""
    try:
        return await act(body)
    except UnknownReportError as error:
        raise Problem(404, "No such report", str(error), type="unknown-report") from error
    except IllegalStepError as error:
        raise illegal_step(error) from error
    except SealError as error:
        raise cannot_open(error) from error
    except StepRefusedError as error:
        field = "text" if error.field == "words" else error.field
        raise refused_field(field, "", error.rule) from error
    except Exception as error:
        raise put_off(error, body.model_dump()) from error


def cannot_open(error: SealError) -> Problem:
    """The 409 of an identity whose key is not here, or that is not the report's."""
    return Problem(409, "It cannot be opened here", str(error), type="cannot-open")


def illegal_step(error: IllegalStepError) -> Problem:
    """The 409 of a step that may not follow, naming from, to and why."""
    return Problem(
        409,
        "This step may not follow",
        str(error),
        type="illegal-step",
        **{"from": error.origin, "to": error.step, "why": error.why},
    )
