"""A whole log over HTTP: NDJSON in, a verdict per line out, in chunks of a transaction each."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter, ValidationError

from services.intake.domain.life import Move, Verb
from services.intake.domain.refused import RefusedError
from services.intake.entrypoints.bodies import BulkLine, BulkMove, BulkSubmission
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.problems import problem_of
from services.intake.entrypoints.requests import (
    SUPERVISORS,
    actor_of,
    check_code,
    contact_of,
    documents_of,
    submission_of,
    trace_of_many,
)
from services.intake.usecases.import_bulk import Line, ReferredMove, Verdict
from services.intake.usecases.ports import MoveRequest
from services.intake.usecases.submit_dossiers import Taken
from shared.identity import Caller, Role, require
from shared.problems import Problem, invalid

CHUNK_LINES = 1_000
LONGEST_LINE_BYTES = 65_536
MOST_LINES = 200_000
"""The verdicts of one request wait in memory until it is read to its end."""
MEDIA_TYPE = "application/x-ndjson"

_LINE: TypeAdapter[BulkSubmission | BulkMove] = TypeAdapter(BulkLine)


def bulk_route(desk: Desk) -> APIRouter:
    """POST /bulk."""
    router = APIRouter(tags=["bulk"])

    @router.post(
        "/bulk",
        openapi_extra={
            "requestBody": {
                "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
                "required": True,
            }
        },
        responses={200: {"content": {MEDIA_TYPE: {}}}},
    )
    async def post_bulk(
        request: Request,
        caller: Annotated[Caller, Depends(require(Role.INTEGRATOR, Role.OPERATOR))],
    ) -> Response:
        """Take a log line by line; every 1,000 lines are kept together, a bad line harms no other.

        The answer begins when the request has been read: a client need not read while it writes.
        """
        verdicts: list[bytes] = []
        chunk: list[bytes | None] = []
        async for line in _lines(request):
            chunk.append(line)
            if len(chunk) == CHUNK_LINES:
                await _take(desk, caller, request, chunk, verdicts)
                chunk = []
        await _take(desk, caller, request, chunk, verdicts)
        return StreamingResponse(_stream(verdicts), media_type=MEDIA_TYPE)

    return router


async def _stream(verdicts: Sequence[bytes]) -> AsyncIterator[bytes]:
    for start in range(0, len(verdicts), CHUNK_LINES):
        yield b"".join(verdicts[start : start + CHUNK_LINES])


async def _lines(request: Request) -> AsyncIterator[bytes | None]:
    """The lines of a request as they come; None for one that is too long. Blank ones are skipped."""
    rest = b""
    is_too_long = False
    async for part in request.stream():
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            if is_too_long or len(line) > LONGEST_LINE_BYTES:
                is_too_long = False
                yield None
            elif line.strip():
                yield line
        if len(rest) > LONGEST_LINE_BYTES:
            is_too_long, rest = True, b""
    if is_too_long:
        yield None
    elif rest.strip():
        yield rest


async def _take(
    desk: Desk,
    caller: Caller,
    request: Request,
    chunk: Sequence[bytes | None],
    verdicts: list[bytes],
) -> None:
    """Take one chunk and note its verdicts."""
    if not chunk:
        return
    room = max(0, MOST_LINES - len(verdicts))
    lines = [_read(desk, caller, request, line) for line in chunk[:room]]
    over = [_too_many() for _ in range(len(chunk) - len(lines))]
    try:
        found: Sequence[Verdict] = await desk.import_lines(lines) if lines else []
    except Problem as problem:
        found = [problem] * len(lines)
    for number, verdict in enumerate([*found, *over], start=len(verdicts) + 1):
        verdicts.append(orjson.dumps(_shown(number, verdict), default=str) + b"\n")


def _too_many() -> Exception:
    return RefusedError("body", "line", f"a request has at most {MOST_LINES} lines")


def _read(desk: Desk, caller: Caller, request: Request, line: bytes | None) -> Line:
    """What a line asks for, or the problem it is."""
    if line is None:
        return RefusedError("line", "…", f"a line has at most {LONGEST_LINE_BYTES} bytes")
    try:
        body = _LINE.validate_json(line)
        if isinstance(body, BulkSubmission):
            return _submission(desk, caller, request, body)
        return _move(desk, caller, request, body)
    except ValidationError as error:
        return invalid([dict(fault) for fault in error.errors(include_url=False)])
    except Problem as problem:
        return problem


def _submission(desk: Desk, caller: Caller, request: Request, body: BulkSubmission) -> Line:
    if body.at is not None and body.received_at is not None:
        return RefusedError("received_at", body.received_at.isoformat(), "`at` says it already")
    agency = _agency(caller, body.agency)
    caller.must_act_for(agency)
    return submission_of(
        body,
        agency,
        actor_of(caller),
        desk.clock.now(),
        received_at=body.at or body.received_at,
        traceparent=trace_of_many(request),
    )


def _move(desk: Desk, caller: Caller, request: Request, body: BulkMove) -> Line:
    asked_at = desk.clock.now()
    move = Move(
        Verb(body.do),
        body.at or asked_at,
        reason=body.reason,
        legal_basis=body.legal_basis,
        is_by_supervisor=caller.role in SUPERVISORS,
        to_agency=body.to_agency,
    )
    asked = MoveRequest(
        body.code or "",
        move,
        actor_of(caller),
        asked_at,
        is_dated=body.at is not None,
        documents=documents_of(body.documents) or None,
        contact=contact_of(body.contact),
        traceparent=trace_of_many(request),
    )
    if (body.code is None) == (body.reference is None):
        return RefusedError("code", body.code, "a move names its dossier by code or by reference")
    if body.reference is not None:
        return ReferredMove(_agency(caller, body.agency), body.reference, asked)
    check_code(asked.code, desk.eras)
    return asked


def _agency(caller: Caller, given: str | None) -> str:
    agency = given or caller.agency
    if agency is None:
        raise problem_of(RefusedError("agency", None, "an operator says which agency is meant"))
    return agency


def _shown(number: int, verdict: Verdict) -> dict[str, Any]:
    if isinstance(verdict, Exception):
        return {"line": number, "ok": False, "problem": problem_of(verdict).body()}
    shown = {
        "line": number,
        "ok": True,
        "code": verdict.code,
        "state": verdict.state,
        "status": verdict.status,
    }
    if isinstance(verdict, Taken) and not verdict.is_new:
        shown["is_new"] = False
    return shown
