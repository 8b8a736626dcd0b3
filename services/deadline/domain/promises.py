"""What binds an agency: the limits of its procedures, its pledges, each with its period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.deadline.domain.ladder import Rung, RungRule
from services.deadline.domain.office_hours import OfficeHours
from services.deadline.domain.rules import LimitKind, NoRuleError


@dataclass(frozen=True, slots=True)
class Limit:
    """A procedure's time limit, for dossiers received from `valid_from` to `valid_to`."""

    valid_from: date
    valid_to: date | None
    kind: LimitKind
    amount: int
    regime: str
    leg_hours: int | None = None
    """Working hours for each agency the dossier is transferred to."""


@dataclass(frozen=True, slots=True)
class Pledge:
    """What an agency promises beyond the law, for a period."""

    version: int
    valid_from: date
    valid_to: date | None
    hours: OfficeHours
    same_day: frozenset[str]
    keeps_friday: bool
    forwards: bool = False
    """Its counter records when it forwards a dossier."""
    rungs: Mapping[Rung, RungRule] = field(default_factory=dict)
    """The unit's own; the others are the regime's."""


def limit_in_force(procedure: str, limits: Sequence[Limit], received_on: date) -> Limit:
    """The limit on the day of receipt (rule 13): a later one leaves open dossiers untouched.

    Where periods overlap, the one that began last. Raises `NoRuleError` when there is none.
    """
    in_force = [limit for limit in limits if _covers(limit, received_on)]
    if not in_force:
        raise NoRuleError(f"procedure {procedure} has no limit in force on {received_on}")
    return max(in_force, key=lambda limit: limit.valid_from)


def pledge_in_force(pledges: Sequence[Pledge], received_on: date) -> Pledge | None:
    """The newest version whose period holds the day of receipt; None where nothing is pledged."""
    in_force = [pledge for pledge in pledges if _covers(pledge, received_on)]
    return max(in_force, key=lambda pledge: pledge.version, default=None)


def _covers(period: Limit | Pledge, on: date) -> bool:
    return period.valid_from <= on and (period.valid_to is None or on <= period.valid_to)
