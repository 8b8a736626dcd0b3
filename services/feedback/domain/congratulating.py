"""Letters of congratulation (thư chúc mừng): what a unit pledged them for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Congratulating:
    """In a pledge's period, the procedures whose result is congratulated on. `valid_to` is the last day."""

    valid_from: date
    valid_to: date | None
    procedures: frozenset[str]


def is_congratulated(
    pledged: Sequence[Congratulating], procedure: str | None, received_on: date
) -> bool:
    """Whether the pledge in force on the day of receipt names the procedure (rule 13)."""
    return any(
        one.valid_from <= received_on
        and (one.valid_to is None or received_on <= one.valid_to)
        and procedure in one.procedures
        for one in pledged
    )
