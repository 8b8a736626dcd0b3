"""Show a period's scores, and open a figure down to the cases that made it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.feedback.domain.scores.figures import Counts, Figure
from services.feedback.domain.scores.periods import Period, Span, span_of
from services.feedback.domain.scores.rules import ScoreRulesOn
from services.feedback.domain.scores.sheets import Qd766, Tt01, qd766, tt01
from services.feedback.usecases.ports import Agency, Books, CountedCase
from services.feedback.usecases.show_rating import UnknownAgencyError


@dataclass(frozen=True, slots=True)
class Sheet:
    """One unit's figures of a period, or the town's, and what the law makes of them."""

    agency: Agency | None
    """None: the town's."""
    span: Span
    counts: Counts
    rules: ScoreRulesOn

    @property
    def tt01(self) -> Tt01:
        return tt01(self.counts, self.rules)

    @property
    def qd766(self) -> Qd766:
        return qd766(self.counts, self.rules)


async def show_scores(
    code: str | None, period: Period, on: date, officer: str | None, books: Books
) -> Sheet:
    """The sheet of an agency, or of all together. Raises `UnknownAgencyError`."""
    agency = None if code is None else await _agency(code, books)
    span = span_of(period, on)
    counts = await books.scores.sums(span, code, officer)
    return Sheet(agency, span, counts, books.score_rules.on(span.first_on))


async def list_scores(period: Period, on: date, books: Books) -> Sequence[Sheet]:
    """The sheets of every agency that is known, by code, with or without figures."""
    span = span_of(period, on)
    rules = books.score_rules.on(span.first_on)
    counts: Mapping[str, Counts] = await books.scores.sums_by_agency(span)
    agencies = sorted(await books.agencies.all(), key=lambda agency: agency.code)
    return [Sheet(agency, span, counts.get(agency.code, {}), rules) for agency in agencies]


async def open_figure(
    code: str,
    figure: Figure,
    period: Period,
    on: date,
    after: tuple[date, str] | None,
    limit: int,
    books: Books,
) -> Sequence[CountedCase]:
    """The cases that made a figure, by day and name, at most `limit`. Raises `UnknownAgencyError`."""
    await _agency(code, books)
    return await books.scores.cases(span_of(period, on), code, figure, after, limit)


async def _agency(code: str, books: Books) -> Agency:
    found = await books.agencies.find([code])
    if code not in found:
        raise UnknownAgencyError(code)
    return found[code]
