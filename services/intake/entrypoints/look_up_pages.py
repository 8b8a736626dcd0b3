"""The citizen's look-up: by code how far a dossier has come; with the slip's secret, when and why."""

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from services.intake.domain.life import Dossier, State
from services.intake.domain.papers import minute
from services.intake.domain.progress import NATIONAL_WORDS, VERB_WORDS, explained
from services.intake.domain.reckoned import reasons
from services.intake.entrypoints.answers import LookedUp, Progress, ReasonShown, StepShown
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.layout import words
from services.intake.entrypoints.negotiation import HTML, JSON, preferred
from services.intake.entrypoints.requests import check_code
from services.intake.usecases.gather_form import Gathered, gather
from services.intake.usecases.reckoned import steps_of
from shared.pages import CitizenPages
from shared.problems import Problem

TEMPLATES = Path(__file__).parent / "templates" / "citizens"
RATED_IN = frozenset({State.RESOLVED, State.RETURNED})
"""When a dossier has a result to rate."""
LONGEST_CODE, LONGEST_SECRET = 64, 64
LONGEST_FORM_BYTES = 4_096
MOST_FIELDS = 10
FORM_TYPE = "application/x-www-form-urlencoded"
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            FORM_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["code"],
                    "properties": {"code": {"type": "string"}, "secret": {"type": "string"}},
                }
            }
        },
    }
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": LookedUp | Progress, "content": {HTML: {}}}
}


class Asked(NamedTuple):
    """What was typed, or came with the QR code."""

    code: str
    secret: str


def look_up_routes(desk: Desk) -> APIRouter:
    """GET and POST /look-up."""
    router = APIRouter(tags=["look-up"])
    pages = CitizenPages(
        TEMPLATES, national_words=NATIONAL_WORDS, verb_words=VERB_WORDS, minute=minute
    )

    @router.get("/look-up", responses=ANSWERS)
    async def get_look_up(
        request: Request,
        code: str = "",
        secret: str = "",
    ) -> Response:
        """The form; what a QR code leads to where it brings `code` and `secret`."""
        if not code and not secret and _wanted(request) == HTML:
            return pages.show("look_up", code="", secret="", problem=None)
        return await _answer(request, Asked(code.strip(), secret.strip()), desk, pages)

    @router.post("/look-up", responses=ANSWERS, openapi_extra=FORM)
    async def post_look_up(request: Request) -> Response:
        """What was typed is sent in the body, where no log of addresses keeps it."""
        try:
            asked = await _typed(request)
        except Problem as problem:
            return _refused(request, Asked("", ""), problem, pages)
        return await _answer(request, asked, desk, pages)

    return router


async def _answer(request: Request, asked: Asked, desk: Desk, pages: CitizenPages) -> Response:
    try:
        desk.gate.admit(request)
        found = await _looked_up(asked, desk)
    except Problem as problem:
        return _refused(request, asked, problem, pages)
    if _wanted(request) == JSON:
        headers = {"Cache-Control": "no-store", "Vary": "Accept"}
        return Response(found.model_dump_json(), 200, headers, JSON)
    return pages.show("looked_up", found=found, is_opened=isinstance(found, LookedUp))


async def _looked_up(asked: Asked, desk: Desk) -> BaseModel:
    """Raises `Problem` 404 or 422. A wrong secret is refused before any look into the database: what
    is not yours and what is not there are answered alike, and as fast."""
    _check_lengths(asked)
    code = check_code(asked.code.upper(), desk.eras)  # people type as they like
    if asked.secret:
        if not desk.secrets.matches(code, asked.secret):
            raise not_found()
        gathered = await desk.transact(lambda transaction: gather(code, transaction))
        if gathered is None:
            raise not_found()
        return looked_up(gathered, desk, asked.secret)
    status = await desk.transact(lambda transaction: transaction.dossiers.find_status(code))
    if status is None:
        raise not_found()
    return Progress(code=code, status=status)


def looked_up(gathered: Gathered, desk: Desk, secret: str) -> LookedUp:
    """The dossier for whoever holds its slip: no name, address or document of it."""
    dossier, facts, promise = gathered.view.dossier, gathered.facts, gathered.view.promise
    steps = steps_of(None if promise is None else promise.steps)
    return LookedUp(
        code=dossier.code,
        status=dossier.status,
        agency_name=facts.agency_name,
        handling_agency_name=facts.moves[-1].agency_name,
        procedure_name=facts.procedure_name,
        received_at=facts.received_at,
        is_appointment_known=facts.kept.is_known,
        appointment_at=facts.kept.appointment_at,
        original_appointment_at=None if facts.reappointed is None else facts.reappointed[0],
        explanation=[words(said) for said in explained(facts, promise)],
        reasons=[
            ReasonShown(
                rule=one.rule,
                says=words(one.says),
                source=None if one.source is None else words(one.source),
            )
            for one in reasons(steps, desk.sentences)
        ],
        rating_url=rating_url(dossier, desk, secret),
        steps=[
            StepShown(verb=move.verb, agency_name=move.agency_name, at=move.at)
            for move in facts.moves
        ],
    )


def rating_url(dossier: Dossier, desk: Desk, secret: str) -> str | None:
    """Feedback's page for who holds a slip, filled in; None until there is a result to rate."""
    if not desk.rating_base_url or dossier.state not in RATED_IN:
        return None
    asked = {"agency": dossier.agency, "dossier": dossier.code, "secret": secret}
    return f"{desk.rating_base_url}/rate?{urlencode(asked)}"


def not_found() -> Problem:
    """The one answer to a wrong secret and to a dossier that is not there. It names neither."""
    return Problem(
        404, "Not found", "no dossier with this code, or the secret is not its own", type="unknown"
    )


def _refused(request: Request, asked: Asked, problem: Problem, pages: CitizenPages) -> Response:
    """The form as it was filled in, with what was wrong; JSON where Accept asks for it."""
    if _wanted(request) == JSON:
        raise problem
    page = pages.show(
        "look_up", problem.status, code=asked.code, secret=asked.secret, problem=problem
    )
    page.headers.update(problem.headers)
    return page


def _wanted(request: Request) -> str:
    return preferred(request.headers.get("accept", "*/*"), (HTML, JSON))


async def _typed(request: Request) -> Asked:
    """The form's fields. Raises `Problem` 400, 413 or 415."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM_TYPE:
        detail = f"content-type is {content_type[:100]!r}; {FORM_TYPE} is asked"
        raise Problem(415, "Send a form", detail, type="unsupported-media-type")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LONGEST_FORM_BYTES:
            detail = f"at most {LONGEST_FORM_BYTES} bytes are read"
            raise Problem(413, "The body is too long", detail, type="too-long")
    try:
        fields = parse_qs(raw.decode(), max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Problem(400, "The body is not a form", str(error), type="malformed-form") from error
    return Asked(*(fields.get(name, [""])[-1].strip() for name in Asked._fields))


def _check_lengths(asked: Asked) -> None:
    """Raises `Problem` 422."""
    for name, most in (("code", LONGEST_CODE), ("secret", LONGEST_SECRET)):
        if len(getattr(asked, name)) > most:
            rule = f"at most {most} characters"
            raise Problem(422, "Too long", f"{name}: {rule}", type="refused", field=name, rule=rule)
