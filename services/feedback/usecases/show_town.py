"""Show the town on one screen: its units side by side, today and this quarter, with the trend of their weeks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from services.feedback.domain.ratings import Tally
from services.feedback.domain.scores.figures import NOTHING, Count, Counts, Figure, total
from services.feedback.domain.scores.periods import Period, span_of
from services.feedback.domain.scores.rules import ScoreRulesOn
from services.feedback.domain.scores.standings import mondays, worst_first
from services.feedback.usecases.ports import Agency, Books
from services.feedback.usecases.show_scores import Sheet


@dataclass(frozen=True, slots=True)
class Standing:
    """How a unit stands, or the town."""

    agency: Agency | None
    """None: the town."""
    today: Sheet
    quarter: Sheet
    trend: Sequence[Count]
    """On time, week by week, the last being this one."""
    tally: Tally


@dataclass(frozen=True, slots=True)
class Town:
    """The town, and its units, the worst first."""

    seen_at: datetime
    on: date
    whole: Standing
    units: Sequence[Standing]
    rules: ScoreRulesOn
    time_zone: tzinfo
    """Whose day it is."""


async def show_town(books: Books, now: datetime) -> Town:
    """As it is now: five statements, however many units there are and however much lies behind them."""
    rules = books.score_rules
    on = now.astimezone(rules.time_zone).date()
    today, quarter, weeks = span_of(Period.DAY, on), span_of(Period.QUARTER, on), mondays(on)
    agencies = sorted(await books.agencies.all(), key=lambda agency: agency.code)
    of_day = await books.scores.sums_by_agency(today)
    of_quarter = await books.scores.sums_by_agency(quarter)
    of_weeks = await books.scores.weeks(Figure.ON_TIME, weeks[0], on)
    tallies = await books.ratings.tallies()

    def standing(
        agency: Agency | None,
        day: Counts,
        whole: Counts,
        by_week: Mapping[date, Count],
        tally: Tally,
    ) -> Standing:
        return Standing(
            agency,
            Sheet(agency, today, day, rules.on(today.first_on)),
            Sheet(agency, quarter, whole, rules.on(quarter.first_on)),
            [by_week.get(monday, NOTHING) for monday in weeks],
            tally,
        )

    units = [
        standing(
            agency,
            of_day.get(agency.code, {}),
            of_quarter.get(agency.code, {}),
            of_weeks.get(agency.code, {}),
            tallies.get(agency.code, Tally()),
        )
        for agency in agencies
    ]
    town = standing(
        None,
        total(of_day.values()),
        total(of_quarter.values()),
        _together(of_weeks.values()),
        sum(tallies.values(), Tally()),
    )
    ranked = worst_first(units, lambda unit: unit.quarter.counts)
    return Town(now, on, town, ranked, rules.on(on), rules.time_zone)


def _together(every: Iterable[Mapping[date, Count]]) -> Mapping[date, Count]:
    weeks: dict[date, Count] = {}
    for one in every:
        for monday, count in one.items():
            weeks[monday] = weeks.get(monday, NOTHING) + count
    return weeks
