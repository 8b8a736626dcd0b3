"""Deadline's own counting, as `audit` uses it: one date after the other, with its steps."""

from time import perf_counter

from bench.contestant import Result, contest
from bench.dues.cases import Errand, cases
from services.deadline.adapters.rule_book import read_rule_book
from services.deadline.usecases.counting import Counter, Office


async def work(errand: Errand) -> Result:
    counter = Counter(read_rule_book(), "nd61", Office())
    given = cases(errand)
    began = perf_counter()
    for received_at, limit in given:
        counter.count(received_at, limit)
    return Result(len(given), perf_counter() - began)


if __name__ == "__main__":
    contest(Errand, work)
