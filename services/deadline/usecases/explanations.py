"""Explanation steps as the JSON that is stored, and back into sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import orjson

from services.deadline.domain.explanation import Day, Sentence, Step


@dataclass(frozen=True, slots=True)
class Explanation:
    """One step, told."""

    rule: str
    source: str
    starts: str
    ends: str
    vi: str
    en: str


def to_json(steps: Sequence[Step]) -> str:
    """`[{"rule":…,"from":…,"to":…,"amount":…}]`; days as dates, moments with their local time."""
    return orjson.dumps([_object(step) for step in steps]).decode()


def from_json(text: str) -> list[Step]:
    """What `to_json` wrote."""
    return [
        Step(step["rule"], _day(step["from"]), _day(step["to"]), step.get("amount", 0))
        for step in orjson.loads(text)
    ]


def explain(text: str, sentences: Mapping[str, Sentence]) -> list[Explanation]:
    """Stored steps as sentences. Raises `KeyError` for a rule that has lost its sentence."""
    return [_told(step, sentences[step.rule]) for step in from_json(text)]


def _told(step: Step, sentence: Sentence) -> Explanation:
    return Explanation(
        rule=step.rule,
        source=sentence.source,
        starts=step.starts.isoformat(),
        ends=step.ends.isoformat(),
        vi=sentence.tell(step, "vi"),
        en=sentence.tell(step, "en"),
    )


def _object(step: Step) -> dict[str, object]:
    told: dict[str, object] = {"rule": step.rule, "from": step.starts, "to": step.ends}
    if step.amount:
        told["amount"] = step.amount
    return told


def _day(text: str) -> Day:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
