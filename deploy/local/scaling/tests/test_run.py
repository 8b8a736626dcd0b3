"""What a run measures is judged, and told, as it was."""

from collections.abc import Sequence

import pytest
from rich.console import Console

from deploy.local.ledger.findings import Check, Fault, Verdict
from deploy.local.scaling.campaign import Orders, Renewal, Run, Step
from deploy.local.scaling.load import Waits
from deploy.local.scaling.measures import Reading, Stretch, between, percentile
from deploy.local.scaling.report import as_json, show


def reading(at: float, cpu: dict[int, float], events: int, dossiers: int = 0) -> Reading:
    return Reading(at, cpu, events, dossiers)


def step(replicas: int, cpu_seconds: float) -> Step:
    """Ten seconds in which a thousand events of a hundred dossiers were said."""
    return Step(replicas, Stretch(10, cpu_seconds, 1_000, 100), [0.02, 0.03], [0.5])


def run(costs: Sequence[float], *, waits: Sequence[float] = (), keeps_places: bool = True) -> Run:
    made = Run(Orders(("deadline",), 10, 10), broker_keeps_places=keeps_places)
    made.steps = [step(n, cost) for n, cost in zip((1, 2, 4, 2), costs, strict=False)]
    made.renewal = Renewal(6, 20.0, sorted(waits))
    made.verdict = Verdict((Check("all is well"),), (), 1_000, 0.1)
    made.judge()
    return made


def test_a_stretch_is_what_lies_between_two_readings() -> None:
    before = reading(100, {7: 1.0, 8: 2.0}, 500, 50)
    stretch = between(before, reading(110, {7: 1.5, 8: 3.0}, 1_500, 150))
    assert stretch == Stretch(10, 1.5, 1_000, 100)
    assert stretch.cpu_per_thousand == 1.5
    with pytest.raises(ValueError, match="came or went"):
        between(before, reading(110, {7: 1.5, 9: 0.1}, 1_500))


def test_waits_belong_to_the_time_they_were_asked_in() -> None:
    waits = Waits([(1.0, 0.3), (2.0, 0.1), (3.0, 0.2)])
    assert waits.between(1.0, 3.0) == [0.1, 0.3]


@pytest.mark.parametrize(("share", "value"), [(0.5, 51), (0.99, 100), (1, 100)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert percentile(list(range(1, 101)), share) == value
    assert percentile([], share) == 0


def test_what_keeps_its_promises_holds() -> None:
    made = run([2.0, 2.2, 2.5, 2.1], waits=[0.1] * 99 + [3.0])
    assert made.wrong == [
        "while replicas were renewed the appointment's p99 was 3.00 s; 1 s is the most"
    ]
    assert run([2.0, 2.2, 2.5, 2.1], waits=[0.1] * 200 + [3.0]).holds


def test_an_event_that_grows_dearer_fails_the_run() -> None:
    made = run([2.0, 2.2, 2.6, 2.1])
    assert made.wrong == ["with 4 replicas an event costs 30% more than with one; 25% is the most"]
    assert not made.holds


def test_the_embedded_brokers_own_pause_is_told_and_not_judged() -> None:
    made = run([2.0], waits=[3.0], keeps_places=False)
    assert made.holds
    assert as_json(made)["renewal"] == {
        "replicas": 6,
        "seconds": 20.0,
        "dossiers": 1,
        "appointment_p99_ms": 3_000,
        "appointment_longest_ms": 3_000,
        "is_judged": False,
    }


def test_a_ledger_that_does_not_balance_fails_the_run() -> None:
    made = run([2.0])
    check = Check("nothing is lost")
    check.blame(Fault.LOST, "H10-1")
    made.verdict = Verdict((check,), (), 1, 0.1)
    made.judge()
    assert made.wrong == ["the ledger does not balance"]


def test_the_table_names_what_fails() -> None:
    made = run([2.0, 2.6], waits=[0.1])
    made.killed = {"deadline 1": 6.25}
    console = Console(record=True, width=100)
    show(made, console)
    text = console.export_text()
    assert "+30%" in text
    assert "Not so: with 2 replicas an event costs 30% more" in text
    assert "deadline 1 was killed" in text and "6.2 s" in text
    assert "lost 0, duplicated 0" in text
    assert "FAILED" in text
