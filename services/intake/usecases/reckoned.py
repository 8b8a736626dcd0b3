"""How a dossier's dates came about, between the wire, what is kept, and the domain."""

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import TypeAdapter

from services.intake.domain.reckoned import Day, Step
from shared.events.deadlines import ReckoningStep

_STEPS = TypeAdapter(tuple[ReckoningStep, ...])


def kept(steps: Sequence[ReckoningStep] | None) -> str | None:
    """Steps as deadline said them, as JSON; None where it said none."""
    return None if steps is None else _STEPS.dump_json(tuple(steps)).decode()


def steps_of(text: str | None) -> tuple[Step, ...]:
    """What `kept` wrote; nothing where deadline said no steps."""
    if text is None:
        return ()
    return tuple(
        Step(step.rule, _day(step.starts), _day(step.ends), step.amount, step.source)
        for step in _STEPS.validate_json(text)
    )


def _day(text: str) -> Day:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
