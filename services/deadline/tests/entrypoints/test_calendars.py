"""Calendars over HTTP, and `recompute` as an operator runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.deadline.tests.conftest import AGENCY, Deadline, accepted, at
from services.deadline.tests.entrypoints.conftest import Ask, token
from services.deadline.usecases.recompute import recompute

DECREE = {"calendar": "vn", "days_off": ["2026-11-11"], "source": "QĐ 1/QĐ-TTg"}
OPERATOR = token("operator")


async def test_a_decree_is_kept_by_an_operator_and_shown_with_its_source(
    deadline: Deadline, ask: Ask
) -> None:
    before = {one["calendar"]: one for one in (await ask("GET", "/calendars", OPERATOR)).json()}
    answer = await ask("POST", "/calendars", OPERATOR, DECREE)
    assert answer.status_code == 201
    after = {one["calendar"]: one for one in (await ask("GET", "/calendars", OPERATOR)).json()}
    assert after["vn"]["version"] == answer.json()["version"] != before["vn"]["version"]
    assert after["us-ma"] == before["us-ma"]
    (shown,) = after["vn"]["decrees"]
    assert (shown["days_off"], shown["source"]) == (["2026-11-11"], "QĐ 1/QĐ-TTg")
    assert shown["asked_by"] == "someone-1"


@pytest.mark.parametrize(
    ("bearer", "status"), [(None, 401), (token("head_of_unit", AGENCY), 403), (OPERATOR, 201)]
)
async def test_only_an_operator_puts_a_decree_over_a_calendar(
    deadline: Deadline, ask: Ask, bearer: str | None, status: int
) -> None:
    assert (await ask("POST", "/calendars", bearer, DECREE)).status_code == status


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"calendar": "mars"}, "calendar", "is not in the rule book"),
        ({"source": " "}, "source", "is cited"),
        ({"days_off": ["2026-11-14"]}, "days_off.0", "is off already"),
        ({"days_off": []}, "days_off", "at least one day"),
        (
            {"swaps": [{"swapped_off": "2026-11-12", "worked_on": "2026-11-13"}]},
            "swaps.0.worked_on",
            "is worked anyway",
        ),
    ],
)
async def test_a_decree_that_cannot_be_names_field_value_and_rule(
    deadline: Deadline, ask: Ask, change: dict[str, Any], field: str, rule: str
) -> None:
    refused = await ask("POST", "/calendars", OPERATOR, {**DECREE, **change})
    problem = refused.json()
    assert (refused.status_code, problem["field"]) == (422, field)
    assert rule in problem["rule"] and "value" in problem
    assert await deadline.pool.fetchval("select count(*) from decrees") == 0


async def test_a_recomputation_is_shown_beside_what_it_moved(deadline: Deadline, ask: Ask) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await ask("POST", "/calendars", OPERATOR, DECREE)
    await recompute(deadline.begin, deadline.clock.now, "QĐ 1/QĐ-TTg", "me", lambda _: None)
    answer = await ask("GET", "/deadlines/D-1", token("officer", AGENCY))
    (shown,) = answer.json()["clocks"][0]["recomputations"]
    assert (shown["cause"], shown["reason"]) == ("calendar", "QĐ 1/QĐ-TTg")
    assert (shown["legal_due_before"], shown["legal_due"]) == (
        "2026-11-12T10:00:00Z",
        "2026-11-13T10:00:00Z",
    )


def run_recompute(deadline: Deadline, *options: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": deadline.dsn,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "OIDC_ISSUER": "https://issuer.test",
        "OIDC_AUDIENCE": "thanthien",
        "OIDC_JWKS": '{"keys":[]}',
        "USER": "operator-1",
        "LOGNAME": "operator-1",
    }
    command = [sys.executable, "-m", "services.deadline", "recompute", *options]
    root = Path(__file__).parents[4]
    return subprocess.run(
        command, env=environment, cwd=root, capture_output=True, text=True, check=False, timeout=60
    )


async def test_recompute_shows_first_and_changes_only_when_told_with_a_reason(
    deadline: Deadline, ask: Ask
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await ask("POST", "/calendars", OPERATOR, DECREE)
    shown = run_recompute(deadline)
    assert shown.returncode == 0, shown.stderr
    assert "1 open clocks examined, 1 would change" in shown.stdout
    assert "Nothing was changed" in shown.stdout and "D-1" in shown.stdout
    assert (await deadline.clock_of("D-1")).dues.legal_due == at("2026-11-12 17:00")
    no_reason = run_recompute(deadline, "--apply")
    assert (no_reason.returncode, "--reason" in no_reason.stderr) == (2, True)
    done = run_recompute(deadline, "--apply", "--reason", "QĐ 1/QĐ-TTg", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["applied"], document["changed"], document["later"]) == (True, 1, 1)
    assert (await deadline.clock_of("D-1")).dues.legal_due == at("2026-11-13 17:00")
    by = await deadline.pool.fetchval("select asked_by from recomputations")
    assert by == "operator-1"
