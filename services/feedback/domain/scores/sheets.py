"""What the law makes of a period's sums: indicators and grades, points of five groups, pledges kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from services.feedback.domain.courtesy import Luon
from services.feedback.domain.scores.figures import (
    INDICATORS,
    NOTHING,
    SIXTIETHS,
    STARS,
    Count,
    Counts,
    Figure,
)
from services.feedback.domain.scores.rules import Band, Grade, Group, ScoreRulesOn, Tier

TENTH, HUNDREDTH = Decimal("0.1"), Decimal("0.01")


def rounded(value: Fraction, to: Decimal) -> Decimal:
    """Half up, as the law rounds."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(to, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Tt01:
    """TT 01/2018: means of 0 to 2 points; None where nothing was counted."""

    indicators: Mapping[int, Decimal | None]
    total: Decimal | None
    """The known indicators, as if the others had their mean: missing ones are left out."""
    grade: Grade | None
    handling: Decimal | None
    """Mean per dossier over the officer's indicators; the officer's mark, where one is named."""
    band: Band | None


@dataclass(frozen=True, slots=True)
class Qd766:
    """QĐ 766/QĐ-TTg: points per group, None for N/A; `out_of` is what the known groups could give."""

    groups: Mapping[Group, Decimal | None]
    satisfaction: Fraction | None
    total: Decimal | None
    out_of: int


def tt01(counts: Counts, rules: ScoreRulesOn) -> Tt01:
    """Nine indicators, the agency's grade and the mean per dossier with its band."""
    exact = {number: _indicator(number, counts, rules) for number in INDICATORS}
    known = [points for points in exact.values() if points is not None]
    total = rounded(sum(known, Fraction(0)) * len(exact) / len(known), TENTH) if known else None
    sixtieths = counts.get(Figure.HANDLING, NOTHING).ratio
    handling = None if sixtieths is None else rounded(sixtieths / SIXTIETHS, TENTH)
    return Tt01(
        indicators={
            number: None if points is None else rounded(points, HUNDREDTH)
            for number, points in exact.items()
        },
        total=total,
        grade=None if total is None else grade(total, rules),
        handling=handling,
        band=None if handling is None else band(handling, rules),
    )


def grade(total: Decimal, rules: ScoreRulesOn) -> Grade:
    """Art. 15: at least 15 excellent, 12 good, 9 fair, 6 average; weak below."""
    return next((name for least, name in rules.grades if total >= least), "weak")


def band(mark: Decimal, rules: ScoreRulesOn) -> Band:
    """Art. 14: 5.0 and more is done in full; 3.5 to 4.9 from 70 to under 100 %; below otherwise."""
    return next((name for least, name in rules.bands if mark >= least), "below")


def _indicator(number: int, counts: Counts, rules: ScoreRulesOn) -> Fraction | None:
    figure = INDICATORS[number]
    share = None if figure is None else counts.get(figure, NOTHING).ratio
    if share is None:
        return None
    match figure:
        case Figure.ANSWERS:
            return _points(share, rules.answers)
        case Figure.ONLINE:
            return _points(share, rules.online)
        case _:
            return share


def _points(share: Fraction, tiers: tuple[Tier, ...]) -> Fraction:
    return Fraction(next((tier.points for tier in tiers if share >= tier.at_least), 0))


def qd766(counts: Counts, rules: ScoreRulesOn) -> Qd766:
    """Each group's share of its points: all from its full mark on, pro rata below; N/A is no 0."""
    shares: dict[Group, Fraction | None] = {
        "progress": counts.get(Figure.ON_TIME, NOTHING).ratio,
        "online_services": counts.get(Figure.ONLINE, NOTHING).ratio,
        "satisfaction": satisfaction(counts),
    }
    points = {
        group: None if (share := shares.get(group)) is None else group_points(group, share, rules)
        for group in rules.groups
    }
    known = {group: value for group, value in points.items() if value is not None}
    return Qd766(
        groups={
            group: None if value is None else rounded(value, HUNDREDTH)
            for group, value in points.items()
        },
        satisfaction=shares["satisfaction"],
        total=rounded(sum(known.values(), Fraction(0)), HUNDREDTH) if known else None,
        out_of=sum(rules.groups[group] for group in known),
    )


def satisfaction(counts: Counts) -> Fraction | None:
    """100 % less the share overdue and the share with a complaint, not below 0; N/A without dossiers."""
    on_time = counts.get(Figure.ON_TIME, NOTHING)
    complaints = counts.get(Figure.COMPLAINTS, NOTHING).sum
    if on_time.ratio is None:
        return None
    return max(Fraction(on_time.sum - complaints, on_time.count), Fraction(0))


def group_points(group: Group, share: Fraction, rules: ScoreRulesOn) -> Fraction:
    """72 % satisfied, with full marks at 90 %, are 72/90 of the points."""
    return rules.groups[group] * min(share / rules.full_marks_at[group], Fraction(1))


@dataclass(frozen=True, slots=True)
class StarsMean:
    """`mean` is None where nobody voted, or fewer than must have: then `is_withheld`."""

    votes: int
    mean: Decimal | None
    is_withheld: bool


def stars(luon: Luon, counts: Counts, rules: ScoreRulesOn) -> StarsMean:
    """A mean of so few that one could tell who gave which star is withheld (rule 34)."""
    return stars_of(counts.get(STARS[luon], NOTHING), rules)


def stars_of(count: Count, rules: ScoreRulesOn) -> StarsMean:
    is_withheld = 0 < count.count < rules.fewest_votes
    mean = None if count.ratio is None or is_withheld else rounded(count.ratio, HUNDREDTH)
    return StarsMean(count.count, mean, is_withheld)
