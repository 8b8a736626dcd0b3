"""The poster for a unit's counter: a QR code that leads to its rating page, on A4 or A5, as HTML or PDF."""

import asyncio
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.feedback.entrypoints.counter_pages import must_be_offered
from services.feedback.entrypoints.rating_desk import RatingDesk
from services.feedback.usecases.show_rating import UnknownAgencyError
from shared.events.base import AgencyCode
from shared.printing import qr_code, typeset
from shared.problems import Problem

DIRECTORY = Path(__file__).parent / "posters"
PDF_COST = 10
"""Of the requests an address may make: laying one out takes some hundredths of a second."""
_ONE_AT_A_TIME = asyncio.Semaphore(1)


class PosterPages:
    """The poster's template and style; a broken one stops the start."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        style = (directory / "poster.css").read_text(encoding="utf-8")
        environment = Environment(
            loader=FileSystemLoader(directory), undefined=StrictUndefined, autoescape=True
        )
        self._template = environment.get_template("poster.html")
        self._style = Markup(style)
        digest = b64encode(sha256(style.encode()).digest()).decode()
        self._headers = {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
        }

    def html(self, agency_name: str, url: str, size: str) -> HTMLResponse:
        """A page that prints on one sheet of its size."""
        page = self._template.render(
            agency_name=agency_name,
            url=url,
            size=size,
            style=self._style,
            qr=Markup(qr_code(url)),
        )
        return HTMLResponse(page, headers=self._headers)


def poster_routes(desk: RatingDesk, pages: PosterPages) -> APIRouter:
    """`GET /agencies/{agency}/poster`; public, as what hangs on a wall is."""
    router = APIRouter(tags=["ratings"])
    answers: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/html": {}, "application/pdf": {}}}
    }

    @router.get("/agencies/{agency}/poster", response_class=Response, responses=answers)
    async def poster(
        request: Request,
        agency: Annotated[AgencyCode, InPath()],
        format: Annotated[Literal["html", "pdf"], Query()] = "html",
        size: Annotated[Literal["a4", "a5"], Query()] = "a4",
    ) -> Response:
        """The unit's poster; print it without scaling."""
        desk.gate.admit(request, PDF_COST if format == "pdf" else 1)
        must_be_offered(desk)
        try:
            name = (await desk.rating_of(agency)).agency.name
        except UnknownAgencyError as error:
            raise Problem(
                404, "No such agency", str(error), type="unknown-agency", agency=agency
            ) from error
        url = f"{desk.public_base_url}/rate?{urlencode({'agency': agency})}"
        if format == "html":
            return pages.html(name, url, size)
        said = {"agency_name": name, "url": url, "size": size, "qr": qr_code(url)}
        async with _ONE_AT_A_TIME:  # in a thread: other requests go on meanwhile
            laid_out = await asyncio.to_thread(
                typeset, DIRECTORY / "poster.typ", "poster", said, desk.clock.now()
            )
        headers = {"Content-Disposition": f'inline; filename="{agency}-{size}.pdf"'}
        return Response(laid_out, 200, headers, "application/pdf")

    return router
