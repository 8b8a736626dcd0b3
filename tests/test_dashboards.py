"""Every query of every dashboard returns data from a real Prometheus that scraped real services at work."""

import asyncio
import math
import shutil
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from deploy.local.postgres import SERVICES
from deploy.monitoring.dashboards import DASHBOARDS
from deploy.monitoring.grafana import PROMETHEUS, to_json
from shared.clock import SystemClock
from tests.conftest import AGENCY, DOSSIER, Town
from tests.test_monitoring import prometheus

__all__ = ["prometheus"]

pytestmark = pytest.mark.skipif(
    not shutil.which("prometheus"), reason="prometheus (Debian: prometheus) is missing"
)
RATE_INTERVAL = "10s"
ROUNDS = 4
STARS = {"smile": 5, "gentle": 4, "listen": 5, "help": 3}


def queries() -> Iterator[tuple[str, str]]:
    """Where a query stands, and the query as Grafana sends it; for each service where one is chosen."""
    for dashboard in DASHBOARDS:
        for panel in to_json(dashboard)["panels"]:
            for target in panel.get("targets", ()):
                if target["datasource"] != PROMETHEUS:
                    continue
                expr = target["expr"].replace("$__rate_interval", RATE_INTERVAL)
                for service in SERVICES if "$service" in expr else ("",):
                    place = f"{dashboard.uid} / {panel['title']} / {target['refId']} {service}"
                    yield place, expr.replace("$service", service)


async def work(town: Town) -> None:
    """A dossier in time with its rating, one that is long overdue, a report: what a day consists of."""
    long_ago = (SystemClock().now() - timedelta(days=9)).isoformat()
    for role, received in (("officer", {}), ("integrator", {"received_at": long_ago})):
        taken = await town.ask(
            "POST",
            "/dossiers",
            role,
            json={**DOSSIER, **received},
            headers={"Prefer": "wait=20"},
        )
        assert taken.status_code == 201, taken.text
        code = taken.json()["code"]
        await town.quiet()  # The overdue one has breached before it is resolved.
        for move in ("resolution", "return"):
            moved = await town.ask("POST", f"/dossiers/{code}/{move}", json={})
            assert moved.status_code == 200, moved.text
        await town.quiet()
        told = await town.ask(
            "GET", "/notices", "operator", service="feedback", params={"dossier": code}
        )
        links = [one["rating_link"] for one in told.json()["notices"] if one["rating_link"]]
        link = links[0].removeprefix(town.stack.feedback_url)
        rated = await town.ask("POST", link, None, service="feedback", json=STARS)
        assert rated.status_code == 201, rated.text
    report = {"agency": AGENCY, "against": [3]}
    sent = await town.ask("POST", "/reports", None, service="feedback", json=report)
    assert sent.status_code == 201, sent.text
    await town.quiet()


async def has_data(client: httpx.AsyncClient, query: str) -> bool:
    answer = await client.get("/api/v1/query", params={"query": query})
    assert answer.is_success, f"{query}: {answer.text}"
    return any(
        not math.isnan(float(series["value"][1])) for series in answer.json()["data"]["result"]
    )


async def test_every_panel_has_data(
    town: Town,
    prometheus: httpx.AsyncClient,
) -> None:
    missing = dict(queries())
    assert len(missing) > 100
    for _ in range(ROUNDS):
        await work(town)
        for _ in range(3):
            await asyncio.sleep(1)  # one scrape
            missing = {
                place: query
                for place, query in missing.items()
                if not await has_data(prometheus, query)
            }
        if not missing:
            break
    assert not missing
