"""A real Prometheus scrapes the real services and loads the real rules."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.local.children import CHECKOUT
from deploy.local.loopback import free_port
from deploy.local.postgres import SERVICES
from tests.conftest import AGENCY, Town

pytestmark = pytest.mark.skipif(
    not shutil.which("prometheus"), reason="prometheus (Debian: prometheus) is missing"
)
MONITORING = CHECKOUT / "deploy" / "monitoring"
PATIENCE_SECONDS = 30


@pytest.fixture
async def prometheus(town: Town, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Set up as operators set it up, but looking at these services, and every second."""
    setup = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    setup["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    setup["rule_files"] = [str(MONITORING / rules) for rules in setup["rule_files"]]
    del setup["alerting"]
    setup["scrape_configs"] = [
        {
            "job_name": job["job_name"],
            "static_configs": [
                {"targets": [town.stack.url(job["job_name"]).removeprefix("http://")]}
            ],
        }
        for job in setup["scrape_configs"]
        if job["job_name"] in SERVICES
    ]
    config = tmp_path / "prometheus.yaml"
    config.write_text(yaml.safe_dump(setup))
    port = free_port()
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (tmp_path / "prometheus.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield client
    process.terminate()
    await asyncio.wait_for(process.wait(), 20)


async def result(client: httpx.AsyncClient, query: str, at_least: int) -> list[dict[str, Any]]:
    """What a query returns, once it returns as many series as that."""
    found: list[dict[str, Any]] = []
    for _ in range(PATIENCE_SECONDS * 5):
        try:
            answer = await client.get("/api/v1/query", params={"query": query})
            found = answer.json()["data"]["result"] if answer.is_success else []
        except httpx.TransportError:
            pass  # It does not listen yet.
        if len(found) >= at_least:
            break
        await asyncio.sleep(0.2)
    return found


async def test_prometheus_sees_what_the_services_did(
    town: Town, prometheus: httpx.AsyncClient
) -> None:
    assert (await town.submit()).status_code == 201
    await town.quiet()
    queries = {
        "up == 1": 3,
        "thanthien_relay_is_leader == 1": 3,
        "sum by (job) (thanthien_consumed_total) > 0": 3,
        "sum by (job) (thanthien_consumer_lag_events)": 3,
        "thanthien_outbox_oldest_age_seconds": 3,
        'thanthien_set_aside_oldest_age_seconds{cause="gap"}': 3,
        'thanthien_pool_connections{state="idle"}': 3,
        "sum by (job, stage) (thanthien_stage_seconds_count) > 0": 15,
        'thanthien_http_requests_total{route="/dossiers", status="201"} > 0': 1,
        'thanthien_sayings_total{type=~".*DeadlineSet.*"} > 0': 1,
        'thanthien_notices_total{kind="greeting"} > 0': 1,
        "thanthien_alarm_lateness_seconds_bucket": 15,
        f'thanthien_unit_clocks_open{{agency="{AGENCY}"}} > 0': 1,
        f'thanthien_unit_silent_seconds{{agency="{AGENCY}"}}': 1,
    }
    found = {query: len(await result(prometheus, query, many)) for query, many in queries.items()}
    short = {query: found[query] for query, many in queries.items() if found[query] < many}
    assert not short


async def test_the_rules_load_and_all_is_well(prometheus: httpx.AsyncClient) -> None:
    assert len(await result(prometheus, "up == 1", 3)) == 3
    await asyncio.sleep(2)  # two evaluations
    [group] = (await prometheus.get("/api/v1/rules")).json()["data"]["groups"]
    assert {rule["health"] for rule in group["rules"]} == {"ok"}
    assert not [rule["name"] for rule in group["rules"] if rule["state"] == "firing"]
