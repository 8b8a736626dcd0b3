"""How a report is handled: the table of moves, and what each step must say."""

import pytest

from services.feedback.domain.report_steps import (
    MOVES,
    IllegalStepError,
    Step,
    StepRefusedError,
    Verdict,
    must_follow,
    must_say,
)

LEGAL = [
    ("feedback", "received", "returned asked refused resolved withdrawn"),
    ("feedback", "asked", "answered refused withdrawn"),
    ("feedback", "answered", "returned asked refused resolved withdrawn"),
    ("feedback", "resolved", "published"),
    ("complaint", "received", "accepted refused withdrawn"),
    ("complaint", "accepted", "resolved withdrawn"),
    ("denunciation", "received", "refused resolved withdrawn"),
]
STATES = ["received", *Step]


@pytest.mark.parametrize("kind", MOVES)
def test_every_move_of_the_table_is_legal_and_every_other_names_from_to_and_why(kind: str) -> None:
    legal = {state: set(steps.split()) for one, state, steps in LEGAL if one == kind}
    for state in STATES:
        for step in Step:
            if step in legal.get(state, set()):
                must_follow("R-1", kind, state, step)
                continue
            with pytest.raises(IllegalStepError) as illegal:
                must_follow("R-1", kind, state, step)
            assert (illegal.value.origin, illegal.value.step) == (state, step)
            assert str(illegal.value).startswith(f"R-1: from {state} to {step}: ")
            assert illegal.value.why


@pytest.mark.parametrize(
    ("kind", "state", "step", "why"),
    [
        ("complaint", "received", Step.RESOLVED, "only accepted, refused, withdrawn may follow"),
        ("denunciation", "resolved", Step.PUBLISHED, "the denunciation has ended"),
        ("denunciation", "received", Step.PUBLISHED, "a denunciation has no such step"),
        ("feedback", "withdrawn", Step.RESOLVED, "the feedback has ended"),
    ],
)
def test_why_is_said_in_words(kind: str, state: str, step: Step, why: str) -> None:
    with pytest.raises(IllegalStepError) as illegal:
        must_follow("R-1", kind, state, step)
    assert illegal.value.why == why


@pytest.mark.parametrize(
    ("step", "words", "verdict", "field"),
    [
        (Step.ASKED, " ", None, "words"),
        (Step.REFUSED, "", None, "words"),
        (Step.RETURNED, "", None, "words"),
        (Step.ANSWERED, "", None, "words"),
        (Step.RESOLVED, "", Verdict.UPHELD, "words"),
        (Step.RESOLVED, "Đã xác minh", None, "verdict"),
        (Step.REFUSED, "Trùng lặp", Verdict.FALSE, "verdict"),
        (Step.ACCEPTED, "a" * 2001, None, "words"),
    ],
)
def test_a_step_that_lacks_what_its_author_must_learn_names_the_field(
    step: Step, words: str, verdict: Verdict | None, field: str
) -> None:
    with pytest.raises(StepRefusedError) as refused:
        must_say(step, words, verdict)
    assert refused.value.field == field


def test_accepting_publishing_and_withdrawing_need_no_words() -> None:
    for step in (Step.ACCEPTED, Step.PUBLISHED, Step.WITHDRAWN):
        must_say(step, "", None)
    must_say(Step.RESOLVED, "Đã xác minh", Verdict.FALSE)
