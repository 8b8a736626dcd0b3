"""How the deadlines that were reckoned compare with those the log promised, and why they differ."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import asyncpg

from deploy.local.replaying.limits import (
    ONE_MINUTE,
    promised_in_plain_days,
    promised_working_days,
)
from deploy.local.replaying.log import Case
from deploy.local.replaying.office import Office

DUES = """
select d.reference, c.legal_due from intake.dossiers d
join deadline.clocks c on c.code = d.code and c.kind = 'dossier'
where d.reference is not null
"""

SAME_MINUTE = "same minute"
SAME_DAY = "same day"
EARLIER = "earlier day"
LATER = "later day"
NONE = "none reckoned"

ANOTHER_NUMBER = "this case was promised another number of days than is usual for its type"


@dataclass(slots=True)
class Comparison:
    """Counts of promised cases, and for each outcome the reasons."""

    compared: int = 0
    unpromised: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    in_working_days: Counter[str] = field(default_factory=Counter)
    """The outcomes for types that are promised working days: what a limit here is counted in."""

    @property
    def as_usual(self) -> int:
        """How many of those were promised the number of days that is their type's limit."""
        others = sum(reasons[ANOTHER_NUMBER] for reasons in self.reasons.values())
        return self.in_working_days.total() - others

    def note(self, outcome: str, reason: str | None, *, in_plain_days: bool) -> None:
        """Count one case."""
        self.compared += 1
        self.outcomes[outcome] += 1
        if not in_plain_days:
            self.in_working_days[outcome] += 1
        if reason is not None:
            self.reasons.setdefault(outcome, Counter())[reason] += 1


class _Pair(NamedTuple):
    """What one case was promised, and what was reckoned for it; times of the log's zone."""

    case: Case
    limit: int | None
    promised_at: datetime
    due: datetime | None
    in_plain_days: bool


async def compare(
    cases: Sequence[Case], limits: Mapping[str, int | None], office: Office, dsn: str
) -> Comparison:
    """Compare every case that was promised something. `dsn` is the role ledger's."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(DUES)
    finally:
        await connection.close()
    return compare_with({row["reference"]: row["legal_due"] for row in rows}, cases, limits, office)


def compare_with(
    dues: Mapping[str, datetime | None],
    cases: Sequence[Case],
    limits: Mapping[str, int | None],
    office: Office,
) -> Comparison:
    """Compare what was reckoned, by the cases' references, with what they were promised."""
    plain = promised_in_plain_days(cases, office)
    comparison = Comparison()
    for case in cases:
        if case.promised_at is None:
            comparison.unpromised += 1
        elif case.reference in dues:
            due = dues[case.reference]
            local = due and due.astimezone(case.promised_at.tzinfo)
            pair = _Pair(
                case, limits[case.procedure], case.promised_at, local, case.procedure in plain
            )
            outcome = _outcome(pair)
            reason = _reason(pair, outcome, office)
            comparison.note(outcome, reason, in_plain_days=pair.in_plain_days)
    return comparison


def _outcome(pair: _Pair) -> str:
    if pair.due is None:
        return NONE
    if abs(pair.due - pair.promised_at) <= ONE_MINUTE:
        return SAME_MINUTE
    if pair.due.date() == pair.promised_at.date():
        return SAME_DAY
    return EARLIER if pair.due < pair.promised_at else LATER


def _reason(pair: _Pair, outcome: str, office: Office) -> str | None:
    """The first thing that explains why they are not the same."""
    case = pair.case
    if outcome == SAME_MINUTE:
        return None
    if pair.due is None:
        return "nothing sensible was promised often enough to be the procedure's limit"
    if pair.in_plain_days:
        return "its type is promised plain days, weekends and nights counted; here a limit is in working days"
    if outcome == SAME_DAY:
        if office.closes_at(pair.due):
            return "the regime ends the last day at closing, the log at a time of day"
        return "this case was promised another time of day than that of its receipt"
    if promised_working_days(case, office) != pair.limit:
        return ANOTHER_NUMBER
    if office.first_day(case.received_at) != case.received_at.date():
        return "came after closing: the log began to count on the next working day, the regime on this one"
    if not office.is_working_day(pair.promised_at.date()):
        return "the log promised a day that is not worked"
    if pair.limit == 0:
        return "same-day, and by the regime too late for its day"
    return "the calendars differ on a day in between"
