"""What a log promised, as limits: per procedure the number of working days promised most often."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from deploy.local.replaying.log import Case
from deploy.local.replaying.office import Office

LARGEST_LIMIT = 3_650

ONE_DAY = timedelta(days=1)
ONE_MINUTE = timedelta(minutes=1)


def promised_working_days(case: Case, office: Office) -> int | None:
    """How many working days a case was promised; None where nothing (sensible) was promised."""
    if case.promised_at is None:
        return None
    days = office.working_days_between(office.first_day(case.received_at), case.promised_at.date())
    return days if 0 <= days <= LARGEST_LIMIT else None


def promised_plain_days(case: Case) -> int | None:
    """How many times 24 hours a case was promised by the clock on the wall, to the minute; None where
    the promise is no such number of days."""
    if case.promised_at is None:
        return None
    days, rest = divmod(case.promised_at - case.received_at + ONE_MINUTE, ONE_DAY)
    return days if days > 0 and rest <= 2 * ONE_MINUTE else None


def promised_in_plain_days(cases: Sequence[Case], office: Office) -> frozenset[str]:
    """The procedures for which one number of plain days was promised oftener than any of working days."""
    most_plain = _most(cases, promised_plain_days)
    most_working = _most(cases, lambda case: promised_working_days(case, office))
    return frozenset(
        procedure for procedure, most in most_plain.items() if most > most_working[procedure]
    )


def _most(cases: Sequence[Case], promised: Callable[[Case], int | None]) -> Counter[str]:
    """How often each procedure's most frequent promise was made."""
    times = Counter(
        (case.procedure, days) for case in cases if (days := promised(case)) is not None
    )
    most: Counter[str] = Counter()
    for (procedure, _), often in times.items():
        most[procedure] = max(most[procedure], often)
    return most


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
