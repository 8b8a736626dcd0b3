"""Agencies, their pledges, and procedures over HTTP."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from services.intake.domain.agencies import Agency
from services.intake.domain.pledges import LadderRung, Pledge, Shift
from services.intake.domain.procedures import Limit, Procedure
from services.intake.domain.refused import RefusedError
from services.intake.entrypoints.answers import (
    AgencyShown,
    AgencyWithPledges,
    LimitShown,
    LineRefused,
    PledgeRegistered,
    PledgeShown,
    ProcedureShown,
    ProceduresImported,
)
from services.intake.entrypoints.bodies import (
    AgencyBody,
    LadderRungBody,
    PledgeBody,
    ProcedureBody,
    ShiftBody,
)
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.problems import problem_of
from services.intake.entrypoints.requests import actor_of
from services.intake.usecases.import_procedures import NATIONAL_LIST_FROM, import_procedures
from services.intake.usecases.ports import Transaction
from services.intake.usecases.refusals import UnknownError
from services.intake.usecases.register_agency import register_agency
from services.intake.usecases.register_pledge import register_pledge
from services.intake.usecases.register_procedures import register_procedures
from shared.events.base import AgencyCode, ProcedureCode
from shared.identity import Caller, Role, require

LARGEST_LIST_BYTES = 50_000_000

Operator = Annotated[Caller, Depends(require(Role.OPERATOR))]
Anybody = Annotated[Caller, Depends(require(*Role))]


def agency_routes(desk: Desk) -> APIRouter:
    """PUT and GET of agencies, POST of pledges."""
    router = APIRouter(tags=["agencies"])

    @router.put("/agencies/{agency}")
    async def put_agency(agency: AgencyCode, body: AgencyBody, caller: Operator) -> AgencyShown:
        """Register an agency, or a change of it."""
        wanted = Agency(
            agency,
            0,
            body.name,
            body.valid_from,
            body.valid_to,
            body.successor,
            body.time_zone,
            body.calendar,
        )
        now = desk.clock.now()
        kept = await desk.transact(lambda t: register_agency(wanted, actor_of(caller), t, now))
        desk.directory.forget()
        return _agency_shown(kept)

    @router.post("/agencies/{agency}/pledges", status_code=201)
    async def post_pledge(
        agency: AgencyCode,
        body: PledgeBody,
        caller: Annotated[Caller, Depends(require(Role.HEAD_OF_UNIT, Role.OPERATOR))],
    ) -> PledgeRegistered:
        """Register what the agency pledges; a pledge laxer than the rules is refused."""
        caller.must_act_for(agency)
        wanted, now = _pledge(body), desk.clock.now()
        pledge = await desk.transact(
            lambda t: register_pledge(
                agency, wanted, dict(body.additions), actor_of(caller), t, desk.floors, now
            )
        )
        return PledgeRegistered(version=pledge.version)

    @router.get("/agencies")
    async def get_agencies(caller: Anybody) -> list[AgencyShown]:
        """Every agency, by code."""
        agencies = await desk.transact(lambda t: t.registry.load_agencies(None))
        return [_agency_shown(agency) for agency in agencies.values()]

    @router.get("/agencies/{agency}")
    async def get_agency(agency: AgencyCode, caller: Anybody) -> AgencyWithPledges:
        """One agency with its pledges."""

        async def load(transaction: Transaction) -> AgencyWithPledges:
            found = (await transaction.registry.load_agencies([agency])).get(agency)
            if found is None:
                raise UnknownError("agency", agency)
            pledges = await transaction.registry.load_pledges(agency)
            shown = [_pledge_shown(pledge, additions) for pledge, additions in pledges]
            return AgencyWithPledges(**_agency_shown(found).model_dump(), pledges=shown)

        return await desk.transact(load)

    return router


def procedure_routes(desk: Desk) -> APIRouter:
    """PUT, GET and import of procedures."""
    router = APIRouter(tags=["procedures"])

    @router.put("/procedures/{procedure}")
    async def put_procedure(
        procedure: ProcedureCode, body: ProcedureBody, caller: Operator
    ) -> ProcedureShown:
        """Register a procedure with every limit it has had."""
        limits = tuple(Limit(**limit.model_dump()) for limit in body.limits)
        wanted, now = Procedure(procedure, 0, body.name, limits), desk.clock.now()
        (kept,) = await desk.transact(
            lambda t: register_procedures([wanted], actor_of(caller), t, now)
        )
        desk.directory.forget()
        return _procedure_shown(kept)

    @router.post(
        "/procedures/import",
        openapi_extra={
            "requestBody": {
                "content": {"text/csv": {"schema": {"type": "string"}}},
                "required": True,
            }
        },
    )
    async def post_procedures(
        request: Request,
        caller: Operator,
        valid_from: Annotated[date, Query()] = NATIONAL_LIST_FROM,
    ) -> ProceduresImported:
        """Import the national list (CSV, UTF-8); what cannot be read is refused line by line."""
        text = await _text(request)
        now = desk.clock.now()
        imported, refused = await desk.transact(
            lambda t: import_procedures(text, valid_from, actor_of(caller), t, now)
        )
        desk.directory.forget()
        lines = [
            LineRefused(line=one.line, field=one.field, value=one.value, rule=one.rule)
            for one in refused
        ]
        return ProceduresImported(imported=imported, refused=lines)

    @router.get("/procedures/{procedure}")
    async def get_procedure(procedure: ProcedureCode, caller: Anybody) -> ProcedureShown:
        """One procedure with its limits."""
        found = await desk.transact(lambda t: t.registry.load_procedures([procedure]))
        if procedure not in found:
            raise problem_of(UnknownError("procedure", procedure))
        return _procedure_shown(found[procedure])

    return router


async def _text(request: Request) -> str:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_LIST_BYTES:
            raise problem_of(
                RefusedError("body", len(body), f"a list has at most {LARGEST_LIST_BYTES} bytes")
            )
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise problem_of(
            RefusedError("body", f"byte {error.start}", "a list is UTF-8 text")
        ) from error
    if "\0" in text:
        raise problem_of(RefusedError("body", "\\0", "a list is text, without NUL"))
    return text


def _agency_shown(agency: Agency) -> AgencyShown:
    return AgencyShown(
        agency=agency.code,
        revision=agency.revision,
        name=agency.name,
        valid_from=agency.valid_from,
        valid_to=agency.valid_to,
        successor=agency.successor,
        time_zone=agency.time_zone,
        calendar=agency.calendar,
    )


def _pledge(body: PledgeBody) -> Pledge:
    return Pledge(
        version=0,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        hours={
            weekday: tuple(Shift(shift.opens, shift.closes) for shift in shifts)
            for weekday, shifts in body.hours.items()
        },
        same_day=body.same_day,
        congratulates=body.congratulates,
        keeps_friday=body.keeps_friday,
        forwards=body.forwards,
        xin=body.xin,
        luon=body.luon,
        khong=body.khong,
        ladder=tuple(LadderRung(**dict(rung)) for rung in body.ladder),
    )


def _pledge_shown(pledge: Pledge, additions: dict[str, str]) -> PledgeShown:
    return PledgeShown(
        version=pledge.version,
        valid_from=pledge.valid_from,
        valid_to=pledge.valid_to,
        hours={
            weekday: tuple(ShiftBody(opens=shift.opens, closes=shift.closes) for shift in shifts)
            for weekday, shifts in pledge.hours.items()
        },
        same_day=pledge.same_day,
        congratulates=pledge.congratulates,
        keeps_friday=pledge.keeps_friday,
        forwards=pledge.forwards,
        xin=pledge.xin,
        luon=pledge.luon,
        khong=pledge.khong,
        ladder=tuple(LadderRungBody(**asdict(rung)) for rung in pledge.ladder),
        additions=additions,
    )


def _procedure_shown(procedure: Procedure) -> ProcedureShown:
    return ProcedureShown(
        procedure=procedure.code,
        revision=procedure.revision,
        name=procedure.name,
        limits=[
            LimitShown(
                valid_from=limit.valid_from,
                valid_to=limit.valid_to,
                kind=limit.kind,
                amount=limit.amount,
                leg_hours=limit.leg_hours,
                regime=limit.regime,
            )
            for limit in procedure.limits
        ],
    )
