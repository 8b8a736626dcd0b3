"""Which blow falls when: drawn from a seed, so that a campaign can be fought again."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

Victim = tuple[str, int]
"""A service and the number of its process."""

LONGEST_LULL_SECONDS = 2.5
LONGEST_ABSENCE_SECONDS = 1.0
MOST_CUTS = 5


class Kind(StrEnum):
    """What can be done to the stack; the values are what the summary calls it."""

    KILL = "a service killed"
    KILL_TWO = "two killed at once"
    TAKE_OVER = "killed and kept down: its replica takes over"
    DATABASE = "database connections cut"
    NO_RULE = "poison: no rule covers the dossier"
    ILLEGAL = "poison: a foreign event that may not follow"
    UNDECODABLE = "a record that nobody can decode"
    UNKNOWN = "an event of a later version"
    OUTAGE = "the broker gone"


KILLS = frozenset({Kind.KILL, Kind.KILL_TWO, Kind.TAKE_OVER})
POISONS = (Kind.NO_RULE, Kind.UNDECODABLE, Kind.ILLEGAL, Kind.UNKNOWN)
SHORT_KILLS, SHORT_POISONS = 5, 2
"""A campaign of few kills has few poisons."""


@dataclass(frozen=True, slots=True)
class Blow:
    """One round: after a lull, what is struck, and for how long it stays down."""

    kind: Kind
    lull_seconds: float
    victims: tuple[Victim, ...] = ()
    absence_seconds: float = 0.0
    cuts: int = 0
    """How often each service's database connections are cut."""


def draw_plan(
    kills: int, processes: Sequence[Victim], chance: Random, *, can_lose_broker: bool
) -> list[Blow]:
    """`kills` rounds of SIGKILL, and among them every other kind of blow at least once.

    A short campaign leaves out the last of POISONS.
    """
    blows = [_kill(number, processes, chance) for number in range(1, kills + 1)]
    poisons = POISONS[:SHORT_POISONS] if kills < SHORT_KILLS else POISONS
    others = [Kind.DATABASE] * max(1, kills // 5) + list(poisons)
    if can_lose_broker:
        others.append(Kind.OUTAGE)
    for kind in others:
        # Never last: what it leaves behind must live through another round.
        blows.insert(chance.randrange(len(blows)), _other(kind, processes, chance))
    return blows


def _kill(number: int, processes: Sequence[Victim], chance: Random) -> Blow:
    """Every third round two at once, every seventh one that stays down until another takes over."""
    if number % 7 == 0:
        kind, victims = Kind.TAKE_OVER, [chance.choice(_replicated(processes))]
    elif number % 3 == 0:
        kind, victims = Kind.KILL_TWO, chance.sample(list(processes), 2)
    else:
        kind, victims = Kind.KILL, [chance.choice(list(processes))]
    absence = chance.uniform(0, LONGEST_ABSENCE_SECONDS)
    return Blow(kind, _lull(chance), tuple(victims), absence)


def _other(kind: Kind, processes: Sequence[Victim], chance: Random) -> Blow:
    if kind is Kind.DATABASE:
        return Blow(kind, _lull(chance), cuts=chance.randint(2, MOST_CUTS))
    if kind is Kind.OUTAGE:
        return Blow(kind, _lull(chance), (chance.choice(list(processes)),))
    return Blow(kind, _lull(chance))


def _replicated(processes: Sequence[Victim]) -> list[Victim]:
    several = {service for service, number in processes if number > 0}
    return [victim for victim in processes if victim[0] in several]


def _lull(chance: Random) -> float:
    return chance.uniform(0.1, LONGEST_LULL_SECONDS)
