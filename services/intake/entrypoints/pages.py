"""The slips a citizen is handed: Mẫu 01, on paper and as data."""

import io
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import segno
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.intake.entrypoints.bodies import Mau01, PartyShown
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.dossier_routes import applicant_shown, documents_shown, load_view
from services.intake.usecases.ports import DossierView
from shared.identity import Caller, Role, require
from shared.problems import Problem

TEMPLATES = Path(__file__).parent / "templates"
FORM = "Mẫu 01"
"""Giấy tiếp nhận hồ sơ và hẹn trả kết quả: number 01 in TT 01/2018 and in TT 03/2025."""

Counter = Annotated[Caller, Depends(require(Role.OFFICER, Role.HEAD_OF_UNIT, Role.INTEGRATOR))]


def page_routes(desk: Desk) -> APIRouter:
    """GET /dossiers/{code}/mau-01."""
    router = APIRouter(prefix="/dossiers/{code}", tags=["slips"])
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["minute"] = in_words
    template = environment.get_template("mau_01.html")

    @router.get(
        "/mau-01",
        responses={200: {"model": Mau01, "content": {"text/html": {}}}},
    )
    async def get_mau_01(code: str, caller: Counter, request: Request) -> Response:
        """The slip of receipt and appointment; HTML to print, JSON where Accept asks for it."""
        view = await load_view(desk, code, caller)
        progress = f"{desk.public_base_url}/dossiers/{code}/progress"
        slip = mau_01(view, progress)
        headers = {"Vary": "Accept", "Cache-Control": "no-store"}
        if wants_html(request.headers.get("accept", "*/*")):
            page = template.render(slip=slip, qr=qr_code(progress))
            return HTMLResponse(page, headers=headers)
        return Response(slip.model_dump_json(), 200, headers, "application/json")

    return router


def mau_01(view: DossierView, progress_url: str) -> Mau01:
    """The slip of an accepted dossier, in the agency's local time. Raises `Problem` 409."""
    dossier, zone = view.dossier, ZoneInfo(view.time_zone)
    if dossier.accepted_at is None:
        raise Problem(
            409,
            "Not accepted",
            f"{dossier.code} is {dossier.state}: {FORM} is the slip of an accepted dossier",
            type="not-accepted",
            code=dossier.code,
            state=dossier.state,
        )
    appointment_at = view.promise.appointment_at if view.promise else None
    return Mau01(
        form=FORM,
        code=dossier.code,
        agency=PartyShown(code=dossier.receiving_agency, name=view.agency_name),
        procedure=PartyShown(code=dossier.procedure, name=view.procedure_name),
        applicant=applicant_shown(view.applicant),
        documents=documents_shown(view.documents),
        channel=dossier.channel,
        received_at=dossier.received_at.astimezone(zone),
        return_at=None if appointment_at is None else appointment_at.astimezone(zone),
        is_appointment_known=view.promise is not None,
        progress_url=progress_url,
    )


def wants_html(accept: str) -> bool:
    """Whether HTML is preferred: always, unless JSON is asked for and HTML is not, or less."""
    weights = dict(_weight(part) for part in accept.split(","))
    json = weights.get("application/json", 0.0)
    html = max(weights.get("text/html", 0.0), weights.get("*/*", 0.0) if json == 0 else 0.0)
    return html >= json


def _weight(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media, float(value)
            except ValueError:
                return media, 0.0
    return media, 1.0


def in_words(instant: datetime, language: str) -> str:
    """An instant as the form has it: hour, minute, date."""
    if language == "vi":
        return f"{instant:%H} giờ {instant:%M} phút, ngày {instant:%d/%m/%Y}"
    return f"{instant:%H:%M, %d %B %Y}"


def qr_code(text: str) -> str:
    """An inline SVG, as large as its style says."""
    drawn = io.BytesIO()
    code: Any = segno.make(text, error="m")
    code.save(drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=1)
    return drawn.getvalue().decode()
