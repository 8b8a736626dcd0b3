"""What agencies and procedures are on the wire, in the domain's words."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.deadline.domain import office_hours as office
from services.deadline.domain.ladder import Call, Rung, RungRule, refuse_bad_rungs, when_of
from services.deadline.domain.promises import Limit, Pledge
from services.deadline.domain.rules import LimitKind, NoRuleError, RuleBook
from services.deadline.domain.working_time import timetable
from services.deadline.usecases.directory import Agency, Procedure
from shared.events import agencies
from shared.events.agencies import AgencyRegistered
from shared.events.procedures import ProcedureRegistered


def known_agency(event: AgencyRegistered, rule_book: RuleBook) -> Agency:
    """An agency as registered. Raises `NoRuleError` for a calendar or time zone that we do not know,
    `OfficeHoursError` for hours that nobody can keep, `LadderError` for a rung that cannot ring so."""
    calendar = rule_book.calendar(event.calendar)
    try:
        zone = ZoneInfo(event.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise NoRuleError(f"time zone {event.time_zone!r} is not known") from error
    pledges = tuple(_pledge(pledge) for pledge in event.pledges)
    for pledge in pledges:
        timetable(calendar, pledge.hours)
    return Agency(event.agency, zone, event.calendar, pledges)


def known_procedure(event: ProcedureRegistered, rule_book: RuleBook) -> Procedure:
    """A procedure as registered. Raises `NoRuleError` for a regime the rule book does not have."""
    for limit in event.limits:
        rule_book.regime(limit.regime)
    limits = tuple(
        Limit(
            valid_from=limit.valid_from,
            valid_to=limit.valid_to,
            kind=LimitKind(limit.kind),
            amount=limit.amount,
            regime=limit.regime,
            leg_hours=limit.leg_hours,
        )
        for limit in event.limits
    )
    return Procedure(event.procedure, limits)


def _pledge(pledge: agencies.Pledge) -> Pledge:
    hours: dict[str, tuple[office.Shift, ...]] = {
        weekday: tuple(office.Shift(shift.opens, shift.closes) for shift in shifts)
        for weekday, shifts in pledge.hours.items()
    }
    return Pledge(
        version=pledge.version,
        valid_from=pledge.valid_from,
        valid_to=pledge.valid_to,
        hours=office.office_hours(hours),
        same_day=frozenset(pledge.same_day),
        keeps_friday=pledge.keeps_friday,
        forwards=pledge.forwards,
        rungs=_rungs(pledge.ladder),
    )


def _rungs(own: Sequence[agencies.LadderRung]) -> dict[Rung, RungRule]:
    rungs = {Rung(rung.rung): _rung_rule(rung) for rung in own}
    refuse_bad_rungs(rungs)
    return rungs


def _rung_rule(rung: agencies.LadderRung) -> RungRule:
    when = when_of(rung.share, rung.working_days_before, rung.working_hours_before)
    return RungRule(Call(rung.calls), when)
