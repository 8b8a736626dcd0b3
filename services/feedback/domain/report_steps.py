"""How a report is handled: which step may follow which, for each kind, and what a step must say."""

from collections.abc import Mapping
from enum import StrEnum

from services.feedback.domain.written import is_written

RECEIVED = "received"
MOST_CHARACTERS = 2000


class Step(StrEnum):
    """The steps; the values are those of `ReportMoved.step`."""

    RETURNED = "returned"
    ASKED = "asked"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    RESOLVED = "resolved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What a resolution found. A report found false leaves the scores."""

    UPHELD = "upheld"
    NOT_UPHELD = "not_upheld"
    FALSE = "false"


class IllegalStepError(Exception):
    """A step that the report's state does not allow; says from, to and why."""

    def __init__(self, code: str, origin: str, step: str, why: str) -> None:
        self.origin = origin
        self.step = step
        self.why = why
        super().__init__(f"{code}: from {origin} to {step}: {why}")


class StepRefusedError(Exception):
    """A step that lacks what it must say: which field, and the rule."""

    def __init__(self, field: str, rule: str) -> None:
        self.field = field
        self.rule = rule
        super().__init__(f"{field}: {rule}")


_OPEN_FEEDBACK = frozenset({Step.RETURNED, Step.ASKED, Step.REFUSED, Step.RESOLVED, Step.WITHDRAWN})

MOVES: Mapping[str, Mapping[str, frozenset[Step]]] = {
    # Returned within 2 working days, asked within 5, resolved within 15, published within 2 more.
    "feedback": {
        RECEIVED: _OPEN_FEEDBACK,
        Step.ASKED: frozenset({Step.ANSWERED, Step.REFUSED, Step.WITHDRAWN}),
        Step.ANSWERED: _OPEN_FEEDBACK,
        Step.RESOLVED: frozenset({Step.PUBLISHED}),
    },
    # Accepted within 10 days, decided within 30 more; the decision goes to its author.
    "complaint": {
        RECEIVED: frozenset({Step.ACCEPTED, Step.REFUSED, Step.WITHDRAWN}),
        Step.ACCEPTED: frozenset({Step.RESOLVED, Step.WITHDRAWN}),
    },
    # Resolved within 30 days. Nothing of it is ever published: it would say that there was one.
    "denunciation": {
        RECEIVED: frozenset({Step.REFUSED, Step.RESOLVED, Step.WITHDRAWN}),
    },
}
"""By kind and state: the steps that may follow. A state that is not there is the end."""

NEEDS_WORDS = frozenset({Step.RETURNED, Step.ASKED, Step.ANSWERED, Step.REFUSED, Step.RESOLVED})
"""A question, an answer, a reason or a decision is put into words, for the author to read (rule 18)."""

BY_AUTHOR = frozenset({Step.ANSWERED, Step.WITHDRAWN})
"""What the author may do, by the report's secret. Handlers may write both down for them."""


def must_follow(code: str, kind: str, state: str, step: Step) -> None:
    """Raises `IllegalStepError` where `step` may not follow `state` in a report of `kind`."""
    allowed = MOVES[kind].get(state, frozenset())
    if step in allowed:
        return
    if not allowed:
        why = f"the {kind} has ended"
    elif not any(step in steps for steps in MOVES[kind].values()):
        why = f"a {kind} has no such step"
    else:
        why = f"only {', '.join(sorted(allowed))} may follow"
    raise IllegalStepError(code, state, step, why)


def must_say(step: Step, words: str, verdict: Verdict | None) -> None:
    """Words where the author must learn something, a verdict with a resolution and nothing else.

    Raises `StepRefusedError`.
    """
    if step in NEEDS_WORDS and not is_written(words):
        raise StepRefusedError("words", f"say what was {step}; {step} without words is refused")
    if len(words) > MOST_CHARACTERS:
        raise StepRefusedError(
            "words", f"have at most {MOST_CHARACTERS} characters; {len(words)} came"
        )
    if step is Step.RESOLVED and verdict is None:
        raise StepRefusedError("verdict", "is asked of a resolution: upheld, not_upheld or false")
    if step is not Step.RESOLVED and verdict is not None:
        raise StepRefusedError("verdict", f"belongs to a resolution; {step} has none")
