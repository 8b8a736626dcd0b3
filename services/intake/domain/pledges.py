"""Pledges: what an agency promises beyond the law, never less than it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from fractions import Fraction
from itertools import pairwise

from services.intake.domain.agencies import Agency
from services.intake.domain.refused import RefusedError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
XIN = ("chao", "loi", "cam-on", "phep")
"""4 xin: xin chào, xin lỗi, xin cảm ơn, xin phép."""
LUON = ("smile", "gentle", "listen", "help")
"""4 luôn: luôn mỉm cười, luôn nhẹ nhàng, luôn lắng nghe, luôn giúp đỡ."""
KHONG = (1, 2, 3, 4, 5)
"""5 không, by their number in the town's plan of 22/01/2024."""
RUNGS = ("at_risk", "apology", "pledge_missed", "breach", "reappointment_missed")
CALLS = ("officer", "head_of_unit", "town")


@dataclass(frozen=True, slots=True)
class Shift:
    """Opening and closing, the agency's local time."""

    opens: time
    closes: time

    @property
    def minutes(self) -> int:
        """How long it lasts, in whole minutes."""
        return _minutes(self.closes) - _minutes(self.opens)


@dataclass(frozen=True, slots=True)
class LadderRung:
    """Whom an alarm calls, and when it rings where that is the unit's to say: after a share of the
    working time ("1/2"), or working days or hours before what is due."""

    rung: str
    calls: str
    share: str | None = None
    working_days_before: int | None = None
    working_hours_before: int | None = None

    @property
    def says_when(self) -> int:
        """How many of the three it says."""
        says = (self.share, self.working_days_before, self.working_hours_before)
        return sum(one is not None for one in says)


@dataclass(frozen=True, slots=True)
class Pledge:
    """One version of an agency's pledge. `valid_to` is its last day, None while open."""

    version: int
    valid_from: date
    valid_to: date | None
    hours: Mapping[str, tuple[Shift, ...]]
    same_day: tuple[str, ...]
    keeps_friday: bool
    xin: tuple[str, ...]
    luon: tuple[str, ...]
    khong: tuple[int, ...]
    forwards: bool = False
    """It records when its counter forwards a dossier to the department."""
    ladder: tuple[LadderRung, ...] = ()
    """The unit's own rungs; the others are the rule book's."""
    congratulates: tuple[str, ...] = ()
    """Procedures whose result comes with a letter of congratulation (thư chúc mừng)."""


@dataclass(frozen=True, slots=True)
class Floor:
    """The least the rules ask of every agency, in force from a day on; each figure with its source."""

    valid_from: date
    weekly_minutes: int
    weekly_minutes_source: str
    open_weekdays: tuple[str, ...]
    open_weekdays_source: str
    open_until: time
    open_until_source: str


def floor_on(day: date, floors: Sequence[Floor]) -> Floor:
    """The floor in force on a day. `floors` from the oldest on; before the first, the first."""
    return next((floor for floor in reversed(floors) if floor.valid_from <= day), floors[0])


def check(
    pledge: Pledge, agency: Agency, known_procedures: Collection[str], floors: Sequence[Floor]
) -> None:
    """A pledge fits the agency, and is never laxer than the rules. Raises `RefusedError` naming the rule.

    Its period lies in the agency's; its promises are those of the plan; its procedures exist; its
    hours are whole, and no shorter than the rules in force on its first day.
    """
    _check_period(pledge, agency)
    _check_promises(pledge)
    _check_ladder(pledge.ladder)
    for field, named in (("same_day", pledge.same_day), ("congratulates", pledge.congratulates)):
        for code in named:
            if code not in known_procedures:
                raise RefusedError(field, code, "no such procedure is registered")
    _check_shifts(pledge.hours)
    _check_hours(pledge.hours, floor_on(pledge.valid_from, floors))


def add(pledges: Sequence[Pledge], new: Pledge) -> tuple[Pledge, ...]:
    """The agency's pledges with a new one, which gets the next version.

    Every day has at most one pledge (rule 13). An open pledge ends the day before a later one
    begins; any other overlap is refused: what was promised for a period stays. Raises `RefusedError`.
    """
    kept = []
    for pledge in pledges:
        if pledge.valid_to is None and pledge.valid_from < new.valid_from:
            pledge = replace(pledge, valid_to=new.valid_from - timedelta(days=1))
        if _overlap(pledge, new):
            until = "" if pledge.valid_to is None else f" to {pledge.valid_to.isoformat()}"
            raise RefusedError(
                "valid_from",
                new.valid_from.isoformat(),
                f"pledge {pledge.version} holds from {pledge.valid_from.isoformat()}{until}; "
                "periods of pledges do not overlap",
            )
        kept.append(pledge)
    version = max((pledge.version for pledge in pledges), default=0) + 1
    return (*kept, replace(new, version=version))


def _overlap(one: Pledge, other: Pledge) -> bool:
    return (one.valid_to is None or other.valid_from <= one.valid_to) and (
        other.valid_to is None or one.valid_from <= other.valid_to
    )


def _check_period(pledge: Pledge, agency: Agency) -> None:
    if pledge.valid_to is not None and pledge.valid_to < pledge.valid_from:
        raise RefusedError("valid_to", pledge.valid_to.isoformat(), "it is before valid_from")
    if pledge.valid_from < agency.valid_from:
        raise RefusedError(
            "valid_from",
            pledge.valid_from.isoformat(),
            f"{agency.code} exists only from {agency.valid_from.isoformat()}",
        )
    if agency.valid_to is not None and pledge.valid_from > agency.valid_to:
        raise RefusedError(
            "valid_from",
            pledge.valid_from.isoformat(),
            f"{agency.code} exists only until {agency.valid_to.isoformat()}",
        )
    if agency.valid_to is not None and (
        pledge.valid_to is None or pledge.valid_to > agency.valid_to
    ):
        raise RefusedError(
            "valid_to",
            None if pledge.valid_to is None else pledge.valid_to.isoformat(),
            f"{agency.code} exists only until {agency.valid_to.isoformat()}",
        )


def _check_promises(pledge: Pledge) -> None:
    promises: tuple[tuple[str, Sequence[object], Sequence[object]], ...] = (
        ("xin", pledge.xin, XIN),
        ("luon", pledge.luon, LUON),
        ("khong", pledge.khong, KHONG),
    )
    for field, made, known in promises:
        for promise in made:
            if promise not in known:
                names = ", ".join(str(name) for name in known)
                raise RefusedError(field, promise, f"the plan knows only: {names}")
        if len(set(made)) < len(made):
            raise RefusedError(field, list(made), "each is promised once")


def _check_ladder(ladder: Sequence[LadderRung]) -> None:
    """Each rung once, known, and at a time at which it can ring (rule 23 for the apology)."""
    for rung in ladder:
        field = f"ladder.{rung.rung}"
        if rung.rung not in RUNGS:
            raise RefusedError("ladder", rung.rung, f"a rung is one of {', '.join(RUNGS)}")
        if rung.calls not in CALLS:
            raise RefusedError(f"{field}.calls", rung.calls, f"it calls one of {', '.join(CALLS)}")
        why = _cannot_ring(rung)
        if why is not None:
            raise RefusedError(field, rung.rung, why)
    rungs = [rung.rung for rung in ladder]
    if len(set(rungs)) < len(rungs):
        raise RefusedError("ladder", rungs, "each rung stands once")


def _cannot_ring(rung: LadderRung) -> str | None:
    if rung.share is not None and not 0 < Fraction(rung.share) < 1:
        return f"the share {rung.share} is not between 0 and 1"
    match rung.rung:
        case "at_risk" if rung.says_when != 1:
            return "it says one of share, working_days_before, working_hours_before"
        case "apology" if rung.says_when != 1 or rung.working_days_before is None:
            return "it rings whole working days before due (NĐ 61/2018 art. 19.9)"
        case "pledge_missed" | "breach" | "reappointment_missed" if rung.says_when:
            return "it rings once its date has passed; it takes no other time"
        case _:
            return None


def _check_shifts(hours: Mapping[str, tuple[Shift, ...]]) -> None:
    for weekday, shifts in hours.items():
        field = f"hours.{weekday}"
        if weekday not in WEEKDAYS:
            raise RefusedError(field, weekday, f"a weekday is one of {', '.join(WEEKDAYS)}")
        for shift in shifts:
            if shift.closes <= shift.opens:
                raise RefusedError(field, _clock(shift.closes), "a shift closes after it opens")
        for before, after in pairwise(shifts):
            if after.opens < before.closes:
                raise RefusedError(
                    field, _clock(after.opens), "shifts follow one another without overlapping"
                )


def _check_hours(hours: Mapping[str, tuple[Shift, ...]], floor: Floor) -> None:
    """No day closed that the rules keep open, no early close, no short week."""
    for weekday in floor.open_weekdays:
        shifts = hours.get(weekday, ())
        if not shifts:
            raise RefusedError(
                f"hours.{weekday}", None, f"the office is open ({floor.open_weekdays_source})"
            )
        if shifts[-1].closes < floor.open_until:
            raise RefusedError(
                f"hours.{weekday}",
                _clock(shifts[-1].closes),
                f"dossiers are taken until {_clock(floor.open_until)} ({floor.open_until_source})",
            )
    minutes = sum(shift.minutes for shifts in hours.values() for shift in shifts)
    if minutes < floor.weekly_minutes:
        raise RefusedError(
            "hours",
            f"{minutes / 60:g} h",
            f"a week has at least {floor.weekly_minutes / 60:g} h ({floor.weekly_minutes_source})",
        )


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _clock(clock: time) -> str:
    return f"{clock:%H:%M}"
