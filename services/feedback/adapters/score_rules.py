"""Reads rules/: the figures of the law for scores. A mistake names its file, its field and itself."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.feedback.domain.scores.figures import INDICATORS
from services.feedback.domain.scores.rules import (
    MARKED_GROUPS,
    AttitudePoints,
    Band,
    Grade,
    Group,
    ScoreRules,
    ScoreRulesOn,
    Tier,
    TimePoints,
)

RULES = Path(__file__).parents[1] / "rules"

Points = Annotated[int, Field(ge=0, le=2)]
Share = Annotated[str, Field(pattern=r"^(0|1|[1-9][0-9]*/[1-9][0-9]*)$")]
Mark = Annotated[str, Field(pattern=r"^[0-9]{1,2}(\.[0-9])?$")]


class ScoreRulesError(ValueError):
    """A file of the rules that cannot be used."""

    def __init__(self, file: Path, field: str, mistake: str) -> None:
        super().__init__(f"{file.name}: {field}: {mistake}")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Dated(_Strict):
    """One value of a figure, in force from a day until the next one is."""

    value: Any
    valid_from: date
    source: Annotated[str, Field(min_length=1)]
    status: Literal["law", "seen", "unverified"]


class _TimeValue(_Strict):
    early: Points
    on_time: Points
    late: Points


class _AttitudeValue(_Strict):
    early: Points
    other: Points
    complaint: Points


class _TierValue(_Strict):
    at_least: Share
    points: Points


class _BandValue(_Strict):
    at_least: Mark
    name: Band


class _GradeValue(_Strict):
    at_least: Mark
    name: Grade


class _Time(_Dated):
    value: _TimeValue


class _Steps(_Dated):
    value: Annotated[tuple[Points, ...], Field(min_length=1)]


class _Attitude(_Dated):
    value: _AttitudeValue


class _Tiers(_Dated):
    value: Annotated[tuple[_TierValue, ...], Field(min_length=1)]


class _Indicators(_Dated):
    value: Annotated[
        frozenset[Annotated[int, Field(ge=1, le=len(INDICATORS))]], Field(max_length=5)
    ]
    """At most five: a mean over more is no whole number of sixtieths."""


class _Bands(_Dated):
    value: Annotated[tuple[_BandValue, ...], Field(min_length=1)]


class _Grades(_Dated):
    value: Annotated[tuple[_GradeValue, ...], Field(min_length=1)]


class _Groups(_Dated):
    value: dict[Group, Annotated[int, Field(ge=0, le=100)]]


class _FullMarks(_Dated):
    value: dict[Group, Share]


class _FewestVotes(_Dated):
    value: Annotated[int, Field(ge=1)]


D = TypeVar("D", bound=_Dated)
Values = Annotated[tuple[D, ...], Field(min_length=1)]


class _Tt01Figures(_Strict):
    time: Values[_Time]
    contacts: Values[_Steps]
    agencies: Values[_Steps]
    attitude: Values[_Attitude]
    answers: Values[_Tiers]
    online: Values[_Tiers]
    officer_indicators: Values[_Indicators]
    bands: Values[_Bands]
    grades: Values[_Grades]


class _Qd766Figures(_Strict):
    groups: Values[_Groups]
    full_marks_at: Values[_FullMarks]


class _OpennessFigures(_Strict):
    fewest_votes: Values[_FewestVotes]


class _Tt01File(_Strict):
    title: str
    figures: _Tt01Figures


class _Qd766File(_Strict):
    title: str
    figures: _Qd766Figures


class _OpennessFile(_Strict):
    title: str
    time_zone: str
    figures: _OpennessFigures


F = TypeVar("F", bound=_Strict)


@cache
def read_score_rules(directory: Path = RULES) -> ScoreRules:
    """The rules of a directory, read once. Raises `ScoreRulesError`."""
    law_file, index_file = directory / "tt01-2018.yaml", directory / "qd766.yaml"
    openness_file = directory / "openness.yaml"
    law, index = _read(law_file, _Tt01File), _read(index_file, _Qd766File)
    openness = _read(openness_file, _OpennessFile)
    if openness.time_zone not in available_timezones():
        mistake = f"{openness.time_zone!r} is not in the IANA database"
        raise ScoreRulesError(openness_file, "time_zone", mistake)
    every: dict[str, Sequence[_Dated]] = {}
    for file, figures in (
        (law_file, law.figures),
        (index_file, index.figures),
        (openness_file, openness.figures),
    ):
        for name in type(figures).model_fields:
            every[name] = getattr(figures, name)
            _refuse_disorder(file, f"figures.{name}", every[name])
    # Where any figure changes a period begins.
    turns = tuple(sorted({value.valid_from for values in every.values() for value in values}))
    return ScoreRules(
        turns=turns,
        periods=tuple(_rules_on(turn, every, index_file) for turn in turns),
        time_zone=ZoneInfo(openness.time_zone),
    )


def _read(file: Path, shape: type[F]) -> F:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ScoreRulesError(file, "file", str(error)) from error
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "file"
        raise ScoreRulesError(file, field, first["msg"]) from error


def _refuse_disorder(file: Path, field: str, values: Sequence[_Dated]) -> None:
    """Values rise from day to day, thresholds fall from step to step."""
    for place, (one, following) in enumerate(pairwise(values)):
        if following.valid_from <= one.valid_from:
            mistake = f"valid_from must rise from value to value; {following.valid_from} does not"
            raise ScoreRulesError(file, f"{field}.{place + 1}.valid_from", mistake)
    for place, dated in enumerate(values):
        steps = [
            Fraction(step.at_least)
            for step in (dated.value if isinstance(dated.value, tuple) else ())
            if isinstance(step, _TierValue | _BandValue | _GradeValue)
        ]
        if steps != sorted(set(steps), reverse=True):
            mistake = "at_least must fall from step to step"
            raise ScoreRulesError(file, f"{field}.{place}.value", mistake)


def _rules_on(on: date, every: Mapping[str, Sequence[_Dated]], index_file: Path) -> ScoreRulesOn:
    """Every figure's value on one day; before its first, by the first."""
    values = {
        name: max((x for x in found if x.valid_from <= on), key=_begin, default=found[0]).value
        for name, found in every.items()
    }
    full_marks = {group: Fraction(share) for group, share in values["full_marks_at"].items()}
    for group, share in full_marks.items():
        if group not in values["groups"] or share == 0:
            mistake = "is no group that has points" if share else "must be more than 0"
            raise ScoreRulesError(index_file, f"figures.full_marks_at.{group}", mistake)
    for group in MARKED_GROUPS:
        if group not in full_marks:
            mistake = f"{group} is missing; events tell of it, so it has points"
            raise ScoreRulesError(index_file, "figures.full_marks_at", mistake)
    return ScoreRulesOn(
        time=TimePoints(**values["time"].model_dump()),
        contacts=values["contacts"],
        agencies=values["agencies"],
        attitude=AttitudePoints(**values["attitude"].model_dump()),
        answers=_tiers(values["answers"]),
        online=_tiers(values["online"]),
        officer_indicators=values["officer_indicators"],
        bands=[(Fraction(band.at_least), band.name) for band in values["bands"]],
        grades=[(Fraction(grade.at_least), grade.name) for grade in values["grades"]],
        groups=values["groups"],
        full_marks_at=full_marks,
        fewest_votes=values["fewest_votes"],
    )


def _begin(dated: _Dated) -> date:
    return dated.valid_from


def _tiers(found: Sequence[_TierValue]) -> tuple[Tier, ...]:
    return tuple(Tier(Fraction(tier.at_least), tier.points) for tier in found)
