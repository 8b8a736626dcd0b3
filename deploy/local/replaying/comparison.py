"""How the deadlines that were reckoned compare with those the log promised, and why they differ."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from deploy.local.replaying.limits import promised_working_days
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


@dataclass(slots=True)
class Comparison:
    """Counts of promised cases, and for each outcome the reasons."""

    compared: int = 0
    unpromised: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, outcome: str, reason: str | None) -> None:
        """Count one case."""
        self.compared += 1
        self.outcomes[outcome] += 1
        if reason is not None:
            self.reasons.setdefault(outcome, Counter())[reason] += 1


async def compare(
    cases: Sequence[Case], limits: Mapping[str, int | None], office: Office, dsn: str
) -> Comparison:
    """Compare every case that was promised something. `dsn` is the role ledger's."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(DUES)
    finally:
        await connection.close()
    dues: dict[str, datetime | None] = {row["reference"]: row["legal_due"] for row in rows}
    comparison = Comparison()
    for case in cases:
        if case.promised_at is None:
            comparison.unpromised += 1
        elif case.reference in dues:
            outcome = _outcome(case.promised_at, dues[case.reference])
            reason = _reason(case, case.promised_at, outcome, limits[case.procedure], office)
            comparison.note(outcome, reason)
    return comparison


def _outcome(promised_at: datetime, due: datetime | None) -> str:
    if due is None:
        return NONE
    local = due.astimezone(promised_at.tzinfo)
    if local.replace(second=0) == promised_at.replace(second=0):
        return SAME_MINUTE
    if local.date() == promised_at.date():
        return SAME_DAY
    return EARLIER if local.date() < promised_at.date() else LATER


def _reason(
    case: Case, promised_at: datetime, outcome: str, limit: int | None, office: Office
) -> str | None:
    """The first thing that explains why they are not the same."""
    if outcome == SAME_MINUTE:
        return None
    if outcome == SAME_DAY:
        return "NĐ 61 ends the last day at closing; the log kept the time of day"
    if outcome == NONE:
        return "nothing sensible was promised often enough to be the procedure's limit"
    if promised_working_days(case, office) != limit:
        return "this case was promised another number of days than is usual for its type"
    if office.first_day(case.received_at) != case.received_at.date():
        return (
            "came after closing: the log began to count on the next working day, NĐ 61 on this one"
        )
    if limit == 0:
        return "same-day and after 15:00: NĐ 61 gives the next working day"
    if not office.is_working_day(promised_at.date()):
        return "the log promised a day that is not worked"
    return "the calendars differ on a day in between"
