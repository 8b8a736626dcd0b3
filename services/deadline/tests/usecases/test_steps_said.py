"""What is said of how a date came about: a dossier's steps, compact, and no other clock's."""

import pytest

from services.deadline.tests.conftest import (
    NO_LIMIT,
    SAME_DAY,
    THREE_DAYS,
    Deadline,
    accepted,
    procedure,
    resolved,
    supplement_requested,
    supplemented,
)
from services.deadline.tests.usecases.test_recompute import WEDNESDAY, count_anew, decree
from services.deadline.usecases.explanations import from_json
from shared.events.deadlines import DeadlineRecomputed, DeadlineSet, ReckoningStep
from shared.events.feedback import ConductReported


async def test_a_dossiers_date_is_said_with_its_steps_in_order(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-13 15:01", SAME_DAY))
    said = await deadline.the(DeadlineSet, "D-1")
    assert said.steps == (
        ReckoningStep(rule="after_cut_off", starts="2026-11-13", ends="2026-11-16"),
        ReckoningStep(rule="close", starts="2026-11-16", ends="2026-11-16T17:00:00"),
        ReckoningStep(rule="pledge_friday", starts="2026-11-13", ends="2026-11-13T17:00:00"),
    )
    kept = from_json((await deadline.clock_of("D-1")).dues.steps)
    assert [step.rule for step in kept] == [step.rule for step in said.steps]


async def test_each_step_takes_less_than_a_hundred_bytes_and_the_event_stays_small(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00", THREE_DAYS))
    body = (await deadline.the(DeadlineSet, "D-1")).body()
    steps = body.partition(b'"steps":')[2]
    assert steps == (
        b'[{"rule":"working_days","starts":"2026-11-09","ends":"2026-11-12","amount":3},'
        b'{"rule":"close","starts":"2026-11-12","ends":"2026-11-12T17:00:00"}]}'
    )
    assert len(body) < 700


@pytest.mark.parametrize(
    ("regime", "source"), [("nd61", None), ("ho-tich", "Luật Hộ tịch art. 5.3"), ("qd766", None)]
)
async def test_only_the_law_that_a_regime_cites_for_itself_is_said(
    deadline: Deadline, regime: str, source: str | None
) -> None:
    await deadline.hear(procedure("1.7", "same_day", regime=regime))
    await deadline.hear(accepted("D-1", "2026-11-13 15:01", "1.7"))
    said = await deadline.the(DeadlineSet, "D-1")
    assert said.steps is not None
    assert {step.rule: step.source for step in said.steps}["after_cut_off"] == source
    assert (b"source" in said.body()) == (source is not None)


async def test_a_supplement_and_a_recomputation_say_how_the_new_date_came_about(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00", THREE_DAYS))
    await decree(deadline, WEDNESDAY)
    await count_anew(deadline)
    again = await deadline.the(DeadlineRecomputed, "D-1")
    assert again.steps is not None
    assert (again.steps[0].rule, again.steps[0].ends) == ("working_days", "2026-11-13")
    await deadline.hear(
        supplement_requested("D-1", "2026-11-10 09:00"), supplemented("D-1", "2026-11-16 09:00")
    )
    last = [e for e in await deadline.said("D-1") if isinstance(e, DeadlineSet)][-1]
    assert last.steps is not None and last.steps[0].starts == "2026-11-16"


async def test_without_a_limit_the_step_says_so_and_other_clocks_say_none(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00", NO_LIMIT))
    said = await deadline.the(DeadlineSet, "D-1")
    assert said.steps is not None and [step.rule for step in said.steps] == ["no_limit"]
    await deadline.hear(resolved("D-1", "2026-11-09 10:00"))
    report = ConductReported(
        report="R-1", agency="H10.01", against=(1,), reported_at=said.received_at
    )
    await deadline.hear(report)
    of_report = await deadline.the(DeadlineSet, "R-1", "conduct_report")
    assert of_report.steps is None and b"steps" not in of_report.body()


def test_an_event_of_before_has_no_steps_and_is_heard() -> None:
    body = (
        b'{"code":"D-1","kind":"dossier","agency":"H10.01","generation":1,'
        b'"received_at":"2026-11-09T02:00:00Z","legal_due":null,"pledge_due":null,'
        b'"appointment_at":null,"regime":"nd61","rules_version":"1","calendar_version":"1",'
        b'"steps_of_tomorrow":[]}'
    )
    assert DeadlineSet.hear(body).steps is None
    newer = body.replace(
        b'"steps_of_tomorrow":[]',
        b'"steps":[{"rule":"close","starts":"2026-11-09","ends":"2026-11-09","mood":"x"}]',
    )
    assert DeadlineSet.hear(newer).steps == (
        ReckoningStep(rule="close", starts="2026-11-09", ends="2026-11-09"),
    )
