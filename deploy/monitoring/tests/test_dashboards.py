"""The dashboards are what their source says, well formed, and ask for metrics that we have."""

import re
from itertools import combinations
from typing import Any

import pytest
import yaml

from deploy.local.tests.metrics import metric_names
from deploy.monitoring.__main__ import FOLDER, written
from deploy.monitoring.dashboards import DASHBOARDS
from deploy.monitoring.grafana import COLUMNS, PROMETHEUS, TEMPO, Dashboard, to_json

OURS_TOO = {
    "up",
    "ALERTS",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
}
IDS = [dashboard.uid for dashboard in DASHBOARDS]


def panels(dashboard: Dashboard) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = to_json(dashboard)["panels"]
    return found


def exprs(dashboard: Dashboard) -> list[str]:
    return [
        target.get("expr", target.get("query"))
        for panel in panels(dashboard)
        for target in panel.get("targets", ())
    ]


def test_there_are_the_four_that_operators_were_promised() -> None:
    assert IDS == ["overview", "service", "dossier", "closing"]


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=IDS)
def test_the_json_is_what_the_source_gives(dashboard: Dashboard) -> None:
    committed = (FOLDER / f"{dashboard.uid}.json").read_text()
    assert committed == written(dashboard), "run `python -m deploy.monitoring`"


def test_no_json_is_left_of_a_dashboard_that_is_gone() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(IDS)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=IDS)
def test_panels_lie_side_by_side_within_the_page(dashboard: Dashboard) -> None:
    laid = panels(dashboard)
    assert len({panel["id"] for panel in laid}) == len(laid)
    places = [panel["gridPos"] for panel in laid]
    assert all(place["x"] + place["w"] <= COLUMNS for place in places)
    for one, other in combinations(places, 2):
        is_apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert is_apart, (one, other)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=IDS)
def test_queries_ask_for_what_there_is(dashboard: Dashboard) -> None:
    names = set(re.findall(r"\bthanthien_\w+", " ".join(exprs(dashboard))))
    assert names
    assert names <= metric_names()
    chosen = {variable.name for variable in dashboard.variables} | {"__rate_interval"}
    assert set(re.findall(r"\$(\w+)", " ".join(exprs(dashboard)))) <= chosen


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=IDS)
def test_the_data_sources_are_provisioned(dashboard: Dashboard) -> None:
    file = FOLDER.parent / "datasources.yaml"
    there = {(one["type"], one["uid"]) for one in yaml.safe_load(file.read_text())["datasources"]}
    asked = [panel["datasource"] for panel in panels(dashboard) if "datasource" in panel]
    assert asked
    assert {(one["type"], one["uid"]) for one in asked} <= there
    assert {(one["type"], one["uid"]) for one in (PROMETHEUS, TEMPO)} == there


def test_alerts_that_a_panel_names_exist() -> None:
    rules = yaml.safe_load((FOLDER.parents[1] / "rules.yaml").read_text())["groups"][0]["rules"]
    told = " ".join(panel.get("description", "") for one in DASHBOARDS for panel in panels(one))
    named = set(re.findall(r"\b([A-Z][a-z]+(?:[A-Z][a-z]+)+)\b", told)) - {"AlarmRung"}
    assert named
    assert named <= {rule["alert"] for rule in rules}
