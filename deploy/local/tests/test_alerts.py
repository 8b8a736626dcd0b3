"""The alerts: checked and tried by promtool; each names metrics that exist and a runbook that is there."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from deploy.local.children import CHECKOUT
from deploy.local.tests.metrics import metric_names

MONITORING = CHECKOUT / "deploy" / "monitoring"
RULES: list[dict[str, Any]] = yaml.safe_load((MONITORING / "rules.yaml").read_text())["groups"][0][
    "rules"
]
IDS = [rule["alert"] for rule in RULES]


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian: prometheus) is missing")
@pytest.mark.parametrize(
    "command",
    ["check config prometheus.yml", "check rules rules.yaml", "test rules rules.test.yaml"],
)
def test_promtool_finds_nothing_wrong(command: str) -> None:
    done = subprocess.run(
        ["promtool", *command.split()], cwd=MONITORING, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_an_alert_asks_for_metrics_that_we_have(rule: dict[str, Any]) -> None:
    had = metric_names()
    asked = set(re.findall(r"thanthien_\w+", rule["expr"]))
    assert asked
    assert asked <= had


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_an_alert_links_what_to_do(rule: dict[str, Any]) -> None:
    file, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^## (\w+)$", (CHECKOUT / file).read_text(), re.MULTILINE)
    assert anchor == rule["alert"].lower()
    assert rule["alert"] in headings


def test_every_alert_is_tried_in_a_good_and_in_a_bad_day() -> None:
    good, bad, *_ = yaml.safe_load((MONITORING / "rules.test.yaml").read_text())["tests"]
    assert {case["alertname"] for case in good["alert_rule_test"]} == set(IDS)
    fired = " ".join(sample["labels"] for sample in bad["promql_expr_test"][0]["exp_samples"])
    assert set(re.findall(r'"(\w+)"', fired)) == set(IDS)
