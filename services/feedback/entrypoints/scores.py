"""Scores over HTTP: a unit's or the town's sheet, open data at a stable address, and the cases behind a figure."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel

from services.feedback.domain.courtesy import Khong, Luon
from services.feedback.domain.scores.figures import (
    AGAINST,
    FIGURES,
    NOTHING,
    SIXTIETHS,
    STARS,
    Counts,
    Figure,
)
from services.feedback.domain.scores.periods import Period
from services.feedback.domain.scores.rules import Band, Grade
from services.feedback.domain.scores.sheets import TENTH, rounded, stars
from services.feedback.usecases.ports import Begin, Books, CountedCase
from services.feedback.usecases.show_rating import UnknownAgencyError
from services.feedback.usecases.show_scores import Sheet, list_scores, open_figure, show_scores
from shared.clock import Clock
from shared.events.base import AgencyCode
from shared.identity import Caller, Role, require
from shared.problems import Problem

VIEWERS = (Role.HEAD_OF_UNIT, Role.INSPECTOR, Role.OPERATOR)
"""Who may open a figure."""
RATING_FIGURES = frozenset(STARS.values())
"""Opened by inspectors and operators only: a head of unit would see which citizen gave which star
(NĐ 61/2018 art. 27.3)."""

COLUMNS: Final = (
    "agency",
    "name",
    "period",
    "first_on",
    "last_on",
    "figure",
    "sum",
    "count",
    "value",
)
"""Of the open data; new ones go to the end."""

On = Annotated[date | None, Query(description="A day of the period; today where it is left out.")]


class FigureShown(BaseModel):
    """`sum` of `count`, and one by the other: null where nothing was counted, both where it is withheld.

    The sum of `handling` is in sixtieths of a point, and so exact.
    """

    sum: int | None
    count: int
    value: float | None


class Tt01Shown(BaseModel):
    """TT 01/2018/TT-VPCP art. 13–15. Null where nothing was counted."""

    indicators: dict[str, float | None]
    total: float | None
    grade: Grade | None
    per_dossier: float | None
    """Mean over indicators 1, 2, 3, 4 and 7: an officer's mark, where one is named."""
    band: Band | None


class Qd766Shown(BaseModel):
    """QĐ 766/QĐ-TTg. Groups without figures are null: not applicable, never 0."""

    groups: dict[str, float | None]
    satisfaction_percent: float | None
    total: float | None
    out_of: int


class StarsShown(BaseModel):
    votes: int
    mean: float | None
    is_withheld: bool
    """So few voted that a mean would show who gave what."""


class KhongShown(BaseModel):
    reported: int
    """Without those found false."""
    upheld: int


class PledgesShown(BaseModel):
    """The town's own promises."""

    same_day_kept: FigureShown
    fridays_put_off: FigureShown
    apologies_in_time: FigureShown
    luon: dict[str, StarsShown]
    khong: dict[str, KhongShown]


class ScoresShown(BaseModel):
    agency: str | None
    """Null: all agencies together."""
    period: Period
    first_on: date
    last_on: date
    tt01: Tt01Shown
    qd766: Qd766Shown
    pledges: PledgesShown
    figures: dict[str, FigureShown]
    """What all of it is made of; each can be opened."""


class OpenRow(BaseModel):
    """One figure of one agency, as in the CSV file."""

    agency: str
    name: str
    period: Period
    first_on: date
    last_on: date
    figure: str
    sum: int | None
    count: int
    value: float | None


class CaseShown(BaseModel):
    kind: str
    code: str
    on: date
    sum: int
    count: int


class CasesShown(BaseModel):
    cases: list[CaseShown]
    next_on: date | None
    next_name: str | None
    """Say both as `after_on` and `after_name` to read on; null at the end."""


def score_routes(begin: Begin, clock: Clock) -> APIRouter:
    """`/scores`, `/open-data/scores.*` and the cases behind a figure."""
    router = APIRouter(tags=["scores"])
    _sheets(router, begin, clock)
    _open_data(router, begin, clock)
    _cases(router, begin, clock)
    return router


def _sheets(router: APIRouter, begin: Begin, clock: Clock) -> None:
    @router.get("/scores")
    async def scores(
        agency: Annotated[AgencyCode | None, Query()] = None,
        period: Annotated[Period, Query()] = Period.MONTH,
        on: On = None,
    ) -> ScoresShown:
        """A unit's scores, or the town's where no agency is asked for. Public."""
        async with begin() as books:
            try:
                day = on or _today(books, clock)
                sheet = await show_scores(agency, period, day, None, books)
            except UnknownAgencyError as error:
                raise _unknown(error) from error
        return _shown(sheet)


def _open_data(router: APIRouter, begin: Begin, clock: Clock) -> None:
    @router.get("/open-data/scores.json")
    async def open_json(
        period: Annotated[Period, Query()] = Period.MONTH, on: On = None
    ) -> list[OpenRow]:
        """Every figure of every agency. Public; the address stays."""
        async with begin() as books:
            sheets = await list_scores(period, on or _today(books, clock), books)
        return [row for sheet in sheets for row in _rows(sheet)]

    @router.get(
        "/open-data/scores.csv",
        response_class=Response,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    async def open_csv(
        period: Annotated[Period, Query()] = Period.MONTH, on: On = None
    ) -> Response:
        """The same as a CSV file (RFC 4180)."""
        async with begin() as books:
            sheets = await list_scores(period, on or _today(books, clock), books)
        text = StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for sheet in sheets:
            for row in _rows(sheet):
                shown = row.model_dump(mode="json")
                writer.writerow([shown[column] for column in COLUMNS])
        return Response(text.getvalue(), media_type="text/csv; charset=utf-8")


def _cases(router: APIRouter, begin: Begin, clock: Clock) -> None:
    @router.get("/scores/{agency}/{figure}/dossiers")
    async def cases(
        agency: Annotated[AgencyCode, Path()],
        figure: Annotated[Figure, Path()],
        caller: Annotated[Caller, Depends(require(*VIEWERS))],
        period: Annotated[Period, Query()] = Period.MONTH,
        on: On = None,
        after_on: Annotated[date | None, Query()] = None,
        after_name: Annotated[str, Query(pattern=r"^[A-Za-z0-9./-]{0,160}$")] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> CasesShown:
        """The dossiers, legs, ratings or reports that made a figure, with what each added."""
        caller.must_act_for(agency)
        _may_open(caller, figure)
        after = None if after_on is None else (after_on, after_name)
        async with begin() as books:
            try:
                day = on or _today(books, clock)
                # fmt: off
                found = await open_figure(agency, figure, period, day, after, limit + 1, books)
                # fmt: on
            except UnknownAgencyError as error:
                raise _unknown(error) from error
        page, more = found[:limit], len(found) > limit
        return CasesShown(
            cases=[_case(case) for case in page],
            next_on=page[-1].counted_on if more else None,
            next_name=page[-1].name if more else None,
        )


def _may_open(caller: Caller, figure: Figure) -> None:
    """Raises `Problem` 403: a rating's giver is not shown to the unit that was rated."""
    if caller.role is Role.HEAD_OF_UNIT and figure in RATING_FIGURES:
        raise Problem(
            403,
            "Not your role",
            f"{caller.role} may not see who gave stars; asked: inspector, operator",
            type="wrong-role",
        )


def _today(books: Books, clock: Clock) -> date:
    return clock.now().astimezone(books.score_rules.time_zone).date()


def _unknown(error: UnknownAgencyError) -> Problem:
    return Problem(404, "No such agency", str(error), type="unknown-agency", agency=error.agency)


def _case(case: CountedCase) -> CaseShown:
    return CaseShown(
        kind=case.kind.value,
        code=case.code,
        on=case.counted_on,
        sum=case.added.sum,
        count=case.added.count,
    )


def _shown(sheet: Sheet) -> ScoresShown:
    span = sheet.span
    return ScoresShown(
        agency=None if sheet.agency is None else sheet.agency.code,
        period=span.period,
        first_on=span.first_on,
        last_on=span.last_on,
        tt01=_tt01(sheet),
        qd766=_qd766(sheet),
        pledges=_pledges(sheet),
        figures={figure.value: _figure(figure, sheet) for figure in FIGURES},
    )


def _tt01(sheet: Sheet) -> Tt01Shown:
    found = sheet.tt01
    return Tt01Shown(
        indicators={str(number): _float(mean) for number, mean in found.indicators.items()},
        total=_float(found.total),
        grade=found.grade,
        per_dossier=_float(found.handling),
        band=found.band,
    )


def _qd766(sheet: Sheet) -> Qd766Shown:
    found = sheet.qd766
    share = found.satisfaction
    return Qd766Shown(
        groups={group: _float(points) for group, points in found.groups.items()},
        satisfaction_percent=None if share is None else float(rounded(100 * share, TENTH)),
        total=_float(found.total),
        out_of=found.out_of,
    )


def _pledges(sheet: Sheet) -> PledgesShown:
    counts = sheet.counts
    return PledgesShown(
        same_day_kept=_figure(Figure.SAME_DAY, sheet),
        fridays_put_off=_figure(Figure.FRIDAYS, sheet),
        apologies_in_time=_figure(Figure.APOLOGIES, sheet),
        luon={luon.value: _stars(luon, sheet) for luon in Luon},
        khong={str(int(khong)): _khong(khong, counts) for khong in Khong},
    )


def _stars(luon: Luon, sheet: Sheet) -> StarsShown:
    found = stars(luon, sheet.counts, sheet.rules)
    return StarsShown(votes=found.votes, mean=_float(found.mean), is_withheld=found.is_withheld)


def _khong(khong: Khong, counts: Counts) -> KhongShown:
    found = counts.get(AGAINST[khong], NOTHING)
    return KhongShown(reported=found.count, upheld=found.sum)


def _figure(figure: Figure, sheet: Sheet) -> FigureShown:
    """A sum of stars of too few votes is withheld as their mean is (rule 34)."""
    found = sheet.counts.get(figure, NOTHING)
    if figure in RATING_FIGURES and 0 < found.count < sheet.rules.fewest_votes:
        return FigureShown(sum=None, count=found.count, value=None)
    unit = SIXTIETHS if figure is Figure.HANDLING else 1
    value = None if found.ratio is None else round(float(found.ratio / unit), 4)
    return FigureShown(sum=found.sum, count=found.count, value=value)


def _rows(sheet: Sheet) -> Iterator[OpenRow]:
    """An agency's figures; no officer, no dossier."""
    agency, span = sheet.agency, sheet.span
    if agency is None:
        return
    for figure in FIGURES:
        shown = _figure(figure, sheet)
        yield OpenRow(
            agency=agency.code,
            name=agency.name,
            period=span.period,
            first_on=span.first_on,
            last_on=span.last_on,
            figure=figure.value,
            sum=shown.sum,
            count=shown.count,
            value=shown.value,
        )


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
