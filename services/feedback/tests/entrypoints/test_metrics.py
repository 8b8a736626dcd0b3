"""Ratings and reports are counted by what became of them."""

import httpx
import pytest
from prometheus_client import REGISTRY

from services.feedback.tests import history
from services.feedback.tests.entrypoints.test_rating_abuse import STARS, tokens
from services.feedback.tests.history import CODE, UNIT

__all__ = ["tokens"]


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"thanthien_{name}_total", labels) or 0.0


@pytest.mark.parametrize(
    ("token", "stars", "times", "outcome"),
    [
        (None, STARS, 1, "given"),
        (None, STARS, 2, "already_rated"),
        (None, {**STARS, "smile": 9}, 1, "refused"),
        ("x" * 43, STARS, 1, "unknown_link"),
    ],
)
async def test_a_rating_is_counted_by_what_became_of_it(
    http: httpx.AsyncClient,
    tokens: dict[str, str],
    token: str | None,
    stars: dict[str, int],
    times: int,
    outcome: str,
) -> None:
    before = value("ratings", outcome=outcome)
    for _ in range(times):
        await http.post(f"/rate/{token or tokens[CODE]}", json=stars)
    assert value("ratings", outcome=outcome) == before + 1


async def test_a_report_is_counted_by_kind_and_whether_it_was_taken(
    http: httpx.AsyncClient, tell: history.Tell
) -> None:
    await tell(history.agency())

    def counts() -> list[float]:
        told = (("feedback", "taken"), ("complaint", "refused"), ("none", "refused"))
        return [value("reports", kind=kind, outcome=outcome) for kind, outcome in told]

    before = counts()
    await http.post("/reports", json={"agency": UNIT, "against": [5]})
    await http.post("/reports", json={"agency": UNIT, "kind": "complaint"})  # needs a name
    for kind in ("pigeon", ["feedback"], None):
        await http.post("/reports", json={"agency": UNIT, "kind": kind})
    assert counts() == [before[0] + 1, before[1] + 1, before[2] + 3]


async def test_a_step_is_counted(http: httpx.AsyncClient, tell: history.Tell) -> None:
    await tell(history.agency())
    before = value("report_steps", step="withdrawn")
    receipt = (await http.post("/reports", json={"agency": UNIT, "against": [5]})).json()
    for _ in range(2):  # the second is refused
        await http.post("/reports/follow/withdrawal", json=receipt)
    assert value("report_steps", step="withdrawn") == before + 1
