"""The ladder of alarms as a rule: when each rung rings, and whom it calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Rung(StrEnum):
    """In the order in which rungs of one instant ring."""

    AT_RISK = "at_risk"
    APOLOGY = "apology"
    """Mẫu 04 must leave now: an apology, with the reason and a new date (NĐ 61/2018 art. 19.9)."""
    PLEDGE_MISSED = "pledge_missed"
    BREACH = "breach"
    REAPPOINTMENT_MISSED = "reappointment_missed"
    """The new date that Mẫu 04 gave has passed as well."""


class Call(StrEnum):
    """Who is called: the officer at work, the head of the unit, the town above it."""

    OFFICER = "officer"
    HEAD_OF_UNIT = "head_of_unit"
    TOWN = "town"


@dataclass(frozen=True, slots=True)
class Share:
    """After this share of the working time up to the appointment."""

    of: Fraction


@dataclass(frozen=True, slots=True)
class WorkingDaysBefore:
    """When the office opens, so many working days before the day it is due."""

    days: int


@dataclass(frozen=True, slots=True)
class WorkingHoursBefore:
    """So many working hours before it is due."""

    hours: int


When = Share | WorkingDaysBefore | WorkingHoursBefore


class LadderError(ValueError):
    """A rung that cannot ring as it says; the message names the rung and the rule."""


def when_of(share: str | None, days: int | None, hours: int | None) -> When | None:
    """The one of the three that is said; None where none is. Raises `LadderError` for several."""
    if sum(said is not None for said in (share, days, hours)) > 1:
        raise LadderError("a rung says one of: share, working_days_before, working_hours_before")
    if share is not None:
        return Share(Fraction(share))
    if days is not None:
        return WorkingDaysBefore(days)
    return None if hours is None else WorkingHoursBefore(hours)


@dataclass(frozen=True, slots=True)
class RungRule:
    """One rung: whom it calls, and when, where that is not simply once its date has passed."""

    calls: Call
    when: When | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """Every rung's rule."""

    rules: Mapping[Rung, RungRule]

    def calls(self, rung: Rung) -> Call:
        return self.rules[rung].calls

    def when(self, rung: Rung) -> When | None:
        return self.rules[rung].when

    def with_own(self, own: Mapping[Rung, RungRule]) -> "Ladder":
        """This ladder with a unit's own rungs in place of some."""
        return Ladder({**self.rules, **own}) if own else self


def ladder(rules: Mapping[Rung, RungRule]) -> Ladder:
    """A whole ladder. Raises `LadderError` for a rung that is missing or cannot ring so."""
    for rung in Rung:
        if rung not in rules:
            raise LadderError(f"{rung} is missing; a ladder says whom each rung calls")
    refuse_bad_rungs(rules)
    return Ladder(dict(rules))


def refuse_bad_rungs(rules: Mapping[Rung, RungRule]) -> None:
    """Raises `LadderError`.

    `at_risk` says when. `apology` says it in working days: by rule 23 it rings no later than one
    working day before due, which a share or hours cannot promise. The others ring once their date
    has passed, and say nothing.
    """
    for rung, rule in rules.items():
        match rung, rule.when:
            case Rung.AT_RISK, None:
                raise LadderError("at_risk must say when it rings: a share, days or hours before")
            case Rung.AT_RISK, Share(share) if not 0 < share < 1:
                raise LadderError(f"at_risk: the share {share} is not between 0 and 1")
            case Rung.APOLOGY, when if not isinstance(when, WorkingDaysBefore):
                raise LadderError(
                    "apology rings whole working days before due, at least one (NĐ 61/2018 art. 19.9)"
                )
            case ((Rung.AT_RISK | Rung.APOLOGY), _):
                continue
            case _, None:
                continue
            case _:
                raise LadderError(f"{rung} rings once its date has passed; it takes no other time")
