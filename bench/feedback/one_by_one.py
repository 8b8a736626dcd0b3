"""Ratings given one after the other, as the use case gives them, each durable: what one costs."""

from dataclasses import dataclass
from time import perf_counter

from bench.contestant import Result, contest
from bench.feedback.ratings import tokens_of
from services.feedback.adapters.books import begin_on
from services.feedback.domain.ratings import Stars
from services.feedback.usecases.give_rating import give_rating
from shared.clock import SystemClock
from shared.postgres import open_pool

WARM_UP = 50


@dataclass(frozen=True, slots=True)
class Errand:
    dsn: str
    tokens_file: str


async def rate_one_by_one(errand: Errand) -> Result:
    tokens = tokens_of(errand.tokens_file)
    pool = await open_pool(errand.dsn, size=2)
    begin, clock, began = begin_on(pool), SystemClock(), 0.0
    for number, token in enumerate(tokens):
        if number == WARM_UP:
            began = perf_counter()
        async with begin() as books:
            await give_rating(token, Stars(4, 4, 4, 4), books, clock.now())
    ended = perf_counter()
    await pool.close()
    return Result(len(tokens) - WARM_UP, ended - began)


if __name__ == "__main__":
    contest(Errand, rate_one_by_one)
