"""What the routes of ratings share: their parts, the forms they read, and how they refuse."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from services.feedback.domain.ratings import (
    AlreadyRatedError,
    Invitation,
    InvitationExpiredError,
    NotReadyError,
    RatingRefusedError,
)
from services.feedback.entrypoints.bodies import (
    Body,
    BodyRefusedError,
    RatingBody,
    is_form,
    read_body,
)
from services.feedback.entrypoints.metrics import GIVEN, RATINGS, count_refused_rating
from services.feedback.entrypoints.rating_words import rating_line
from services.feedback.entrypoints.rendering import Pages
from services.feedback.usecases.give_rating import UnknownLinkError
from services.feedback.usecases.list_notices import UnknownDossierError
from services.feedback.usecases.ports import Begin, Draw
from services.feedback.usecases.show_rating import AgencyRating, show_rating
from shared.clock import Clock
from shared.gate import Gate
from shared.problems import Problem
from shared.slip_secrets import SlipSecrets

UNSEEN = frozenset({429, 503})
"""Refused before a look into the database: the form comes back with what was typed and nothing of ours."""

Asked = TypeVar("Asked", bound=Body)
RatingAsked = TypeVar("RatingAsked", bound=RatingBody)
Refusal = UnknownLinkError | UnknownDossierError | RatingRefusedError


@dataclass(frozen=True, slots=True)
class RatingDesk:
    """What the routes of ratings need."""

    begin: Begin
    clock: Clock
    pages: Pages
    gate: Gate
    slips: SlipSecrets
    """Checks the look-up codes of slips. Without a key nobody rates at the counter."""
    draw: Draw
    rating_days: int
    public_base_url: str

    async def rating_of(self, agency: str) -> AgencyRating:
        """Raises `UnknownAgencyError`."""
        async with self.begin() as books:
            return await show_rating(agency, books, self.clock.now())


async def read_gated(request: Request, asked: type[Asked], gate: Gate) -> Asked:
    """The body as `asked`, counted at the gate whatever it is worth: nobody asks for free with a broken one.

    Raises `BodyRefusedError` with what was typed.
    """
    try:
        body = await read_body(request, asked)
    except BodyRefusedError as refused:
        _admit(request, gate, refused.fields)
        raise
    _admit(request, gate, body.model_dump(exclude_none=True))
    return body


def _admit(request: Request, gate: Gate, fields: dict[str, Any]) -> None:
    try:
        gate.admit(request)
    except Problem as problem:
        raise BodyRefusedError(problem, fields) from problem


async def rate_at(
    desk: RatingDesk,
    request: Request,
    asked: type[RatingAsked],
    give: Callable[[RatingAsked], Awaitable[Invitation]],
    form_again: Callable[[BodyRefusedError], Awaitable[Response]],
) -> Response:
    """Read what was sent, `give` it, and thank. What is refused is counted; JSON is answered with JSON, the
    page's form with the form again, or with a page that says why."""
    try:
        body = await read_gated(request, asked, desk.gate)
        return await thank(request, desk, await give(body), body)
    except BodyRefusedError as refused:
        count_refused_rating(refused.problem.status)
        if not is_form(request):
            raise refused.problem from refused
        return await form_again(refused)
    except Problem as problem:
        count_refused_rating(problem.status)
        if not is_form(request):
            raise
        return await show_refused(desk, problem)


async def thank(
    request: Request, desk: RatingDesk, invitation: Invitation, body: RatingBody
) -> Response:
    """What was given and, on the page, what the unit's stars are now."""
    RATINGS.labels(GIVEN).inc()
    stars = body.model_dump(include=set(RatingBody.model_fields), exclude_none=True)
    if not is_form(request):
        return JSONResponse(
            {"dossier": invitation.dossier, "agency": invitation.agency, **stars}, 201
        )
    rating = await desk.rating_of(invitation.agency)
    return desk.pages.show("rated", 201, stars=stars, rating=rating, line=_line(rating))


async def show_refused(desk: RatingDesk, problem: Problem) -> HTMLResponse:
    """A problem in a citizen's words. Who comes after another sees when, through which door, and what to do."""
    error = problem.__cause__
    if not isinstance(error, AlreadyRatedError):
        return desk.pages.show_problem(problem)
    rating = await desk.rating_of(error.invitation.agency)
    return desk.pages.show(
        "already_rated",
        problem.status,
        invitation=error.invitation,
        used_at=error.used_at.astimezone(rating.agency.time_zone),
        rating=rating,
        line=_line(rating),
    )


def shown_of(rating: AgencyRating | None) -> Mapping[str, Any]:
    """A unit's name and stars for a page; nothing where none was looked up."""
    return {"rating": rating, "line": None if rating is None else _line(rating)}


def faults_of(problem: Problem | None) -> dict[str, Any]:
    """What is wrong with a form, by field."""
    if problem is None:
        return {}
    return {fault["field"]: fault for fault in problem.extensions.get("errors", ())}


def problem_of(error: Refusal) -> Problem:
    """What a rating is refused with: 404, 409, 410 or 422."""
    detail = str(error)
    match error:
        case AlreadyRatedError():
            door = "counter" if error.invitation.is_used_at_counter else "link"
            more = {"rated_at": error.used_at.isoformat(), "through": door}
            return Problem(409, "Rated already", detail, type="already-rated", **more)
        case InvitationExpiredError():
            return Problem(410, "The link has expired", detail, type="link-expired")
        case NotReadyError():
            return Problem(409, "No result yet", detail, type="not-ready")
        case RatingRefusedError():
            return Problem(422, "The rating is not as asked", detail, type="invalid-request")
        case UnknownDossierError():
            return not_yours()
        case _:
            return Problem(404, "No such link", detail, type="unknown-link")


def not_yours() -> Problem:
    """The one answer to a wrong look-up code and to a dossier that is not there. It names neither."""
    return Problem(
        404,
        "Not found",
        "no dossier with this code, or the look-up code is not its own",
        type="not-your-dossier",
    )


def _line(rating: AgencyRating) -> Any:
    return rating_line(rating.tally, rating.rules)
