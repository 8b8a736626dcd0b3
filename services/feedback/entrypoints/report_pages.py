"""The pages for reports against the 5 không, and their answers. No account, no name."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from services.feedback.domain.reports import (
    MOST_CHARACTERS,
    ConductReport,
    ReportRefusedError,
)
from services.feedback.entrypoints.bodies import (
    BodyRefusedError,
    FollowBody,
    ReportBody,
    documented,
    is_form,
    read_body,
)
from services.feedback.entrypoints.rendering import Pages
from services.feedback.usecases.ports import Agency, Begin, Draw
from services.feedback.usecases.report_conduct import (
    Receipt,
    UnknownReportError,
    follow_report,
    report_conduct,
)
from shared.clock import Clock
from shared.events.base import AgencyCode, DossierCode
from shared.problems import Problem


def report_pages(begin: Begin, clock: Clock, draw: Draw, pages: Pages) -> APIRouter:
    """The report form, the follow-up form, and what they are sent to."""
    router = APIRouter(tags=["reports"])
    _forms(router, begin, pages)
    _reporting(router, begin, clock, draw, pages)
    _following(router, begin, pages)
    return router


def _forms(router: APIRouter, begin: Begin, pages: Pages) -> None:
    @router.get("/report", response_class=HTMLResponse)
    async def report_page(
        agency: Annotated[AgencyCode | None, Query()] = None,
        dossier: Annotated[DossierCode | None, Query()] = None,
    ) -> Response:
        """The report form; a QR code at a counter may fill in the agency and the dossier."""
        given = {"agency": agency or "", "dossier": dossier or ""}
        return await _show_form(given, None, begin, pages)

    @router.get("/report/follow", response_class=HTMLResponse)
    async def follow_page() -> Response:
        """The form to follow a report."""
        return pages.show("follow")


def _reporting(router: APIRouter, begin: Begin, clock: Clock, draw: Draw, pages: Pages) -> None:
    @router.post("/reports", status_code=201, openapi_extra=documented(ReportBody))
    async def report(request: Request) -> Response:
        """Report, with or without a dossier. Answers a code, and a secret that is told only once."""
        try:
            body = await read_body(request, ReportBody)
            receipt = await _take(body, begin, clock, draw)
        except BodyRefusedError as refused:
            if not is_form(request):
                raise refused.problem from refused
            if refused.problem.status != 422:
                return pages.show_problem(refused.problem)
            return await _show_form(refused.fields, refused.problem, begin, pages)
        if is_form(request):
            return pages.show("reported", 201, receipt=receipt)
        return JSONResponse(
            {"report": receipt.report, "secret": receipt.secret},
            201,
            headers={"Cache-Control": "no-store"},
        )


def _following(router: APIRouter, begin: Begin, pages: Pages) -> None:
    @router.post("/reports/follow", openapi_extra=documented(FollowBody))
    async def follow(request: Request) -> Response:
        """A report, for whoever has its secret."""
        try:
            body = await read_body(request, FollowBody)
            found, agency = await _found(body, begin)
        except (BodyRefusedError, Problem) as error:
            problem = error.problem if isinstance(error, BodyRefusedError) else error
            if not is_form(request):
                raise problem from error
            return pages.show_problem(problem)
        if is_form(request):
            return pages.show("followed", report=found, agency=agency)
        return JSONResponse(
            {
                "report": found.code,
                "agency": found.agency,
                "against": [int(khong) for khong in found.against],
                "dossier": found.dossier,
                "reported_at": found.reported_at.isoformat(),
            }
        )


async def _take(body: ReportBody, begin: Begin, clock: Clock, draw: Draw) -> Receipt:
    """Raises `BodyRefusedError` with the field and the rule."""
    try:
        async with begin() as books:
            return await report_conduct(
                body.agency, body.against, body.dossier, body.text, books, draw, clock.now()
            )
    except ReportRefusedError as error:
        fields = body.model_dump()
        fault = {"field": error.field, "value": fields[error.field], "rule": error.rule}
        problem = Problem(
            422, "The report is not as asked", str(error), type="invalid-request", errors=[fault]
        )
        raise BodyRefusedError(problem, fields) from error


async def _found(body: FollowBody, begin: Begin) -> tuple[ConductReport, Agency]:
    """The report and its agency. Raises `Problem` 404."""
    try:
        async with begin() as books:
            found = await follow_report(body.report, body.secret, books)
            return found, (await books.agencies.find([found.agency]))[found.agency]
    except UnknownReportError as error:
        raise Problem(404, "No such report", str(error), type="unknown-report") from error


async def _show_form(
    given: dict[str, Any], wrong: Problem | None, begin: Begin, pages: Pages
) -> HTMLResponse:
    async with begin() as books:
        agencies = await books.agencies.all()
    faults = {}
    if wrong is not None:
        faults = {str(f["field"]).partition(".")[0]: f for f in wrong.extensions["errors"]}
    return pages.show(
        "report",
        200 if wrong is None else wrong.status,
        agencies=agencies,
        given={"agency": "", "dossier": "", "text": "", **given},
        chosen={str(number) for number in given.get("against", ())},
        faults=faults,
        most_characters=MOST_CHARACTERS,
    )
