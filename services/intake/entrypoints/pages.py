"""Mẫu 01 under its own address, on paper and as data; every other form is in slip_routes."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from services.intake.domain.forms import FormKind
from services.intake.entrypoints import layout
from services.intake.entrypoints.answers import Mau01, PartyShown
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.dossier_routes import applicant_shown, documents_shown
from services.intake.entrypoints.layout import LookUp
from services.intake.entrypoints.negotiation import HTML, JSON, preferred
from services.intake.entrypoints.slip_routes import PRIVATE, load_gathered, look_up_of
from services.intake.usecases.gather_form import form_for
from services.intake.usecases.ports import DossierView
from shared.identity import Caller, Role, require
from shared.problems import Problem

FORM = "Mẫu 01"
"""Giấy tiếp nhận hồ sơ và hẹn trả kết quả: number 01 in TT 01/2018 and in TT 03/2025."""

Counter = Annotated[Caller, Depends(require(Role.OFFICER, Role.HEAD_OF_UNIT, Role.INTEGRATOR))]


def page_routes(desk: Desk) -> APIRouter:
    """GET /dossiers/{code}/mau-01."""
    router = APIRouter(prefix="/dossiers/{code}", tags=["slips"])

    @router.get(
        "/mau-01",
        responses={200: {"model": Mau01, "content": {"text/html": {}}}},
    )
    async def get_mau_01(code: str, caller: Counter, request: Request) -> Response:
        """The slip of receipt and appointment; HTML to print, JSON where Accept asks for it."""
        gathered = await load_gathered(desk, code, caller)
        look_up = look_up_of(desk, code, FormKind.RECEIPT)
        slip = mau_01(gathered.view, look_up)
        if preferred(request.headers.get("accept", "*/*"), (HTML, JSON)) == HTML:
            paper = form_for(gathered, FormKind.RECEIPT.value, None, desk.forms)
            return HTMLResponse(layout.html(paper, look_up), headers=PRIVATE)
        return Response(slip.model_dump_json(), 200, PRIVATE, JSON)

    return router


def mau_01(view: DossierView, look_up: LookUp) -> Mau01:
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
        look_up_url=look_up.url,
        look_up_secret=look_up.secret,
    )
