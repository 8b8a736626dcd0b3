"""Counts by one regime for one office, without a server: one date, or a million."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from services.deadline.domain.office_hours import OfficeHours
from services.deadline.domain.promises import Limit
from services.deadline.domain.reckoning import (
    Arrival,
    Reckoning,
    Terms,
    arrive,
    counts_from,
    hangs_on_the_moment,
    reckon_days,
    reckon_moment,
)
from services.deadline.domain.rules import Figures, LimitKind, Regime, RuleBook
from services.deadline.domain.working_calendar import WorkingCalendar
from services.deadline.domain.working_time import timetable

LIMIT = re.compile(r"same-day|([1-9][0-9]{0,3})([dh])")


class LimitError(ValueError):
    """A time limit that is none of `same-day`, `3d`, `8h`."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no limit; same-day, 3d (working days) or 8h is asked")


class LocalTimeError(ValueError):
    """A local time that the clocks of the zone never showed."""


@dataclass(frozen=True, slots=True)
class Office:
    """Whose dossiers are counted. What is None the regime says."""

    hours: OfficeHours | None = None
    calendar: str | None = None
    time_zone: str | None = None
    is_pledged_same_day: bool = False
    keeps_friday: bool = True


class Counter:
    """One regime at one office; what was counted is remembered by arrival."""

    def __init__(self, rule_book: RuleBook, regime_name: str, office: Office) -> None:
        """Raises `NoRuleError` for a regime or calendar that the rule book does not have."""
        self.regime: Regime = rule_book.regime(regime_name)
        self.calendar: WorkingCalendar = rule_book.calendar(office.calendar or self.regime.calendar)
        self.zone = ZoneInfo(office.time_zone or self.regime.time_zone)
        self._office = office
        self._figures: dict[date, Figures] = {}
        self._terms: dict[tuple[str, int], Terms] = {}
        self._reckoned: dict[tuple[Terms, Arrival], Reckoning] = {}

    def count(self, received_at: datetime, limit: str) -> Reckoning:
        """When a dossier received at a local time is due.

        Raises `LimitError`, `NoRuleError` and `CalendarEndsError`.
        """
        terms = self._terms_on(received_at.date(), limit)
        begins = counts_from(terms, received_at)
        arrival = arrive(terms.timetable, terms.figures.cut_off, begins)
        if hangs_on_the_moment(terms):
            return reckon_moment(terms, arrival, received_at)
        found = self._reckoned.get((terms, arrival))
        if found is None:
            found = self._reckoned[terms, arrival] = reckon_days(terms, arrival)
        return found

    def local(self, at: datetime) -> datetime:
        """An instant, or a local time, as the office's clock shows it.

        Raises `LocalTimeError` for a local time that was skipped when the clocks went forward.
        """
        if at.tzinfo is not None:
            return at.astimezone(self.zone).replace(tzinfo=None)
        before, after = self.zone.utcoffset(at), self.zone.utcoffset(at.replace(fold=1))
        # Python gives a skipped time the offset before the change, or with `fold` the one after it.
        assert before is not None and after is not None  # a zone has one at every local time
        if before < after:
            raise LocalTimeError(f"{at.isoformat()} does not exist in {self.zone.key}")
        return at

    def instant(self, local: datetime) -> datetime:
        """A local time of the office as an instant; of two alike, the first."""
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def with_offset(self, local: datetime | None) -> str | None:
        """A local time of the office in ISO 8601, with its offset."""
        return None if local is None else local.replace(tzinfo=self.zone).isoformat()

    def _terms_on(self, received_on: date, limit: str) -> Terms:
        figures = self._figures.get(received_on)
        if figures is None:
            figures = self._figures[received_on] = self.regime.on(received_on)
        key = (limit, id(figures))
        found = self._terms.get(key)
        if found is None:
            found = self._terms[key] = self._new_terms(figures, limit)
        return found

    def _new_terms(self, figures: Figures, text: str) -> Terms:
        kind, amount = parse_limit(text)
        self.regime.refuse_unknown(kind)
        return Terms(
            timetable=timetable(self.calendar, self._office.hours or figures.default_hours),
            figures=figures,
            limit=Limit(self.calendar.first_on, None, kind, amount, self.regime.name),
            is_pledged_same_day=self._office.is_pledged_same_day,
            keeps_friday=self._office.keeps_friday,
            ladder=figures.ladder,
        )


def parse_limit(text: str) -> tuple[LimitKind, int]:
    """`same-day`, `3d` (working days) or `8h` (working hours). Raises `LimitError`."""
    found = LIMIT.fullmatch(text)
    if found is None:
        raise LimitError(text)
    if found[1] is None:
        return LimitKind.SAME_DAY, 0
    kinds: Mapping[str, LimitKind] = {"d": LimitKind.WORKING_DAYS, "h": LimitKind.HOURS}
    return kinds[found[2]], int(found[1])
