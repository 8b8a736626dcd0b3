"""What is known of agencies and procedures, held in memory, and what it makes of a receipt.

A directory is never changed: one with changes is another directory, with a fresh memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from services.deadline.domain.clocks import AnyClock, Clock, ClockKind, Dues, PastGeneration
from services.deadline.domain.explanation import Step
from services.deadline.domain.ladder import Call, Ladder
from services.deadline.domain.promises import (
    Limit,
    Pledge,
    limit_in_force,
    pledge_in_force,
)
from services.deadline.domain.reckoning import (
    Terms,
)
from services.deadline.domain.rules import Figures, LimitKind, RuleBook, Supplement, Wait
from services.deadline.domain.rungs import (
    NO_RUNGS,
    Rang,
)
from services.deadline.domain.working_time import Timetable, timetable
from services.deadline.usecases.bound_terms import (
    Bound,
    dues_of,
    dues_resumed,
    dues_resumed_again,
)
from services.deadline.usecases.explanations import to_json

REMEMBERED = 50_000
"""Terms kept in memory; beyond, it starts afresh."""


class NotHeardError(LookupError):
    """An agency or procedure that nothing has been heard of yet; `waits_for` is `topic/subject`."""

    def __init__(self, topic: str, subject: str) -> None:
        super().__init__(f"nothing was heard yet of {topic}/{subject}")
        self.waits_for = f"{topic}/{subject}"


@dataclass(frozen=True, slots=True)
class Agency:
    """What deadline needs to know of an agency."""

    agency: str
    zone: ZoneInfo
    calendar: str
    pledges: tuple[Pledge, ...]


@dataclass(frozen=True, slots=True)
class Procedure:
    """What deadline needs to know of a procedure."""

    procedure: str
    limits: tuple[Limit, ...]


class Directory:
    """Agencies and procedures, under one rule book."""

    def __init__(
        self,
        rule_book: RuleBook,
        agencies: Mapping[str, Agency],
        procedures: Mapping[str, Procedure],
    ) -> None:
        self.rule_book = rule_book
        self._agencies = agencies
        self._procedures = procedures
        self._ladders: dict[tuple[str, str, date], Ladder] = {}
        self._bound: dict[tuple[str, ClockKind, str | None, date], Bound] = {}

    def with_changes(
        self, agencies: Mapping[str, Agency], procedures: Mapping[str, Procedure]
    ) -> "Directory":
        """This directory and what is new; itself when nothing is."""
        if not agencies and not procedures:
            return self
        return Directory(
            self.rule_book, {**self._agencies, **agencies}, {**self._procedures, **procedures}
        )

    def under(self, rule_book: RuleBook) -> "Directory":
        """This directory under another rule book."""
        return Directory(rule_book, self._agencies, self._procedures)

    def agency(self, agency: str) -> Agency:
        """Raises `NotHeardError`."""
        if agency not in self._agencies:
            raise NotHeardError("agencies", agency)
        return self._agencies[agency]

    def timetable(self, agency: str, received_at: datetime) -> Timetable:
        """The working time an agency kept on the day of receipt. Raises `NotHeardError`."""
        known = self.agency(agency)
        return self._timetable(known, received_at.astimezone(known.zone).date())

    def is_open(self, clock: Clock, at: datetime) -> bool:
        """Whether the office that a clock is reckoned by works at an instant. Raises `NotHeardError`."""
        office = self.timetable(clock.receiving_agency, clock.received_at)
        zone = self.agency(clock.receiving_agency).zone
        return office.is_working_time(at.astimezone(zone).replace(tzinfo=None))

    def next_open(self, clock: Clock, at: datetime) -> datetime:
        """`at` when that office works then, else its next opening."""
        if self.is_open(clock, at):
            return at
        office = self.timetable(clock.receiving_agency, clock.received_at)
        zone = self.agency(clock.receiving_agency).zone
        opening = office.next_working_moment(at.astimezone(zone).replace(tzinfo=None))
        return opening.replace(tzinfo=zone).astimezone(UTC)

    def calls(self, clock: AnyClock, rang: Rang) -> Call:
        """Whom a rung calls, as the receiving agency had it registered on the day of receipt.

        A regime that the rule book has lost calls whom the default one does: an alarm must ring.
        Raises `NotHeardError`.
        """
        known = self.agency(clock.receiving_agency)
        key = known.agency, clock.regime, clock.received_at.astimezone(known.zone).date()
        found = self._ladders.get(key)
        return (self._ladder_of(known, *key[1:]) if found is None else found).calls(rang.rung)

    def _ladder_of(self, known: Agency, regime_name: str, received_on: date) -> Ladder:
        regimes = self.rule_book.regimes
        regime = regimes[regime_name if regime_name in regimes else self.rule_book.default_regime]
        found = _ladder(regime.on(received_on), pledge_in_force(known.pledges, received_on))
        if len(self._ladders) >= REMEMBERED:
            self._ladders.clear()
        self._ladders[known.agency, regime_name, received_on] = found
        return found

    def dues(
        self, agency: str, procedure: str, received_at: datetime, complete_at: datetime
    ) -> Dues:
        """When a dossier is due, by what was in force when it was received (rule 13).

        Raises `NotHeardError`, `NoRuleError`, `CalendarEndsError`.
        """
        return self._reckoned("dossier", agency, procedure, received_at, complete_at)

    def forwarding_dues(self, agency: str, received_at: datetime, complete_at: datetime) -> Dues:
        """When its counter must have forwarded a dossier (rule 22). Raises as `dues` does."""
        return self._reckoned("forwarding", agency, None, received_at, complete_at)

    def wait_dues(
        self, wait: Wait, agency: str, received_at: datetime, begins_at: datetime
    ) -> Dues:
        """When something else that waits for an office is due, by the default regime's limits.

        `received_at` chooses the rules, `begins_at` is counted from. Raises as `dues` does.
        """
        return self._reckoned(wait.value, agency, None, received_at, begins_at)

    def leg_dues(self, dossier: Clock, agency: str, begins_at: datetime) -> Dues:
        """When an agency must be done with a dossier that it was handed: by its leg's own hours, or,
        where the procedure has none, when the dossier itself is due; that rings no alarm of its own.

        Raises as `dues` does.
        """
        known = self.agency(agency)
        received_on = dossier.received_at.astimezone(known.zone).date()
        if self._procedure_limit(dossier.procedure, received_on).leg_hours is not None:
            received_at, procedure = dossier.received_at, dossier.procedure
            return self._reckoned("transfer_leg", agency, procedure, received_at, begins_at)

        def local(at: datetime) -> datetime:
            return at.astimezone(known.zone).replace(tzinfo=None)

        due = dossier.dues.legal_due
        step = Step("leg_of_dossier", local(begins_at), local(due or begins_at))
        return dossier.dues._replace(
            pledge_due=None,
            appointment_at=due,
            rungs=NO_RUNGS,
            steps=to_json((step,) if due is not None else ()),
        )

    def forwards(self, agency: str, received_at: datetime) -> bool:
        """Whether the agency's counter records when it forwards a dossier. Raises `NotHeardError`."""
        known = self.agency(agency)
        pledge = pledge_in_force(known.pledges, received_at.astimezone(known.zone).date())
        return pledge is not None and pledge.forwards

    def _reckoned(
        self,
        kind: ClockKind,
        agency: str,
        procedure: str | None,
        received_at: datetime,
        begins_at: datetime,
    ) -> Dues:
        zone = self.agency(agency).zone
        local = begins_at.astimezone(zone).replace(tzinfo=None)
        received_on = (
            local.date() if received_at == begins_at else received_at.astimezone(zone).date()
        )
        return dues_of(self._bound_to(kind, agency, procedure, received_on), local)

    def dues_after_supplement(self, clock: Clock, supplemented_at: datetime) -> Dues:
        """When what stopped for a supplement is due once that has come, by the rules of its receipt:
        counted from zero, or later by the working time it was waited for (rule 21)."""
        agency, kind, procedure = clock.receiving_agency, clock.kind, clock.procedure
        received_on = clock.received_at.astimezone(self.agency(agency).zone).date()
        bound = self._bound_to(kind, agency, procedure, received_on)
        if bound.terms.figures.supplement is Supplement.RESTART or clock.stopped_at is None:
            return self._reckoned(kind, agency, procedure, clock.received_at, supplemented_at)
        return dues_resumed(bound, clock, clock.stopped_at, supplemented_at)

    def dues_again(
        self, clock: Clock, past: Sequence[PastGeneration], dossier: Clock | None
    ) -> Dues:
        """What an open clock's present generation is due by today's calendars and rules, counted from
        where it began. `past` are its earlier generations; `dossier` the dossier's own clock, which a
        leg without hours follows.

        Raises `NotHeardError`, `NoRuleError`, `CalendarEndsError`, `OfficeHoursError`.
        """
        if clock.kind == "transfer_leg" and dossier is not None:
            return self.leg_dues(dossier, clock.agency, clock.complete_at)
        kind, agency, procedure = clock.kind, clock.receiving_agency, clock.procedure
        received_at, begun_at = clock.received_at, clock.complete_at
        zone = self.agency(agency).zone
        bound = self._bound_to(kind, agency, procedure, received_at.astimezone(zone).date())
        waited = [before for before in past if before.stopped_at is not None]
        if bound.terms.figures.supplement is Supplement.RESTART or not waited:
            return self._reckoned(kind, agency, procedure, received_at, begun_at)
        return dues_resumed_again(bound, waited, begun_at)

    def _bound_to(
        self, kind: ClockKind, agency: str, procedure: str | None, received_on: date
    ) -> Bound:
        bound = self._bound.get((agency, kind, procedure, received_on))
        return self._bind(kind, agency, procedure, received_on) if bound is None else bound

    def _bind(
        self, kind: ClockKind, agency: str, procedure: str | None, received_on: date
    ) -> Bound:
        known = self.agency(agency)
        limit = self._limit(kind, procedure, received_on)
        regime = self.rule_book.regime(limit.regime)
        if kind == "dossier":
            regime.refuse_unknown(limit.kind)
        pledge = pledge_in_force(known.pledges, received_on)
        office = self._timetable(known, received_on)
        terms = Terms(
            timetable=office,
            figures=regime.on(received_on),
            limit=limit,
            is_pledged_same_day=(
                kind == "dossier" and pledge is not None and procedure in pledge.same_day
            ),
            keeps_friday=pledge is not None and pledge.keeps_friday,
            ladder=_ladder(regime.on(received_on), pledge),
        )
        bound = Bound(terms, kind, known.zone, regime.name, regime.version, office.calendar.version)
        if len(self._bound) >= REMEMBERED:
            self._bound.clear()
        self._bound[agency, kind, procedure, received_on] = bound
        return bound

    def _limit(self, kind: ClockKind, procedure: str | None, received_on: date) -> Limit:
        if kind == "dossier":
            return self._procedure_limit(procedure, received_on)
        if kind == "transfer_leg":
            limit = self._procedure_limit(procedure, received_on)
            assert limit.leg_hours is not None  # else the leg is due with the dossier
            return replace(limit, kind=LimitKind.HOURS, amount=limit.leg_hours)
        regime = self.rule_book.regime(self.rule_book.default_regime)
        if kind == "forwarding":
            return Limit(received_on, None, LimitKind.SAME_DAY, 0, regime.name)
        wait = regime.on(received_on).waits[Wait(kind)]
        return Limit(received_on, None, wait.kind, wait.amount, regime.name)

    def _procedure_limit(self, procedure: str | None, received_on: date) -> Limit:
        assert procedure is not None  # only what is not of a dossier has none
        if procedure not in self._procedures:
            raise NotHeardError("procedures", procedure)
        return limit_in_force(procedure, self._procedures[procedure].limits, received_on)

    def _timetable(self, known: Agency, received_on: date) -> Timetable:
        pledge = pledge_in_force(known.pledges, received_on)
        if pledge is not None:
            hours = pledge.hours
        else:
            regime = self.rule_book.regime(self.rule_book.default_regime)
            hours = regime.on(received_on).default_hours
        return timetable(self.rule_book.calendar(known.calendar), hours)


def _ladder(figures: Figures, pledge: Pledge | None) -> Ladder:
    return figures.ladder if pledge is None else figures.ladder.with_own(pledge.rungs)
