"""The same with few behind it and with very many, in turn: what history costs."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from deploy.local.postgres import Database


class Sizes(Protocol):
    """How many lie behind, and how often each is measured."""

    @property
    def few(self) -> int: ...

    @property
    def many(self) -> int: ...

    @property
    def rounds(self) -> int: ...


@dataclass(slots=True)
class Costs:
    """Milliseconds of one, a figure per round."""

    few: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)


async def measure_few_and_many(
    sizes: Sizes,
    filled: Callable[[int], AbstractAsyncContextManager[Database]],
    measure: Callable[[Database, int], Awaitable[float]],
    tell: Callable[[int, float, int], None],
) -> Costs:
    """Fill a database with few and one with many, and measure one after the other, round after round.

    `measure` is given a database and the round, and returns milliseconds; `tell` the round, what came of
    it, and how many lay behind. Afterwards both are gone.
    """
    costs = Costs()
    async with filled(sizes.few) as few, filled(sizes.many) as many:
        for number in range(1, sizes.rounds + 1):
            for database, count, figures in (
                (few, sizes.few, costs.few),
                (many, sizes.many, costs.many),
            ):
                figures.append(await measure(database, number))
                tell(number, figures[-1], count)
    return costs
