"""Terms as they bind one agency's dossiers of one day, and what was reckoned by them already."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from services.deadline.domain.clocks import Clock, ClockKind, Dues, PastGeneration
from services.deadline.domain.reckoning import (
    Arrival,
    Reckoning,
    Terms,
    arrive,
    counts_from,
    hangs_on_the_moment,
    reckon,
    reckon_days,
    reckon_forwarding,
    reckon_moment,
    resume,
)
from services.deadline.domain.rungs import (
    AtRisk,
    apology_at,
    at_risk_of,
    dated_rungs,
)
from services.deadline.usecases.explanations import from_json, to_json


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What all dossiers of one arrival share."""

    dues: Dues
    """As stored."""
    at_risk: AtRisk | None
    """What is missing in them yet, where it hangs on the moment of completion."""


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """Terms with their zone and versions, and what was reckoned by them already."""

    terms: Terms
    kind: ClockKind
    zone: ZoneInfo
    regime: str
    rules_version: str
    calendar_version: str
    reckoned: dict[Arrival, Reckoned] = field(default_factory=dict)


def dues_of(bound: Bound, complete_at: datetime) -> Dues:
    """When what became complete at a local time is due. Raises `CalendarEndsError`."""
    terms = bound.terms
    arrival = arrive(terms.timetable, terms.figures.cut_off, counts_from(terms, complete_at))
    if hangs_on_the_moment(terms):
        reckoned = _as_stored(bound, reckon_moment(terms, arrival, complete_at), arrival.on)
    else:
        found = bound.reckoned.get(arrival)
        if found is None:
            reckon = reckon_forwarding if bound.kind == "forwarding" else reckon_days
            found = _as_stored(bound, reckon(terms, arrival), arrival.on)
            bound.reckoned[arrival] = found
        reckoned = found
    return _with_rungs(bound, reckoned, complete_at)


def dues_resumed(bound: Bound, clock: Clock, stopped_at: datetime, resumed_at: datetime) -> Dues:
    """What a clock was due, and the working time that was waited for (rule 21)."""

    def local(at: datetime | None) -> datetime | None:
        return at and at.astimezone(bound.zone).replace(tzinfo=None)

    stopped, resumed = local(stopped_at), local(resumed_at)
    assert stopped is not None and resumed is not None  # local() keeps what it is given
    before = Reckoning(
        local(clock.dues.legal_due),
        local(clock.dues.pledge_due),
        tuple(from_json(clock.dues.steps)),
    )
    reckoning = resume(bound.terms, before, stopped, resumed)
    reckoned = _as_stored(bound, reckoning, resumed.date())
    return _with_rungs(bound, reckoned, resumed)


def dues_resumed_again(bound: Bound, waited: Sequence[PastGeneration], begun_at: datetime) -> Dues:
    """Counted from the first generation on, each wait for a supplement added."""

    def local(at: datetime) -> datetime:
        return at.astimezone(bound.zone).replace(tzinfo=None)

    begins = [local(before.complete_at) for before in waited] + [local(begun_at)]
    reckoning = reckon(bound.terms, begins[0])
    for before, resumed in zip(waited, begins[1:], strict=True):
        assert before.stopped_at is not None  # else it was not waited for
        reckoning = resume(bound.terms, reckoning, local(before.stopped_at), resumed)
    resumed = begins[-1]
    return _with_rungs(bound, _as_stored(bound, reckoning, resumed.date()), resumed)


def _as_stored(bound: Bound, reckoning: Reckoning, begun_on: date) -> Reckoned:
    legal_due = to_utc(reckoning.legal_due, bound.zone)
    pledge_due = to_utc(reckoning.pledge_due, bound.zone)
    appointment = reckoning.appointment_at
    at_risk = None
    if appointment is not None:
        counts_days = not hangs_on_the_moment(bound.terms)
        at_risk = at_risk_of(bound.terms, appointment, begun_on, counts_days=counts_days)
    rungs = dated_rungs(legal_due, pledge_due)._replace(
        at_risk=None if isinstance(at_risk, AtRisk) else to_utc(at_risk, bound.zone),
        apology=to_utc(_apology_at(bound, reckoning, begun_on), bound.zone),
    )
    dues = Dues(
        legal_due=legal_due,
        pledge_due=pledge_due,
        appointment_at=to_utc(appointment, bound.zone),
        rungs=rungs,
        regime=bound.regime,
        rules_version=bound.rules_version,
        calendar_version=bound.calendar_version,
        steps=to_json(reckoning.steps),
    )
    return Reckoned(dues, at_risk if isinstance(at_risk, AtRisk) else None)


def _apology_at(bound: Bound, reckoning: Reckoning, begun_on: date) -> datetime | None:
    # Mẫu 04 moves the date of a dossier; nothing else has one that a citizen was given.
    if bound.kind != "dossier" or reckoning.legal_due is None:
        return None
    return apology_at(bound.terms, begun_on, reckoning.legal_due)


def _with_rungs(bound: Bound, reckoned: Reckoned, complete_at: datetime) -> Dues:
    if reckoned.at_risk is None:
        return reckoned.dues
    at_risk = to_utc(reckoned.at_risk.at(complete_at), bound.zone)
    return reckoned.dues._replace(rungs=reckoned.dues.rungs._replace(at_risk=at_risk))


def to_utc(local: datetime | None, zone: ZoneInfo) -> datetime | None:
    """An agency's local time as an instant."""
    if local is None:
        return None
    offset = zone.utcoffset(local)
    assert offset is not None  # a zone has one at every local time
    return (local - offset).replace(tzinfo=UTC)
