"""The page behind a one-time rating link, and its answer."""

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from services.feedback.domain.ratings import Invitation, RatingRefusedError, Stars
from services.feedback.entrypoints.bodies import (
    BodyRefusedError,
    RatingBody,
    documented,
    put_off,
)
from services.feedback.entrypoints.rating_desk import (
    UNSEEN,
    RatingDesk,
    faults_of,
    problem_of,
    rate_at,
    show_refused,
    shown_of,
)
from services.feedback.entrypoints.rendering import said_of
from services.feedback.usecases.give_rating import (
    UnknownLinkError,
    give_rating,
    open_invitation,
)
from services.feedback.usecases.show_rating import show_rating
from shared.postgres import is_transient
from shared.problems import Problem

TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}", re.ASCII)


def rating_pages(desk: RatingDesk) -> APIRouter:
    """`GET` and `POST /rate/{token}`."""
    router = APIRouter(tags=["ratings"])

    @router.get("/rate/{token}", response_class=HTMLResponse)
    async def rating_page(token: str, request: Request) -> Response:
        """The form with stars for each of the 4 luôn and overall."""
        try:
            desk.gate.admit(request)
            return await _show_form(token, {}, None, desk)
        except Problem as problem:
            return await show_refused(desk, problem)

    @router.post("/rate/{token}", status_code=201, openapi_extra=documented(RatingBody))
    async def rate(token: str, request: Request) -> Response:
        """Rate, once. JSON is answered with JSON, the page's form with a page."""
        return await rate_at(
            desk,
            request,
            RatingBody,
            lambda body: _give(token, body, desk),
            lambda refused: _form_again(token, refused, desk),
        )

    return router


async def _give(token: str, body: RatingBody, desk: RatingDesk) -> Invitation:
    """Raises `Problem` 404, 409 or 410, `BodyRefusedError` 503."""
    stars = Stars(**body.model_dump())
    try:
        async with desk.begin() as books:
            return await give_rating(_plausible(token), stars, books, desk.clock.now())
    except (UnknownLinkError, RatingRefusedError) as error:
        raise problem_of(error) from error
    except Exception as error:
        raise put_off(error, body.model_dump(exclude_none=True)) from error


async def _form_again(token: str, refused: BodyRefusedError, desk: RatingDesk) -> Response:
    """The form with what was filled in, and what is missing or why it must wait."""
    problem = refused.problem
    try:
        if problem.status == 422:
            return await _show_form(token, refused.fields, problem, desk)
    except Problem as other:
        return await show_refused(desk, other)
    except Exception as error:
        if not is_transient(error):
            raise
        problem = put_off(error, {}).problem
    if problem.status in UNSEEN and TOKEN.fullmatch(token):
        return _page(token, refused.fields, problem, desk, invitation=None, **shown_of(None))
    return desk.pages.show_problem(problem)


async def _show_form(
    token: str, given: dict[str, Any], wrong: Problem | None, desk: RatingDesk
) -> HTMLResponse:
    """Raises `Problem` when the link cannot be used (any more)."""
    now = desk.clock.now()
    try:
        async with desk.begin() as books:
            invitation = await open_invitation(_plausible(token), books)
            rating = await show_rating(invitation.agency, books, now)
        invitation.must_be_open(now)
    except (UnknownLinkError, RatingRefusedError) as error:
        raise problem_of(error) from error
    return _page(token, given, wrong, desk, invitation=invitation, **shown_of(rating))


def _page(
    token: str, given: dict[str, Any], wrong: Problem | None, desk: RatingDesk, **shown: Any
) -> HTMLResponse:
    page = desk.pages.show(
        "rate",
        200 if wrong is None else wrong.status,
        token=token,
        given=given,
        faults=faults_of(wrong),
        wrong=said_of(wrong) if wrong is not None and wrong.status in UNSEEN else None,
        **shown,
    )
    page.headers.update({} if wrong is None else wrong.headers)
    return page


def _plausible(token: str) -> str:
    """A text no token could be is not looked up. Raises `UnknownLinkError`."""
    if not TOKEN.fullmatch(token):
        raise UnknownLinkError("this rating link is not one of ours")
    return token
