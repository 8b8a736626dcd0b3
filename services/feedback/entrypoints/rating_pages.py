"""The page behind a one-time rating link, and its answer."""

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from services.feedback.domain.ratings import (
    AlreadyRatedError,
    Invitation,
    InvitationExpiredError,
    RatingRefusedError,
    Stars,
)
from services.feedback.entrypoints.bodies import (
    BodyRefusedError,
    RatingBody,
    documented,
    is_form,
    read_body,
)
from services.feedback.entrypoints.rating_words import rating_line
from services.feedback.entrypoints.rendering import Pages
from services.feedback.usecases.give_rating import (
    UnknownLinkError,
    give_rating,
    open_invitation,
)
from services.feedback.usecases.ports import Begin
from services.feedback.usecases.show_rating import show_rating
from shared.clock import Clock
from shared.gate import Gate
from shared.problems import Problem

TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}", re.ASCII)


def rating_pages(begin: Begin, clock: Clock, pages: Pages, gate: Gate) -> APIRouter:
    """`GET` and `POST /rate/{token}`."""
    router = APIRouter(tags=["ratings"])

    @router.get("/rate/{token}", response_class=HTMLResponse)
    async def rating_page(token: str, request: Request) -> Response:
        """The form with stars for each of the 4 luôn and overall."""
        try:
            gate.admit(request)
            return await _show_form(token, {}, None, begin, clock, pages)
        except Problem as problem:
            return pages.show_problem(problem)

    @router.post("/rate/{token}", status_code=201, openapi_extra=documented(RatingBody))
    async def rate(token: str, request: Request) -> Response:
        """Rate, once. JSON is answered with JSON, the page's form with a page."""
        try:
            gate.admit(request)
            body = await read_body(request, RatingBody)
            invitation = await _give(token, body, begin, clock)
        except BodyRefusedError as refused:
            if not is_form(request):
                raise refused.problem from refused
            return await _form_again(token, refused, begin, clock, pages)
        except Problem as problem:
            if not is_form(request):
                raise
            return pages.show_problem(problem)
        if is_form(request):
            async with begin() as books:
                rating = await show_rating(invitation.agency, books, clock.now())
            line = rating_line(rating.tally, rating.rules)
            return pages.show("rated", 201, stars=body, rating=rating, line=line)
        given = body.model_dump(exclude_none=True)
        return JSONResponse(
            {"dossier": invitation.dossier, "agency": invitation.agency, **given}, 201
        )

    return router


async def _give(token: str, body: RatingBody, begin: Begin, clock: Clock) -> Invitation:
    """Raises `Problem` 404, 409 or 410."""
    stars = Stars(**body.model_dump())
    try:
        async with begin() as books:
            return await give_rating(_plausible(token), stars, books, clock.now())
    except (UnknownLinkError, RatingRefusedError) as error:
        raise _problem_of(error) from error


async def _form_again(
    token: str, refused: BodyRefusedError, begin: Begin, clock: Clock, pages: Pages
) -> Response:
    """The form with what was filled in, and what is missing."""
    if refused.problem.status != 422:
        return pages.show_problem(refused.problem)
    try:
        return await _show_form(token, refused.fields, refused.problem, begin, clock, pages)
    except Problem as problem:
        return pages.show_problem(problem)


async def _show_form(
    token: str,
    given: dict[str, Any],
    wrong: Problem | None,
    begin: Begin,
    clock: Clock,
    pages: Pages,
) -> HTMLResponse:
    """Raises `Problem` when the link cannot be used (any more)."""
    try:
        async with begin() as books:
            invitation = await open_invitation(_plausible(token), books)
            rating = await show_rating(invitation.agency, books, clock.now())
        invitation.must_be_open(clock.now())
    except (UnknownLinkError, RatingRefusedError) as error:
        raise _problem_of(error) from error
    faults = {} if wrong is None else {f["field"]: f for f in wrong.extensions["errors"]}
    return pages.show(
        "rate",
        200 if wrong is None else wrong.status,
        invitation=invitation,
        rating=rating,
        line=rating_line(rating.tally, rating.rules),
        given=given,
        faults=faults,
    )


def _plausible(token: str) -> str:
    """A text no token could be is not looked up. Raises `UnknownLinkError`."""
    if not TOKEN.fullmatch(token):
        raise UnknownLinkError("this rating link is not one of ours")
    return token


def _problem_of(error: UnknownLinkError | RatingRefusedError) -> Problem:
    detail = str(error)
    match error:
        case AlreadyRatedError():
            return Problem(409, "Rated already", detail, type="already-rated")
        case InvitationExpiredError():
            return Problem(410, "The link has expired", detail, type="link-expired")
        case RatingRefusedError():
            return Problem(422, "The rating is not as asked", detail, type="invalid-request")
        case _:
            return Problem(404, "No such link", detail, type="unknown-link")
