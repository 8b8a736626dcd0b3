"""Dossiers over HTTP: submission, every move, and what can be seen of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from services.intake.domain.life import Move, State, Verb
from services.intake.domain.promises import Promise
from services.intake.entrypoints.answers import (
    ApplicantShown,
    DocumentShown,
    DossierMoved,
    DossierShown,
    DossierTaken,
    MoveShown,
    NoticeShown,
    Progress,
    PromiseShown,
)
from services.intake.entrypoints.bodies import (
    ContactBody,
    MoveBody,
    ReasonBody,
    SubmissionBody,
    SupplementRequestBody,
    TransferBody,
)
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.problems import problem_of
from services.intake.entrypoints.quick_route import quick_route
from services.intake.entrypoints.requests import (
    SUPERVISORS,
    actor_of,
    check_code,
    check_dated,
    contact_of,
    documents_of,
    key_of,
    seconds_to_wait,
    submission_of,
    traceparent_of,
)
from services.intake.usecases.ports import Applicant, Document, DossierView, KeptMove, MoveRequest
from services.intake.usecases.refusals import UnknownError
from shared import tracing
from shared.identity import BOUND_TO_AGENCY, Caller, Role, require

authorise_counter = require(Role.OFFICER, Role.HEAD_OF_UNIT, Role.INTEGRATOR)
Counter = Annotated[Caller, Depends(authorise_counter)]
Reader = Annotated[Caller, Depends(require(*Role))]


def submission_route(desk: Desk) -> APIRouter:
    """POST /dossiers."""
    router = APIRouter(
        tags=["dossiers"], route_class=quick_route(SubmissionBody, authorise_counter)
    )

    @router.post("/dossiers", status_code=201, responses={201: {"model": DossierTaken}})
    async def post_dossier(body: SubmissionBody, caller: Counter, request: Request) -> Response:
        """Take a dossier; answers when it is kept, with `Prefer: wait=N` when its appointment is."""
        caller.must_act_for(body.agency)
        check_dated(caller, "received_at", body.received_at)
        submission = submission_of(
            body,
            body.agency,
            actor_of(caller),
            desk.clock.now(),
            received_at=body.received_at,
            key=await key_of(request, caller),
            traceparent=traceparent_of(request),
        )
        taken = await desk.submit(submission)
        tracing.about(taken.code)
        promise, headers = await _promised(
            desk, request, taken.code, taken.state, is_new=taken.is_new
        )
        answer = {
            "code": taken.code,
            "state": taken.state,
            "status": taken.status,
            "received_at": taken.received_at,
            **_due(promise),
        }
        headers["Location"] = f"/dossiers/{taken.code}"
        return _json(answer, 201, headers)

    return router


def move_routes(desk: Desk) -> APIRouter:
    """One POST per move; all go through the same machinery."""
    router = APIRouter(prefix="/dossiers/{code}", tags=["moves"])
    responses: dict[int | str, dict[str, Any]] = {200: {"model": DossierMoved}}

    async def make(
        code: str,
        caller: Caller,
        request: Request,
        verb: Verb,
        at: datetime | None,
        documents: Sequence[Document] | None = None,
        contact: ContactBody | None = None,
        **details: str | None,
    ) -> Response:
        check_code(code, desk.eras)
        check_dated(caller, "at", at)
        asked_at = desk.clock.now()
        is_by_supervisor = caller.role in SUPERVISORS
        moved = await desk.move(
            MoveRequest(
                code,
                Move(verb, at or asked_at, is_by_supervisor=is_by_supervisor, **details),
                actor_of(caller),
                asked_at,
                is_dated=at is not None,
                documents=documents,
                contact=contact_of(contact),
                key=await key_of(request, caller),
                traceparent=traceparent_of(request),
            )
        )
        promise, headers = await _promised(desk, request, code, moved.state, is_new=False)
        answer = {
            "code": moved.code,
            "state": moved.state,
            "status": moved.status,
            "agency": moved.agency,
            "moved_at": moved.moved_at,
            **_due(promise),
        }
        return _json(answer, 200, headers)

    @router.post("/supplement-requests", responses=responses)
    async def post_supplement_request(
        code: str, body: SupplementRequestBody, caller: Counter, request: Request
    ) -> Response:
        """Ask the citizen for more, once, in writing (Mẫu 02)."""
        # fmt: off
        return await make(
            code, caller, request, Verb.REQUEST_SUPPLEMENT, body.at, documents_of(body.documents),
            body.contact, reason=body.reason, legal_basis=body.legal_basis,
        )
        # fmt: on

    @router.post("/transfers", responses=responses)
    async def post_transfer(
        code: str, body: TransferBody, caller: Counter, request: Request
    ) -> Response:
        """Hand the dossier to another agency."""
        return await make(code, caller, request, Verb.TRANSFER, body.at, to_agency=body.to_agency)

    def with_reason(path: str, verb: Verb, summary: str) -> None:
        @router.post(path, responses=responses, summary=summary, name=verb)
        async def post_move(
            code: str, body: ReasonBody, caller: Counter, request: Request
        ) -> Response:
            return await make(
                code, caller, request, verb, body.at, contact=body.contact, reason=body.reason
            )

    def plain(path: str, verb: Verb, summary: str) -> None:
        @router.post(path, responses=responses, summary=summary, name=verb)
        async def post_move(
            code: str, caller: Counter, request: Request, body: MoveBody | None = None
        ) -> Response:
            return await make(code, caller, request, verb, body.at if body else None)

    with_reason("/refusal", Verb.REFUSE, "Refuse the dossier, with the reason (Mẫu 03)")
    with_reason("/stop", Verb.STOP, "Stop working on it, with the reason")
    plain("/supplements", Verb.SUPPLEMENT, "The citizen has brought what was asked for")
    plain("/acceptance", Verb.ACCEPT, "Accept the dossier: its clock starts (Mẫu 01)")
    plain("/forwarding", Verb.FORWARD, "The counter hands it to the department that works on it")
    plain("/resolution", Verb.RESOLVE, "The result is ready")
    plain("/return", Verb.RETURN, "The citizen has the result")
    plain("/withdrawal", Verb.WITHDRAW, "The citizen takes the dossier back")
    return router


def reading_routes(desk: Desk) -> APIRouter:
    """GET of one dossier, and how far it has come for anybody who has its code."""
    router = APIRouter(prefix="/dossiers/{code}", tags=["dossiers"])

    @router.get("")
    async def get_dossier(code: str, caller: Reader) -> DossierShown:
        """All that is known of a dossier; personal data only for those who handle it."""
        return dossier_shown(await load_view(desk, code, caller), caller)

    @router.get("/progress")
    async def get_progress(code: str, request: Request) -> Progress:
        """How far a dossier has come: nothing but its code and national status."""
        desk.gate.admit(request)
        check_code(code, desk.eras)
        status = await desk.transact(lambda transaction: transaction.dossiers.find_status(code))
        if status is None:
            raise problem_of(UnknownError("dossier", code))
        return Progress(code=code, status=status)

    return router


async def load_view(desk: Desk, code: str, caller: Caller) -> DossierView:
    """A dossier the caller may see: the agencies it went through, inspectors, operators.

    Raises `Problem` 404, 403, or 422 for what is no code.
    """
    check_code(code, desk.eras)
    view = await desk.transact(lambda transaction: transaction.dossiers.view(code))
    if view is None:
        raise problem_of(UnknownError("dossier", code))
    check_may_see(view, caller)
    return view


def check_may_see(view: DossierView, caller: Caller) -> None:
    """The agencies it went through, inspectors, operators. Raises `Problem` 403."""
    dossier = view.dossier
    through = {dossier.receiving_agency, dossier.agency, *(move.agency for move in view.moves)}
    if not any(caller.may_act_for(agency) for agency in through):
        caller.must_act_for(dossier.agency)


def dossier_shown(view: DossierView, caller: Caller) -> DossierShown:
    """The dossier as JSON. Inspectors and operators see the case, not the person."""
    dossier = view.dossier
    return DossierShown(
        code=dossier.code,
        state=dossier.state,
        status=dossier.status,
        procedure=dossier.procedure,
        procedure_name=view.procedure_name,
        channel=dossier.channel,
        agency=dossier.agency,
        receiving_agency=dossier.receiving_agency,
        receiving_agency_name=view.agency_name,
        resolving_agency=dossier.resolving_agency,
        successor=dossier.successor,
        received_at=dossier.received_at,
        complete_at=dossier.complete_at,
        accepted_at=dossier.accepted_at,
        language=view.language,
        reference=view.reference,
        sets=view.sets,
        return_by=view.return_by,
        documents=documents_shown(view.documents),
        applicant=applicant_shown(view.applicant) if caller.role in BOUND_TO_AGENCY else None,
        promise=None if view.promise is None else _promise_shown(view.promise),
        notices=[NoticeShown(notice=notice, sent_at=sent_at) for notice, sent_at in view.notices],
        moves=[_move_shown(move) for move in view.moves],
    )


async def _promised(
    desk: Desk, request: Request, code: str, state: str, *, is_new: bool
) -> tuple[Promise | None, dict[str, str]]:
    """The promise, waited for where asked and where there will be one; and the headers saying so."""
    seconds = seconds_to_wait(request)
    if seconds is None or state != State.ACCEPTED:
        return None, {}
    with tracing.measured("wait for the appointment") as noted:
        promise = await desk.waiting_room.wait(code, seconds, is_new=is_new)
        noted["thanthien.is_set"] = promise is not None
    return promise, {} if promise is None else {"Preference-Applied": "wait"}


def _due(promise: Promise | None) -> dict[str, datetime | None]:
    return {
        "appointment_at": promise.appointment_at if promise else None,
        "legal_due": promise.legal_due if promise else None,
        "pledge_due": promise.pledge_due if promise else None,
    }


def _json(answer: dict[str, Any], status: int, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(answer), status, headers, "application/json")


def applicant_shown(applicant: Applicant) -> ApplicantShown:
    """The applicant as JSON; for those who handle the dossier."""
    return ApplicantShown(
        name=applicant.name,
        address=applicant.address,
        phone=applicant.phone,
        email=applicant.email,
    )


def documents_shown(documents: Sequence[Document]) -> list[DocumentShown]:
    """Documents as JSON."""
    return [
        DocumentShown(
            name=document.name,
            copies=document.copies,
            originals=document.originals,
            certified=document.certified,
        )
        for document in documents
    ]


def _promise_shown(promise: Promise) -> PromiseShown:
    return PromiseShown(
        generation=promise.generation,
        appointment_at=promise.appointment_at,
        legal_due=promise.legal_due,
        pledge_due=promise.pledge_due,
        clock=promise.clock,
        is_at_risk=promise.is_at_risk,
        is_pledge_missed=promise.is_pledge_missed,
        is_breached=promise.is_breached,
        is_out_of_sync=promise.is_out_of_sync,
        is_early=promise.is_early,
    )


def _move_shown(move: KeptMove) -> MoveShown:
    return MoveShown(
        number=move.number,
        verb=move.verb,
        from_state=move.from_state,
        to_state=move.to_state,
        agency=move.agency,
        happened_at=move.happened_at,
        recorded_at=move.recorded_at,
        reason=move.reason,
        legal_basis=move.legal_basis,
        documents=None if move.documents is None else documents_shown(move.documents),
        contact=None
        if move.contact is None
        else ContactBody(name=move.contact.name, phone=move.contact.phone),
        actor=move.actor.subject,
        role=move.actor.role,
        actor_agency=move.actor.agency,
    )
