"""businesstimedelta with the same hours and holidays; it counts working time, and knows no swaps."""

from datetime import UTC, datetime, time
from time import perf_counter

import businesstimedelta
import holidays

from bench.contestant import Result, contest
from bench.dues.cases import BEGIN, Errand, cases
from services.deadline.adapters.rule_book import read_rule_book
from services.deadline.usecases.counting import Counter, Office

WORKED = [0, 1, 2, 3, 4]


async def work(errand: Errand) -> Result:
    rules = businesstimedelta.Rules(
        [
            businesstimedelta.WorkDayRule(time(7), time(17), WORKED),
            businesstimedelta.LunchTimeRule(time(11, 30), time(13, 30), WORKED),
            businesstimedelta.HolidayRule(
                holidays.country_holidays("VN", years=range(BEGIN.year, BEGIN.year + 4))
            ),
        ]
    )
    given = cases(errand)
    spans = {
        limit: businesstimedelta.BusinessTimeDelta(rules, hours=int(limit[:-1]))
        for limit in {limit for _, limit in given}
    }
    began = perf_counter()
    dues = [received_at + spans[limit] for received_at, limit in given]
    took = perf_counter() - began
    _refuse_others(given, dues)
    return Result(len(given), took)


def _refuse_others(given: list[tuple[datetime, str]], dues: list[datetime]) -> None:
    """Both must have found the same dates, or they have not done the same work."""
    counter = Counter(read_rule_book(), "nd61", Office())
    for (received_at, limit), due in zip(given, dues, strict=True):
        ours = counter.count(received_at, limit).legal_due
        if ours != due.astimezone(UTC).replace(tzinfo=None):
            raise RuntimeError(f"{limit} from {received_at}: {due}, and not {ours}")


if __name__ == "__main__":
    contest(Errand, work)
