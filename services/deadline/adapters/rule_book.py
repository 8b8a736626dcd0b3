"""Reads rules/: figures, calendars and sentences. A mistake names its file, its field and itself."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.deadline.adapters.calendars import CalendarFile, CalendarFileError, working_calendar
from services.deadline.domain.explanation import Sentence
from services.deadline.domain.ladder import Call, LadderError, Rung, RungRule, ladder, when_of
from services.deadline.domain.office_hours import OfficeHours, OfficeHoursError, Shift, office_hours
from services.deadline.domain.rules import (
    DayEnd,
    Figures,
    LimitKind,
    OutsideHours,
    Period,
    Regime,
    RuleBook,
    Supplement,
    Wait,
    WaitLimit,
)
from services.deadline.domain.working_calendar import ONE_DAY, WorkingCalendar

RULES = Path(__file__).parents[1] / "rules"

Status = Literal["law", "seen", "unverified"]


class RuleBookError(ValueError):
    """A file of the rule book that cannot be used."""

    def __init__(self, file: Path, field: str, mistake: str) -> None:
        super().__init__(f"{file.name}: {field}: {mistake}")


class _Dated(BaseModel):
    """One value of a figure, from a day of receipt on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    valid_from: date
    valid_to: date | None = None
    """Until the next value begins, or for ever, where it is left out."""
    source: Annotated[str, Field(min_length=1)]
    status: Status


_D = TypeVar("_D", bound=_Dated)
_T = TypeVar("_T")


class _Time(_Dated):
    value: time


class _WaitLimit(_Dated):
    kind: Literal[LimitKind.WORKING_DAYS, LimitKind.DAYS, LimitKind.HOURS]
    amount: Annotated[int, Field(ge=1)]


class _RungRule(BaseModel):
    """Whom a rung calls, and when where it says so: a share, days or hours before due."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: Call
    share: Annotated[str, Field(pattern=r"^[0-9]+/[1-9][0-9]*$")] | None = None
    working_days_before: Annotated[int, Field(ge=1)] | None = None
    working_hours_before: Annotated[int, Field(ge=1)] | None = None


class _Ladder(_Dated):
    value: dict[Rung, _RungRule]


class _DayEnd(_Dated):
    value: DayEnd


class _OutsideHours(_Dated):
    value: OutsideHours


class _Supplement(_Dated):
    value: Supplement


class _Hours(_Dated):
    value: dict[str, tuple[tuple[time, time], ...]]


class _FigureLists(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    day_end: Annotated[tuple[_DayEnd, ...], Field(min_length=1)]
    outside_hours: Annotated[tuple[_OutsideHours, ...], Field(min_length=1)]
    supplement: Annotated[tuple[_Supplement, ...], Field(min_length=1)]
    cut_off: Annotated[tuple[_Time, ...], Field(min_length=1)]
    ladder: Annotated[tuple[_Ladder, ...], Field(min_length=1)]
    default_hours: Annotated[tuple[_Hours, ...], Field(min_length=1)]


class _RegimeFile(BaseModel):
    """A whole regime: what it `extends` is filled in already."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    regime: str
    title: str
    calendar: str
    time_zone: str
    limits: Annotated[tuple[LimitKind, ...], Field(min_length=1)]
    sources: dict[str, Annotated[str, Field(min_length=1)]] = {}
    figures: _FigureLists
    waits: dict[Wait, Annotated[tuple[_WaitLimit, ...], Field(min_length=1)]] = {}


class _Alarms(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    late_ring_seconds: Annotated[int, Field(ge=0)]


class _BookFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    default_regime: str
    alarms: _Alarms


class _SentenceText(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[str, Field(min_length=1)]
    vi: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


def read_rule_book(directory: Path = RULES) -> RuleBook:
    """The rule book of a directory. Raises `RuleBookError`."""
    book_file = directory / "book.yaml"
    book = _read(book_file, _BookFile)
    calendars = _calendars(directory)
    sentences = _sentences(directory / "explanations.yaml")
    regimes = {}
    for file in _regime_files(directory):
        regime = _regime(file, calendars, sentences)
        if regime.name in regimes:
            raise RuleBookError(file, "regime", f"{regime.name!r} has a file already")
        regimes[regime.name] = regime
    if book.default_regime not in regimes:
        known = ", ".join(sorted(regimes))
        mistake = f"{book.default_regime!r} is no regime of this directory; {known} are"
        raise RuleBookError(book_file, "default_regime", mistake)
    for period in regimes[book.default_regime].periods:
        for wait in Wait:
            if wait not in period.figures.waits:
                field = f"waits.{wait} from {period.valid_from}"
                raise RuleBookError(
                    directory / f"{book.default_regime}.yaml",
                    field,
                    "is missing; the default regime says how long everything may wait",
                )
    return RuleBook(
        regimes=regimes,
        default_regime=book.default_regime,
        calendars=calendars,
        sentences=sentences,
        late_ring_seconds=book.alarms.late_ring_seconds,
    )


def _calendars(directory: Path) -> dict[str, WorkingCalendar]:
    calendars = {}
    for file in sorted((directory / "calendars").glob("*.yaml")):
        try:
            calendar = working_calendar(_read(file, CalendarFile))
        except CalendarFileError as mistake:
            raise RuleBookError(file, mistake.field, str(mistake)) from mistake
        calendars[calendar.name] = calendar
    return calendars


def _regime_files(directory: Path) -> Sequence[Path]:
    """Whole ones first, so that a mistake is found where it stands and not where it is taken over."""
    others = ("book.yaml", "explanations.yaml", "retention.yaml")
    files = [file for file in sorted(directory.glob("*.yaml")) if file.name not in others]
    return sorted(files, key=lambda file: "extends" in (_loaded(file) or {}))


def _regime(
    file: Path, calendars: Mapping[str, WorkingCalendar], sentences: Mapping[str, Sentence]
) -> Regime:
    content = _shaped(file, _whole(file), _RegimeFile)
    if content.calendar not in calendars:
        known = ", ".join(sorted(calendars))
        raise RuleBookError(file, "calendar", f"{content.calendar!r} is none of {known}")
    if content.time_zone not in available_timezones():
        raise RuleBookError(file, "time_zone", f"{content.time_zone!r} is not in the IANA database")
    if strange := sorted(content.sources.keys() - sentences.keys()):
        raise RuleBookError(file, f"sources.{strange[0]}", "no explanation has such a step")
    canonical = orjson.dumps(content.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return Regime(
        name=content.regime,
        version=f"{content.regime}-{sha256(canonical).hexdigest()[:12]}",
        title=content.title,
        calendar=content.calendar,
        time_zone=content.time_zone,
        limits=frozenset(content.limits),
        sources=content.sources,
        periods=_periods(file, content),
    )


def _periods(file: Path, content: _RegimeFile) -> tuple[Period, ...]:
    """Where any figure changes a period begins; the first when every figure has a value, the last
    ends when the first figure does."""
    lists = content.figures
    every: dict[str, Sequence[_Dated]] = {
        f"figures.{name}": getattr(lists, name) for name in type(lists).model_fields
    }
    every |= {f"waits.{wait}": limits for wait, limits in content.waits.items()}
    for field, values in every.items():
        _refuse_disorder(file, field, values)
    begin = max(values[0].valid_from for values in every.values())
    ends = [values[-1].valid_to for values in every.values()]
    end = min((last for last in ends if last is not None), default=None)
    turns = sorted(
        {x.valid_from for values in every.values() for x in values if x.valid_from > begin}
    )
    starts = [begin, *(turn for turn in turns if end is None or turn <= end)]
    stops = [*(turn - ONE_DAY for turn in starts[1:]), end]
    return tuple(
        Period(start, stop, _figures(file, content, start), _sources(every, start))
        for start, stop in zip(starts, stops, strict=True)
    )


def _refuse_disorder(file: Path, field: str, values: Sequence[_Dated]) -> None:
    for place, (value, following) in enumerate(zip(values, [*values[1:], None], strict=True)):
        where = f"{field}.{place}"
        if value.valid_to is not None and value.valid_to < value.valid_from:
            raise RuleBookError(
                file, f"{where}.valid_to", f"{value.valid_to} lies before {value.valid_from}"
            )
        if following is None:
            continue
        if following.valid_from <= value.valid_from:
            mistake = f"valid_from must rise from value to value; {following.valid_from} does not"
            raise RuleBookError(file, f"{field}.{place + 1}.valid_from", mistake)
        last = value.valid_to or following.valid_from - ONE_DAY
        if last != following.valid_from - ONE_DAY:
            kind = "overlap" if last >= following.valid_from else "leave days between them"
            mistake = f"{value.valid_to} and {following.valid_from}: the periods {kind}"
            raise RuleBookError(file, f"{where}.valid_to", mistake)


def _sources(every: Mapping[str, Sequence[_Dated]], on: date) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_last_before(values, on).source for values in every.values()))


def _figures(file: Path, content: _RegimeFile, on: date) -> Figures:
    """Every figure's value on one day."""
    lists = content.figures
    hours = _last_before(lists.default_hours, on).value
    try:
        default_hours = _office_hours(hours)
    except OfficeHoursError as mistake:
        raise RuleBookError(file, "figures.default_hours", str(mistake)) from mistake
    rungs = _last_before(lists.ladder, on).value
    try:
        the_ladder = ladder({rung: _rung_rule(rule) for rung, rule in rungs.items()})
    except LadderError as mistake:
        raise RuleBookError(file, "figures.ladder", str(mistake)) from mistake
    waits = {wait: _last_before(limits, on) for wait, limits in content.waits.items()}
    return Figures(
        day_end=_last_before(lists.day_end, on).value,
        outside_hours=_last_before(lists.outside_hours, on).value,
        supplement=_last_before(lists.supplement, on).value,
        cut_off=_last_before(lists.cut_off, on).value,
        ladder=the_ladder,
        default_hours=default_hours,
        waits={wait: WaitLimit(limit.kind, limit.amount) for wait, limit in waits.items()},
    )


def _rung_rule(rule: _RungRule) -> RungRule:
    when = when_of(rule.share, rule.working_days_before, rule.working_hours_before)
    return RungRule(rule.calls, when)


def _last_before(values: Sequence[_D], on: date) -> _D:
    return [value for value in values if value.valid_from <= on][-1]


def _office_hours(by_name: Mapping[str, Sequence[tuple[time, time]]]) -> OfficeHours:
    return office_hours(
        {name: tuple(Shift(*shift) for shift in shifts) for name, shifts in by_name.items()}
    )


def _sentences(file: Path) -> dict[str, Sentence]:
    texts = _read(file, dict[str, _SentenceText])
    for rule, text in texts.items():
        for language in (text.vi, text.en):
            try:
                language.format(starts="", ends="", amount=0)
            except (KeyError, IndexError, ValueError) as mistake:
                why = f"{language!r} asks for a figure that steps do not have ({mistake})"
                raise RuleBookError(file, rule, why) from mistake
    return {rule: Sentence(text.source, text.vi, text.en) for rule, text in texts.items()}


def _whole(file: Path) -> Any:
    """A regime's file; one that `extends` another takes from it what it does not say itself."""
    content = _loaded(file)
    if not isinstance(content, dict) or "extends" not in content:
        return content
    base_file = file.with_name(f"{content.pop('extends')}.yaml")
    if base_file == file or not base_file.is_file():
        raise RuleBookError(file, "extends", f"there is no other regime in {base_file.name}")
    base = _loaded(base_file)
    if not isinstance(base, dict) or "extends" in base:
        raise RuleBookError(file, "extends", f"{base_file.name} is not a whole regime itself")
    figures = {**base.get("figures", {}), **content.get("figures", {})}
    waits = {**base.get("waits", {}), **content.get("waits", {})}
    return {**base, **content, "figures": figures, "waits": waits}


def _read(file: Path, shape: type[_T]) -> _T:
    return _shaped(file, _loaded(file), shape)


def _loaded(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RuleBookError(file, "file", "is missing") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RuleBookError(file, "file", f"is not YAML: {error}") from error


def _shaped(file: Path, content: Any, shape: type[_T]) -> _T:
    try:
        return TypeAdapter(shape).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "file"
        raise RuleBookError(file, field, first["msg"]) from error
