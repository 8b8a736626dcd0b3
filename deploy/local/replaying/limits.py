"""What a log promised, as limits: per procedure the number of working days promised most often."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from deploy.local.replaying.log import Case
from deploy.local.replaying.office import Office

LARGEST_LIMIT = 3_650


def promised_working_days(case: Case, office: Office) -> int | None:
    """How many working days a case was promised; None where nothing (sensible) was promised."""
    if case.promised_at is None:
        return None
    days = office.working_days_between(office.first_day(case.received_at), case.promised_at.date())
    return days if 0 <= days <= LARGEST_LIMIT else None


def usual_limits(cases: Sequence[Case], office: Office) -> Mapping[str, int | None]:
    """Each procedure's limit in working days: the most frequent promise, of equals the shortest."""
    promises: dict[str, Counter[int]] = defaultdict(Counter)
    for case in cases:
        counter = promises[case.procedure]
        days = promised_working_days(case, office)
        if days is not None:
            counter[days] += 1
    return {
        procedure: min(counter, key=lambda days: (-counter[days], days)) if counter else None
        for procedure, counter in promises.items()
    }
