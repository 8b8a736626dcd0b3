"""Feedback over HTTP: what agencies and the public may ask, and the citizens' pages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel

from services.feedback.domain.courtesy import Luon
from services.feedback.domain.ratings import OVERALL
from services.feedback.entrypoints.counter_pages import counter_pages
from services.feedback.entrypoints.follow_pages import follow_pages
from services.feedback.entrypoints.poster import PosterPages, poster_routes
from services.feedback.entrypoints.rating_desk import RatingDesk
from services.feedback.entrypoints.rating_pages import rating_pages
from services.feedback.entrypoints.rating_words import rating_line
from services.feedback.entrypoints.report_handling import report_handling
from services.feedback.entrypoints.report_pages import ReportDesk, report_pages
from services.feedback.entrypoints.scores import score_routes
from services.feedback.entrypoints.town_board import TownBoard
from services.feedback.entrypoints.town_pages import TownPages, town_pages
from services.feedback.usecases.list_notices import UnknownDossierError, list_notices
from services.feedback.usecases.ports import Begin, KeptNotice
from services.feedback.usecases.show_rating import (
    AgencyRating,
    UnknownAgencyError,
    show_rating,
)
from shared.clock import Clock
from shared.events.base import AgencyCode, DossierCode
from shared.identity import Caller, Role, require
from shared.problems import Problem

DELIVERERS = frozenset({Role.OPERATOR, Role.INTEGRATOR})
"""Who is shown a rating link, to pass it on. An officer who saw it could rate themselves."""


class TextShown(BaseModel):
    vi: str
    en: str


class NoticeShown(BaseModel):
    notice: str
    number: int
    """The how-manyeth of its kind for the dossier."""
    agency: str
    handler: str | None
    """Opaque code of who made the move it tells of."""
    sent_at: AwareDatetime
    text: TextShown
    rating_link: str | None
    """Of thanks, for those who deliver it."""


class NoticesShown(BaseModel):
    dossier: str
    notices: list[NoticeShown]


class RatingShown(BaseModel):
    """Means of 1 to 5 stars, to the hundredth; null while nobody voted, and below the fewest votes a mean is
    shown of: it would show one citizen's stars.

    `overall` is the mean of overall stars; a vote that gave none stands with the mean of its four.
    """

    agency: str
    votes: int
    smile: float | None
    gentle: float | None
    listen: float | None
    help: float | None
    overall: float | None
    text: TextShown
    """The overall mean to the tenth, with its votes, to show as it is."""


def routes(desk: ReportDesk, ratings: RatingDesk, board: TownBoard) -> APIRouter:
    """Every route of feedback's own."""
    router = APIRouter()
    router.include_router(_notices(desk.begin, ratings.public_base_url))
    router.include_router(_ratings(desk.begin, desk.clock))
    router.include_router(score_routes(desk.begin, desk.clock))
    router.include_router(town_pages(board, TownPages()))
    router.include_router(rating_pages(ratings))
    router.include_router(counter_pages(ratings))
    router.include_router(poster_routes(ratings, PosterPages()))
    router.include_router(report_pages(desk))
    router.include_router(follow_pages(desk))
    router.include_router(report_handling(desk))
    return router


def _notices(begin: Begin, base_url: str) -> APIRouter:
    router = APIRouter(tags=["notices"])

    @router.get("/notices")
    async def notices(
        dossier: Annotated[DossierCode, Query()],
        caller: Annotated[Caller, Depends(require(*Role))],
    ) -> NoticesShown:
        """What a dossier's citizen was told, in the order it was sent."""
        try:
            async with begin() as books:
                told = await list_notices(dossier, books)
        except UnknownDossierError as error:
            raise Problem(
                404, "No such dossier", str(error), type="unknown-dossier", dossier=dossier
            ) from error
        _must_concern(caller, told.agencies)
        shows_link = caller.role in DELIVERERS
        return NoticesShown(
            dossier=dossier,
            notices=[_shown(notice, base_url if shows_link else None) for notice in told.notices],
        )

    return router


def _must_concern(caller: Caller, agencies: frozenset[str]) -> None:
    """One of the agencies that had to do with the dossier must be the caller's."""
    if not any(caller.may_act_for(agency) for agency in agencies):
        for agency in sorted(agencies):
            caller.must_act_for(agency)


def _shown(notice: KeptNotice, base_url: str | None) -> NoticeShown:
    has_link = base_url is not None and notice.token is not None
    return NoticeShown(
        notice=notice.notice,
        number=notice.number,
        agency=notice.agency,
        handler=notice.handler,
        sent_at=notice.sent_at,
        text=TextShown(vi=notice.text.vi, en=notice.text.en),
        rating_link=f"{base_url}/rate/{notice.token}" if has_link else None,
    )


def _ratings(begin: Begin, clock: Clock) -> APIRouter:
    router = APIRouter(tags=["ratings"])

    @router.get("/agencies/{agency}/rating")
    async def rating(agency: Annotated[AgencyCode, Path()]) -> RatingShown:
        """A unit's stars, with its number of votes. Public."""
        try:
            async with begin() as books:
                return _means(await show_rating(agency, books, clock.now()))
        except UnknownAgencyError as error:
            raise Problem(
                404, "No such agency", str(error), type="unknown-agency", agency=agency
            ) from error

    return router


def _means(rating: AgencyRating) -> RatingShown:
    tally, rules = rating.tally, rating.rules
    line = rating_line(tally, rules)
    is_withheld = 0 < tally.votes < rules.fewest_votes
    means = {luon.value: tally.mean(luon) for luon in Luon} | {OVERALL: tally.overall()}
    return RatingShown.model_validate(
        {
            "agency": rating.agency.code,
            "votes": tally.votes,
            **{
                name: None if mean is None or is_withheld else float(mean)
                for name, mean in means.items()
            },
            "text": TextShown(vi=line.vi, en=line.en),
        }
    )
