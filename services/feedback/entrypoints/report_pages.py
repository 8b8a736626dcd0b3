"""The page for reports, and what it is sent to. No account; a name only by choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from services.feedback.domain.attachments import MOST_ATTACHMENTS, MOST_MEBIBYTES, MediaType
from services.feedback.domain.authors import MOST_CHARACTERS as MOST_AUTHOR_CHARACTERS
from services.feedback.domain.authors import author_of
from services.feedback.domain.reports import MOST_CHARACTERS, Kind, ReportRefusedError
from services.feedback.entrypoints.bodies import (
    LONGEST_REPORT_BYTES,
    BodyRefusedError,
    ReportBody,
    documented,
    is_form,
    put_off,
    read_body,
    refused_field,
)
from services.feedback.entrypoints.metrics import NO_KIND, REFUSED, REPORTS, TAKEN
from services.feedback.entrypoints.rendering import Pages, said_of
from services.feedback.usecases.ports import Begin, Draw, SealsIdentities
from services.feedback.usecases.take_report import Receipt, Told, take_report
from shared.clock import Clock
from shared.events.base import AgencyCode, DossierCode
from shared.gate import Gate
from shared.postgres import is_transient
from shared.problems import Problem

REPORT_COST = 10
"""Of the requests an address may make: a report is kept, and somebody must read it."""
AGAIN = frozenset({422, 429, 503})
"""What a report can be sent again after: the form comes back as it was typed."""
EMPTY = {
    "agency": "",
    "dossier": "",
    "text": "",
    "author_name": "",
    "author_phone": "",
    "author_email": "",
    "author_address": "",
}


@dataclass(frozen=True, slots=True)
class ReportDesk:
    """What the routes of reports need."""

    begin: Begin
    clock: Clock
    draw: Draw
    seals: SealsIdentities
    inspectorates: Sequence[str]
    """Agencies that handle reports, in order; a denunciation goes to the first not denounced."""
    pages: Pages
    gate: Gate

    @property
    def kinds(self) -> list[Kind]:
        """What can be taken here: a complaint needs a key for its author, a denunciation a handler."""
        kinds = [Kind.FEEDBACK]
        if self.seals.can_seal:
            kinds.append(Kind.COMPLAINT)
        if self.inspectorates:
            kinds.append(Kind.DENUNCIATION)
        return kinds


def report_pages(desk: ReportDesk) -> APIRouter:
    """The report form, and what it is sent to."""
    router = APIRouter(tags=["reports"])

    @router.get("/report", response_class=HTMLResponse)
    async def report_page(
        agency: Annotated[AgencyCode | None, Query()] = None,
        dossier: Annotated[DossierCode | None, Query()] = None,
    ) -> Response:
        """The report form; a QR code at a counter may fill in the agency and the dossier."""
        given = {"agency": agency or "", "dossier": dossier or ""}
        return await _show_form(given, None, desk)

    @router.post("/reports", status_code=201, openapi_extra=documented(ReportBody))
    async def report(request: Request) -> Response:
        """Report, with or without a dossier, by name or without one.

        Answers a code, and a secret that is told only once.
        """
        try:
            body = await read_body(request, ReportBody, LONGEST_REPORT_BYTES)
            _admit(request, body, desk)
            receipt = await _take(body, desk)
        except BodyRefusedError as refused:
            _count_refused(refused)
            if not is_form(request):
                raise refused.problem from refused
            if refused.problem.status not in AGAIN:
                return desk.pages.show_problem(refused.problem)
            return await _show_form(refused.fields, refused.problem, desk)
        REPORTS.labels(body.kind.value, TAKEN).inc()
        if is_form(request):
            return desk.pages.show("reported", 201, receipt=receipt)
        return JSONResponse(
            {"report": receipt.report, "secret": receipt.secret},
            201,
            headers={"Cache-Control": "no-store"},
        )

    return router


def _count_refused(refused: BodyRefusedError) -> None:
    """By kind where it could be read; who asks too often has not sent one."""
    if refused.problem.status != 429:
        kind = refused.fields.get("kind")
        is_known = isinstance(kind, str) and kind in set(Kind)
        REPORTS.labels(str(kind) if is_known else NO_KIND, REFUSED).inc()


def _admit(request: Request, body: ReportBody, desk: ReportDesk) -> None:
    """A report counts as many requests. Raises `BodyRefusedError` 429 with what was typed: it is not lost."""
    try:
        desk.gate.admit(request, REPORT_COST)
    except Problem as problem:
        raise BodyRefusedError(
            problem, body.model_dump(mode="json", exclude={"attachments"})
        ) from problem


async def _take(body: ReportBody, desk: ReportDesk) -> Receipt:
    """Raises `BodyRefusedError` with the field and the rule."""
    try:
        author = author_of(
            body.author_name, body.author_phone, body.author_email, body.author_address
        )
        told = Told(
            kind=body.kind,
            agency=body.agency,
            against=body.against,
            dossier=body.dossier,
            words=body.text,
            author=author,
            attachments=body.attachments,
        )
        async with desk.begin() as books:
            return await take_report(
                told, books, desk.seals, desk.inspectorates, desk.draw, desk.clock.now()
            )
    except ReportRefusedError as error:
        fields = body.model_dump()
        problem = refused_field(error.field, fields[error.field], error.rule)
        raise BodyRefusedError(problem, fields) from error
    except Exception as error:
        fields = body.model_dump(mode="json", exclude={"attachments"})
        raise put_off(error, fields) from error


async def _show_form(
    given: dict[str, Any], wrong: Problem | None, desk: ReportDesk
) -> HTMLResponse:
    try:
        async with desk.begin() as books:
            agencies = await books.agencies.all()
    except Exception as error:
        if wrong is None or not is_transient(error):
            raise
        agencies = []  # the one chosen stays chosen, by its code
    faults = {}
    if wrong is not None:
        faults = {str(f["field"]).partition(".")[0]: f for f in wrong.extensions.get("errors", ())}
    page = desk.pages.show(
        "report",
        200 if wrong is None else wrong.status,
        agencies=agencies,
        given={**EMPTY, **given},
        kinds=desk.kinds,
        chosen_kind=given.get("kind", Kind.FEEDBACK),
        may_be_named=desk.seals.can_seal,
        chosen={str(number) for number in given.get("against", ())},
        faults=faults,
        put_off=said_of(wrong) if wrong is not None and wrong.status in (429, 503) else None,
        most_characters=MOST_CHARACTERS,
        most_author_characters=MOST_AUTHOR_CHARACTERS,
        most_attachments=MOST_ATTACHMENTS,
        most_mebibytes=MOST_MEBIBYTES,
        accepted_types=",".join(MediaType),
    )
    page.headers.update({} if wrong is None else wrong.headers)
    return page
