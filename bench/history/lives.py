"""Dossiers that live from submission to return, set after set, each step durable: what one costs."""

from dataclasses import dataclass
from time import perf_counter

from bench.contestant import Result, contest
from bench.history.town import open_town


@dataclass(frozen=True, slots=True)
class Errand:
    """The services' addresses by name, how many sets, and how many dossiers live at once in each."""

    dsns: dict[str, str]
    sets: int
    dossiers: int


async def live(errand: Errand) -> Result:
    """The first set, which opens connections and prepares statements, is not counted."""
    async with open_town(errand.dsns) as town:
        await town.live(errand.dossiers)
        began = perf_counter()
        for _ in range(errand.sets):
            await town.live(errand.dossiers)
        return Result(errand.sets * errand.dossiers, perf_counter() - began)


if __name__ == "__main__":
    contest(Errand, live)
