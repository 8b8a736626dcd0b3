"""The page behind the QR code at a counter: a dossier is rated by its code and the look-up code of its slip."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field, field_validator

from services.feedback.domain.ratings import Invitation, NotReadyError, RatingRefusedError, Stars
from services.feedback.entrypoints.bodies import (
    Body,
    BodyRefusedError,
    RatingBody,
    documented,
    put_off,
)
from services.feedback.entrypoints.rating_desk import (
    UNSEEN,
    RatingDesk,
    faults_of,
    not_yours,
    problem_of,
    rate_at,
    shown_of,
)
from services.feedback.entrypoints.rendering import said_of
from services.feedback.usecases.list_notices import UnknownDossierError
from services.feedback.usecases.rate_at_counter import rate_at_counter
from services.feedback.usecases.show_rating import UnknownAgencyError
from shared.events.base import AgencyCode, DossierCode
from shared.postgres import is_transient
from shared.problems import Problem

LONGEST_SECRET = 64
AGAIN = frozenset({404, 409, 422})
"""What the form can be sent again after: mistyped codes, no result yet, stars left out."""
AgencyAsked = Annotated[AgencyCode | None, Query(description="Whose counter the poster hangs at.")]


class SlipBody(Body):
    """What stands on the slip."""

    dossier: DossierCode
    secret: Annotated[str, Field(min_length=1, max_length=LONGEST_SECRET)]
    """The look-up code, in either case, with or without hyphens."""

    @field_validator("dossier", mode="before")
    @classmethod
    def _as_people_type(cls, dossier: object) -> object:
        return dossier.strip().upper() if isinstance(dossier, str) else dossier


class CounterBody(RatingBody, SlipBody):
    """A dossier, the proof of its slip, and stars."""


def counter_pages(desk: RatingDesk) -> APIRouter:
    """`GET` and `POST /rate`."""
    router = APIRouter(tags=["ratings"])

    @router.get("/rate", response_class=HTMLResponse)
    async def counter_page(
        request: Request,
        agency: AgencyAsked = None,
        dossier: Annotated[str, Query(max_length=100)] = "",
        secret: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        """The form; a poster brings the agency, the look-up page brings what stands on the slip."""
        try:
            desk.gate.admit(request)
            must_be_offered(desk)
            return await _show_form(agency, {"dossier": dossier, "secret": secret}, None, desk)
        except Problem as problem:
            return desk.pages.show_problem(problem)

    @router.post("/rate", status_code=201, openapi_extra=documented(CounterBody))
    async def rate(request: Request, agency: AgencyAsked = None) -> Response:
        """Rate a dossier whose result is ready, once. JSON is answered with JSON, the page's form with a page.

        `agency` is where the form came from; the stars are those of who handled the dossier.
        """
        return await rate_at(
            desk,
            request,
            CounterBody,
            lambda body: _give(body, desk),
            lambda refused: _form_again(agency, refused, desk),
        )

    return router


async def _give(body: CounterBody, desk: RatingDesk) -> Invitation:
    """Raises `Problem` 409 or 410; `BodyRefusedError` 404, 409 or 503 with what was typed.

    A wrong look-up code is refused before any look into the database: what is not yours and what is not
    there are answered alike, and as fast.
    """
    must_be_offered(desk)
    typed = body.model_dump(exclude_none=True)
    if not desk.slips.matches(body.dossier, body.secret):
        raise BodyRefusedError(not_yours(), typed)
    stars = Stars(**body.model_dump(include=set(RatingBody.model_fields)))
    try:
        async with desk.begin() as books:
            return await rate_at_counter(
                body.dossier, stars, books, desk.draw, desk.rating_days, desk.clock.now()
            )
    except (UnknownDossierError, NotReadyError) as error:
        raise BodyRefusedError(problem_of(error), typed) from error
    except RatingRefusedError as error:
        raise problem_of(error) from error
    except Exception as error:
        raise put_off(error, body.model_dump(exclude_none=True)) from error


def must_be_offered(desk: RatingDesk) -> None:
    """Raises `Problem` 404 where the slips' keys are not here."""
    if not desk.slips.has_key:
        detail = "rating at the counter is not offered here: SLIP_KEYS is not set"
        raise Problem(404, "Not offered here", detail, type="not-offered")


async def _form_again(agency: str | None, refused: BodyRefusedError, desk: RatingDesk) -> Response:
    problem = refused.problem
    if problem.status in UNSEEN:
        return _page(None, agency, refused.fields, problem, desk)
    if problem.status not in AGAIN:
        return desk.pages.show_problem(problem)
    return await _show_form(agency, refused.fields, problem, desk)


async def _show_form(
    agency: str | None, given: dict[str, Any], wrong: Problem | None, desk: RatingDesk
) -> HTMLResponse:
    """A poster's agency is named where it is known; an unknown one, or a database that is away, harms nothing."""
    try:
        rating = None if agency is None else await desk.rating_of(agency)
    except UnknownAgencyError:
        rating = None
    except Exception as error:
        if not is_transient(error):
            raise
        rating = None
    return _page(rating, agency, given, wrong, desk)


def _page(
    rating: Any, agency: str | None, given: dict[str, Any], wrong: Problem | None, desk: RatingDesk
) -> HTMLResponse:
    faults = faults_of(wrong)
    page = desk.pages.show(
        "counter",
        200 if wrong is None else wrong.status,
        action="/rate" if agency is None else f"/rate?{urlencode({'agency': agency})}",
        given=given,
        faults=faults,
        wrong=said_of(wrong) if wrong is not None and not faults else None,
        **shown_of(rating),
    )
    page.headers.update({} if wrong is None else wrong.headers)
    return page
