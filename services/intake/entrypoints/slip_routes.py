"""The forms of a dossier: which it has, each of them printed, and the words of Mẫu 04."""

import asyncio
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from services.intake.domain.forms import FormKind, Issue, era_on
from services.intake.entrypoints import layout
from services.intake.entrypoints.answers import FormIssued, FormsShown, PaperShown
from services.intake.entrypoints.bodies import ApologyBody
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.dossier_routes import check_may_see
from services.intake.entrypoints.layout import LookUp
from services.intake.entrypoints.negotiation import HTML, JSON, PDF, preferred
from services.intake.entrypoints.problems import problem_of
from services.intake.entrypoints.requests import actor_of, check_code
from services.intake.usecases.gather_form import Gathered, form_for, forms_of, gather
from services.intake.usecases.issue_apology import issue_apology
from services.intake.usecases.ports import Transaction
from services.intake.usecases.refusals import UnknownError
from shared.identity import BOUND_TO_AGENCY, Caller, Role, require

Counter = Annotated[Caller, Depends(require(*BOUND_TO_AGENCY))]
"""Forms name a person: they are for those who handle the dossier."""
HeadOfUnit = Annotated[Caller, Depends(require(Role.HEAD_OF_UNIT, Role.INTEGRATOR))]

PRIVATE = {"Vary": "Accept", "Cache-Control": "no-store"}
FORMATS = {"html": HTML, "pdf": PDF, "json": JSON}


def slip_routes(desk: Desk) -> APIRouter:
    """GET /dossiers/{code}/forms, GET /dossiers/{code}/forms/{form}, POST /dossiers/{code}/apology."""
    router = APIRouter(prefix="/dossiers/{code}", tags=["slips"])

    @router.get("/forms")
    async def get_forms(code: str, caller: Counter) -> FormsShown:
        """The forms this dossier has now, numbered as its era numbers them."""
        return _forms_shown(await load_gathered(desk, code, caller), desk)

    @router.get(
        "/forms/{form}",
        responses={200: {"model": PaperShown, "content": {HTML: {}, PDF: {}}}},
    )
    async def get_form(
        code: str,
        form: str,
        caller: Counter,
        request: Request,
        move: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
        format: Literal["html", "pdf", "json"] | None = None,
    ) -> Response:
        """One form by its number (`05`) or its kind (`control_sheet`): HTML that prints on A5, PDF or
        JSON, as `format` or Accept asks. A number of another era is refused (rule 26)."""
        gathered = await load_gathered(desk, code, caller)
        try:
            paper = form_for(gathered, form, move, desk.forms)
        except Exception as error:
            raise problem_of(error) from error
        look_up = look_up_of(desk, code, paper.form.kind)
        accept = request.headers.get("accept", "*/*")
        media = FORMATS[format] if format else preferred(accept, (HTML, PDF, JSON))
        if media == HTML:
            return HTMLResponse(layout.html(paper, look_up), headers=PRIVATE)
        if media == JSON:
            return Response(layout.shown(paper, look_up).model_dump_json(), 200, PRIVATE, JSON)
        name = f"{code}-mau-{paper.form.number}.pdf"
        headers = {**PRIVATE, "Content-Disposition": f'inline; filename="{name}"'}
        # In a thread: other requests go on meanwhile.
        return Response(await asyncio.to_thread(layout.pdf, paper, look_up), 200, headers, PDF)

    @router.post("/apology", status_code=201)
    async def post_apology(code: str, body: ApologyBody, caller: HeadOfUnit) -> FormsShown:
        """Give Mẫu 04 its reason and signer, once; its dates are those of the re-appointment."""
        check_code(code, desk.eras)

        async def issue(transaction: Transaction) -> Gathered:
            found = _seen(code, await gather(code, transaction), caller)
            caller.must_act_for(found.view.dossier.agency)
            at = desk.clock.now()
            await issue_apology(
                found, body.reason, body.signer, actor_of(caller), at, transaction, desk.forms
            )
            return _seen(code, await gather(code, transaction), caller)

        return _forms_shown(await desk.transact(issue), desk)

    return router


async def load_gathered(desk: Desk, code: str, caller: Caller) -> Gathered:
    """A dossier the caller may see, with what its forms need. Raises `Problem` 404, 403, 422."""
    check_code(code, desk.eras)
    found = await desk.transact(lambda transaction: gather(code, transaction))
    return _seen(code, found, caller)


def look_up_of(desk: Desk, code: str, kind: FormKind) -> LookUp:
    """What the QR code leads to. Phiếu kiểm soát stays with the offices: it opens nothing."""
    secret = None if kind is FormKind.CONTROL_SHEET else desk.secrets.of(code)
    asked = {"code": code} if secret is None else {"code": code, "secret": secret}
    return LookUp(f"{desk.public_base_url}/look-up?{urlencode(asked)}", secret)


def _seen(code: str, found: Gathered | None, caller: Caller) -> Gathered:
    if found is None:
        raise problem_of(UnknownError("dossier", code))
    check_may_see(found.view, caller)
    return found


def _forms_shown(gathered: Gathered, desk: Desk) -> FormsShown:
    code = gathered.view.dossier.code
    regulation = era_on(gathered.facts.received_at.date(), desk.forms.eras).regulation
    return FormsShown(
        code=code,
        regulation=regulation,
        forms=[_issued(code, issue, regulation) for issue in forms_of(gathered, desk.forms)],
    )


def _issued(code: str, issue: Issue, regulation: str) -> FormIssued:
    form = issue.form
    of_move = "" if issue.move is None else f"?move={issue.move}"
    return FormIssued(
        number=form.number,
        kind=form.kind,
        title_vi=form.title.vi,
        title_en=form.title.en,
        regulation=regulation,
        move=issue.move,
        url=f"/dossiers/{code}/forms/{form.number}{of_move}",
    )
