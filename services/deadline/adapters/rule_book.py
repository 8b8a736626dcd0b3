"""Reads rules/: figures, calendars and sentences. A mistake names its file, its field and itself."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.deadline.adapters.calendars import CalendarFile, CalendarFileError, working_calendar
from services.deadline.domain.explanation import Sentence
from services.deadline.domain.office_hours import OfficeHours, OfficeHoursError, Shift, office_hours
from services.deadline.domain.rules import Figures, Regime, RuleBook

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
    source: Annotated[str, Field(min_length=1)]
    status: Status


_D = TypeVar("_D", bound=_Dated)
_T = TypeVar("_T")


class _Time(_Dated):
    value: time


class _Count(_Dated):
    value: Annotated[int, Field(ge=1)]


class _Share(_Dated):
    value: Annotated[str, Field(pattern=r"^[0-9]+/[1-9][0-9]*$")]


class _Hours(_Dated):
    value: dict[str, tuple[tuple[time, time], ...]]


class _FigureLists(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    cut_off: Annotated[tuple[_Time, ...], Field(min_length=1)]
    at_risk_working_days: Annotated[tuple[_Count, ...], Field(min_length=1)]
    at_risk_share: Annotated[tuple[_Share, ...], Field(min_length=1)]
    default_hours: Annotated[tuple[_Hours, ...], Field(min_length=1)]
    conduct_report_working_days: Annotated[tuple[_Count, ...], Field(min_length=1)]
    online_check_hours: Annotated[tuple[_Count, ...], Field(min_length=1)]


class _RegimeFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    regime: str
    title: str
    figures: _FigureLists


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
    regimes = {regime.name: regime for regime in map(_regime, _regime_files(directory))}
    if book.default_regime not in regimes:
        known = ", ".join(sorted(regimes))
        mistake = f"{book.default_regime!r} is no regime of this directory; {known} are"
        raise RuleBookError(book_file, "default_regime", mistake)
    calendars = {}
    for file in sorted((directory / "calendars").glob("*.yaml")):
        try:
            calendar = working_calendar(_read(file, CalendarFile))
        except CalendarFileError as mistake:
            raise RuleBookError(file, mistake.field, str(mistake)) from mistake
        calendars[calendar.name] = calendar
    return RuleBook(
        regimes=regimes,
        default_regime=book.default_regime,
        calendars=calendars,
        sentences=_sentences(directory / "explanations.yaml"),
        late_ring_seconds=book.alarms.late_ring_seconds,
    )


def _regime_files(directory: Path) -> Sequence[Path]:
    others = ("book.yaml", "explanations.yaml")
    return [file for file in sorted(directory.glob("*.yaml")) if file.name not in others]


def _regime(file: Path) -> Regime:
    content = _read(file, _RegimeFile)
    canonical = orjson.dumps(content.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    lists = content.figures
    turns = sorted(
        {dated.valid_from for name in type(lists).model_fields for dated in getattr(lists, name)}
    )
    begin = max(getattr(lists, name)[0].valid_from for name in type(lists).model_fields)
    return Regime(
        name=content.regime,
        version=f"{content.regime}-{sha256(canonical).hexdigest()[:12]}",
        figures=tuple((turn, _figures(file, lists, turn)) for turn in turns if turn >= begin),
    )


def _figures(file: Path, lists: _FigureLists, on: date) -> Figures:
    """Every figure's value on one day."""
    hours = _in_force(file, "default_hours", lists.default_hours, on).value
    try:
        default_hours = _office_hours(hours)
    except OfficeHoursError as mistake:
        raise RuleBookError(file, "figures.default_hours", str(mistake)) from mistake
    share = Fraction(_in_force(file, "at_risk_share", lists.at_risk_share, on).value)
    if not 0 < share < 1:
        raise RuleBookError(file, "figures.at_risk_share", f"{share} is not between 0 and 1")
    days = lists.at_risk_working_days
    reports = lists.conduct_report_working_days
    return Figures(
        cut_off=_in_force(file, "cut_off", lists.cut_off, on).value,
        at_risk_working_days=_in_force(file, "at_risk_working_days", days, on).value,
        at_risk_share=share,
        default_hours=default_hours,
        conduct_report_working_days=_in_force(
            file, "conduct_report_working_days", reports, on
        ).value,
        online_check_hours=_in_force(
            file, "online_check_hours", lists.online_check_hours, on
        ).value,
    )


def _in_force(file: Path, field: str, values: Sequence[_D], on: date) -> _D:
    starts = [value.valid_from for value in values]
    if starts != sorted(set(starts)):
        raise RuleBookError(file, f"figures.{field}", "valid_from must rise from value to value")
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


def _read(file: Path, shape: type[_T]) -> _T:
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        return TypeAdapter(shape).validate_python(content)
    except FileNotFoundError as error:
        raise RuleBookError(file, "file", "is missing") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RuleBookError(file, "file", f"is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "file"
        raise RuleBookError(file, field, first["msg"]) from error
