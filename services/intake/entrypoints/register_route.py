"""Sổ theo dõi hồ sơ: the register of an agency and period, as a page for A4, PDF, CSV or XLSX."""

from collections.abc import AsyncIterator
from typing import IO, Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.intake.domain.refused import RefusedError
from services.intake.entrypoints.bodies import Day
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.negotiation import HTML, PDF, preferred
from services.intake.entrypoints.problems import problem_of
from services.intake.entrypoints.register_writing import as_csv, as_html, as_pdf, as_xlsx
from services.intake.entrypoints.slip_routes import PRIVATE
from services.intake.usecases.read_register import open_period, read_register
from shared.identity import BOUND_TO_AGENCY, Caller, Role, require

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {"html": HTML, "pdf": PDF, "csv": CSV, "xlsx": XLSX}
CHUNK_BYTES = 65_536

Reader = Annotated[Caller, Depends(require(*Role))]


def register_route(desk: Desk) -> APIRouter:
    """GET /agencies/{agency}/register."""
    router = APIRouter(tags=["slips"])

    @router.get(
        "/agencies/{agency}/register",
        response_class=Response,
        responses={200: {"content": {HTML: {}, PDF: {}, CSV: {}, XLSX: {}}}},
    )
    async def get_register(
        agency: str,
        caller: Reader,
        request: Request,
        first_on: Annotated[Day, Query()],
        last_on: Annotated[Day, Query()],
        format: Literal["html", "pdf", "csv", "xlsx"] | None = None,
    ) -> Response:
        """The dossiers an agency received from `first_on` to `last_on`, both of them in it.

        As `format` or Accept asks. Inspectors and operators see the cases, not the persons.
        """
        caller.must_act_for(agency)
        period = await desk.transact(lambda t: open_period(agency, first_on, last_on, t))
        pages = read_register(period, desk.transact, with_names=caller.role in BOUND_TO_AGENCY)
        accept = request.headers.get("accept", "*/*")
        media = FORMATS[format] if format else preferred(accept, (HTML, PDF, CSV, XLSX))
        if media == PDF:
            try:
                return Response(await as_pdf(pages, period, desk.forms), 200, PRIVATE, PDF)
            except RefusedError as error:
                raise problem_of(error) from error
        body: AsyncIterator[str] | AsyncIterator[bytes]
        if media == XLSX:
            body = _file_chunks(await as_xlsx(pages, desk.forms))
        else:
            is_page = media == HTML
            text = as_html(pages, period, desk.forms) if is_page else as_csv(pages, desk.forms)
            # The first part is written before the answer begins: what fails then is still a problem.
            body = _after_first(await anext(text), text)
        headers = dict(PRIVATE)
        if media != HTML:
            name = f"so-theo-doi-{agency}-{first_on}-{last_on}.{'csv' if media == CSV else 'xlsx'}"
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return StreamingResponse(body, headers=headers, media_type=media)

    return router


async def _after_first(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for part in rest:
        yield part


async def _file_chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
