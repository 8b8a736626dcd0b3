"""The town's figures as they are written: Vietnamese numbers first, trends as lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from babel.numbers import format_decimal

from services.feedback.domain.courtesy import LUON_NAMES, Luon, Name
from services.feedback.domain.ratings import Tally
from services.feedback.domain.scores.figures import NOTHING, Count, Counts, Figure
from services.feedback.domain.scores.rules import Grade, ScoreRulesOn
from services.feedback.domain.scores.sheets import TENTH, rounded
from services.feedback.usecases.show_scores import Sheet
from services.feedback.usecases.show_town import Standing

NONE = "–"
"""Nothing was counted: not applicable, never 0 (rule 37)."""

TOWN = Name("Toàn địa bàn", "The whole town")
GRADE_NAMES: dict[Grade, Name] = {
    "excellent": Name("Xuất sắc", "Excellent"),
    "good": Name("Tốt", "Good"),
    "fair": Name("Khá", "Fair"),
    "average": Name("Trung bình", "Average"),
    "weak": Name("Yếu", "Weak"),
}

WIDTH, HEIGHT, EDGE = 120, 32, 3
"""Of a trend, in its own units."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A period's figures, as they are written."""

    received: str
    late: str
    on_time: str
    is_bad: bool
    """Something is late."""
    same_day: str
    apologies: str
    reports: str


@dataclass(frozen=True, slots=True)
class Trend:
    """Lines through known weeks, lone weeks as points, and the same in words."""

    lines: Sequence[str]
    points: Sequence[tuple[str, str]]
    words: Name


@dataclass(frozen=True, slots=True)
class Line:
    """A unit, or the town, as it is written."""

    name: Name
    is_town: bool
    today: Shown
    quarter: Shown
    grade: Name | None
    index: str
    """Points of QĐ 766, and out of how many."""
    trend: Trend
    rating: "Rating"


@dataclass(frozen=True, slots=True)
class Rating:
    """Stars with their votes: "4,7 – 213 phiếu bầu". Withheld where so few voted that one could tell who."""

    mean: Decimal | None
    votes: int
    is_withheld: bool
    vi: str
    en: str
    luon: Sequence[tuple[Name, str, str]]
    """Each of the 4 luôn, its mean in Vietnamese and in English."""
    short: str
    """For a narrow column: "4,7 – 213"."""

    @property
    def filled(self) -> str:
        """How much of five stars is filled, in hundredths of a star."""
        return "0" if self.mean is None else str(int(self.mean * 100))


def line_of(standing: Standing, rules: ScoreRulesOn) -> Line:
    agency, quarter = standing.agency, standing.quarter
    name = TOWN if agency is None else Name(agency.name, "")
    grade = quarter.tt01.grade
    return Line(
        name=name,
        is_town=agency is None,
        today=_shown(standing.today.counts),
        quarter=_shown(quarter.counts),
        grade=None if grade is None else GRADE_NAMES[grade],
        index=_index(quarter),
        trend=trend_of(standing.trend),
        rating=rating_of(standing.tally, rules),
    )


def rating_of(tally: Tally, rules: ScoreRulesOn) -> Rating:
    """As the plan's own page says it: one decimal, with a comma in Vietnamese, and the number of votes."""
    is_withheld = 0 < tally.votes < rules.fewest_votes
    mean, tenth = (None, None) if is_withheld else (tally.overall(), tally.overall(TENTH))
    votes_vi, votes_en = number(tally.votes, "vi"), number(tally.votes, "en")
    return Rating(
        mean,
        tally.votes,
        is_withheld,
        vi=f"{_tenth(tenth, 'vi')} – {votes_vi} phiếu bầu",
        en=f"{_tenth(tenth, 'en')} – {votes_en} {'vote' if tally.votes == 1 else 'votes'}",
        luon=[
            (LUON_NAMES[luon], _tenth(one, "vi"), _tenth(one, "en"))
            for luon in Luon
            for one in [None if is_withheld else tally.mean(luon)]
        ],
        short=f"({votes_vi})" if mean is None else f"{_tenth(tenth, 'vi')} – {votes_vi}",
    )


def trend_of(weeks: Sequence[Count]) -> Trend:
    """The share on time: all at the top, half or less at the bottom, so that a few percent are seen; a week
    without dossiers parts the line."""
    runs: list[list[tuple[str, str]]] = [[]]
    for place, week in enumerate(weeks):
        if week.ratio is None:
            runs.append([])
            continue
        across = EDGE + Fraction(place * (WIDTH - 2 * EDGE), max(len(weeks) - 1, 1))
        down = EDGE + min(2 * (1 - week.ratio), Fraction(1)) * (HEIGHT - 2 * EDGE)
        runs[-1].append((f"{float(across):.1f}", f"{float(down):.1f}"))
    known = [week for week in weeks if week.ratio is not None]
    return Trend(
        lines=[" ".join(",".join(at) for at in run) for run in runs if len(run) > 1],
        points=[run[-1] for run in runs if run],
        words=_trend_in_words(len(weeks), known),
    )


def _trend_in_words(weeks: int, known: Sequence[Count]) -> Name:
    if not known:
        return Name(f"{weeks} tuần: chưa có hồ sơ", f"{weeks} weeks: no dossiers")
    first, last = known[0], known[-1]
    return Name(
        f"Đúng hạn {weeks} tuần: từ {percent(first)} đến {percent(last)}",
        f"On time over {weeks} weeks: from {percent(first, 'en')} to {percent(last, 'en')}",
    )


def percent(count: Count, language: str = "vi") -> str:
    """A share to the tenth of a percent, rounded down short of all: 99,96 % is not 100 %."""
    if count.ratio is None:
        return NONE
    share = Fraction(int(count.ratio * 1_000), 10)
    text = format_decimal(rounded(share, TENTH), format="0.#", locale=language)
    return f"{text} %" if language == "vi" else f"{text}%"


def number(value: int, language: str = "vi") -> str:
    return str(format_decimal(value, locale=language))


def _tenth(mean: Decimal | None, language: str) -> str:
    if mean is None:
        return NONE
    return str(format_decimal(rounded(Fraction(mean), TENTH), format="0.0", locale=language))


def _shown(counts: Counts) -> Shown:
    on_time = counts.get(Figure.ON_TIME, NOTHING)
    late = on_time.count - on_time.sum
    return Shown(
        received=number(on_time.count),
        late=number(late),
        on_time=percent(on_time),
        is_bad=late > 0,
        same_day=percent(counts.get(Figure.SAME_DAY, NOTHING)),
        apologies=percent(counts.get(Figure.APOLOGIES, NOTHING)),
        reports=number(counts.get(Figure.COMPLAINTS, NOTHING).sum),
    )


def _index(sheet: Sheet) -> str:
    found = sheet.qd766
    if found.total is None:
        return NONE
    total = format_decimal(found.total, format="0.#", locale="vi")
    return f"{total}/{found.out_of}"
