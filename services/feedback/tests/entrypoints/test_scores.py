"""Scores over HTTP: public sheets and open data, figures opened by those who may."""

import csv
from collections.abc import Callable
from io import StringIO

import asyncpg
import httpx
import pytest

from services.feedback.adapters.books import begin_on
from services.feedback.tests import history
from services.feedback.tests.entrypoints.test_notices import bearing
from services.feedback.tests.history import UNIT, Tell
from services.feedback.tests.usecases.test_keep_scores import OTHER, rated, reported
from services.feedback.usecases.keep_scores import keep_scores
from shared.identity import Role

Mint = Callable[..., str]
CODES = [f"H10.01-20261113-{number:04}" for number in range(1, 6)]
ON = "on=2026-11-13"


@pytest.fixture(autouse=True)
async def town(tell: Tell, pool: asyncpg.Pool) -> None:
    await tell(history.agency(), history.agency(OTHER, "UBND xã Nha Bích, “xã mới”"))
    for code in CODES:
        await tell(history.submitted(code), history.accepted(code), history.deadline_set(code))
    await tell(*(history.met(None, code) for code in CODES[:4]), history.alarm("breach", CODES[4]))
    async with begin_on(pool)() as books:
        await keep_scores([*(rated(code, 4) for code in CODES[:4]), reported()], books)


async def test_a_units_sheet_shows_law_index_and_pledges(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/scores?agency={UNIT}&period=quarter&{ON}")
    assert answer.status_code == 200
    sheet = answer.json()
    assert (sheet["first_on"], sheet["last_on"]) == ("2026-10-01", "2026-12-31")
    assert sheet["figures"]["on-time"] == {"sum": 4, "count": 5, "value": 0.8}
    assert sheet["qd766"]["groups"]["progress"] == 16.0
    assert sheet["qd766"]["satisfaction_percent"] == 60.0
    assert sheet["qd766"]["groups"]["digitisation"] is None
    assert sheet["tt01"]["indicators"]["1"] == 0.8
    assert sheet["tt01"]["indicators"]["5"] is None
    assert sheet["pledges"]["khong"]["1"] == {"reported": 1, "upheld": 0}


async def test_rule_34_a_mean_of_few_votes_is_withheld_everywhere(
    http: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    address = f"/scores?agency={UNIT}&period=day&{ON}"
    sheet = (await http.get(address)).json()
    assert sheet["pledges"]["luon"]["smile"] == {"votes": 4, "mean": None, "is_withheld": True}
    assert sheet["figures"]["smile"] == {"sum": None, "count": 4, "value": None}
    rows = (await http.get(f"/open-data/scores.json?{ON}")).json()
    (smile,) = [row for row in rows if (row["agency"], row["figure"]) == (UNIT, "smile")]
    assert (smile["sum"], smile["count"], smile["value"]) == (None, 4, None)
    async with begin_on(pool)() as books:
        await keep_scores([rated(CODES[4], 5)], books)
    sheet = (await http.get(address)).json()
    assert sheet["pledges"]["luon"]["smile"] == {"votes": 5, "mean": 4.2, "is_withheld": False}


async def test_the_town_is_all_agencies_and_an_empty_period_is_not_applicable(
    http: httpx.AsyncClient,
) -> None:
    town = (await http.get(f"/scores?{ON}")).json()
    assert town["agency"] is None and town["figures"]["on-time"]["count"] == 5
    empty = (await http.get(f"/scores?agency={OTHER}&{ON}")).json()
    assert empty["qd766"]["total"] is empty["tt01"]["grade"] is None
    assert empty["figures"]["on-time"] == {"sum": 0, "count": 0, "value": None}
    today = (await http.get(f"/scores?agency={UNIT}&period=day")).json()
    assert today["first_on"] == "2026-11-13"


async def test_open_data_is_the_same_as_csv_and_json_and_names_no_dossier(
    http: httpx.AsyncClient,
) -> None:
    as_json = await http.get(f"/open-data/scores.json?period=week&{ON}")
    as_csv = await http.get(f"/open-data/scores.csv?period=week&{ON}")
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
    read = list(csv.DictReader(StringIO(as_csv.text)))
    assert read == [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in as_json.json()
    ]
    assert {row["agency"] for row in read} == {UNIT, OTHER}
    for text in (as_json.text, as_csv.text):
        assert not any(code in text for code in CODES)


async def test_a_figure_is_opened_page_by_page_down_to_its_dossiers(
    http: httpx.AsyncClient, token: Mint
) -> None:
    headers = bearing(token(Role.HEAD_OF_UNIT, UNIT))
    address = f"/scores/{UNIT}/on-time/dossiers?{ON}&limit=2"
    seen: list[tuple[str, int]] = []
    more = ""
    while True:
        page = (await http.get(address + more, headers=headers)).json()
        seen += [(case["code"], case["sum"]) for case in page["cases"]]
        if page["next_on"] is None:
            break
        more = f"&after_on={page['next_on']}&after_name={page['next_name']}"
    assert seen == [(code, int(code != CODES[4])) for code in CODES]
    opened = (await http.get(f"/scores/{UNIT}/khong-1/dossiers?{ON}", headers=headers)).json()
    assert [case["kind"] for case in opened["cases"]] == ["report"]
    none = (await http.get(f"/scores/{UNIT}/same-day/dossiers?{ON}", headers=headers)).json()
    assert none == {"cases": [], "next_on": None, "next_name": None}


@pytest.mark.parametrize(
    ("role", "agency", "figure", "status"),
    [
        (Role.HEAD_OF_UNIT, UNIT, "on-time", 200),
        (Role.HEAD_OF_UNIT, OTHER, "on-time", 403),
        (Role.HEAD_OF_UNIT, UNIT, "smile", 403),
        (Role.INSPECTOR, None, "smile", 200),
        (Role.OPERATOR, None, "help", 200),
        (Role.OFFICER, UNIT, "on-time", 403),
        (Role.INTEGRATOR, UNIT, "on-time", 403),
        (Role.INSPECTOR, None, "charm", 422),
    ],
)
async def test_who_may_open_a_figure(
    http: httpx.AsyncClient, token: Mint, role: Role, agency: str | None, figure: str, status: int
) -> None:
    headers = bearing(token(role, agency))
    answer = await http.get(f"/scores/{UNIT}/{figure}/dossiers?{ON}", headers=headers)
    assert answer.status_code == status
    assert status == 200 or "cases" not in answer.json()


async def test_what_is_unknown_or_impossible_is_said(http: httpx.AsyncClient, token: Mint) -> None:
    assert (await http.get("/scores?agency=H10.99")).json()["type"] == "unknown-agency"
    assert (await http.get("/scores?period=year")).status_code == 422
    assert (await http.get(f"/scores/{UNIT}/on-time/dossiers")).status_code == 401
    headers = bearing(token(Role.OPERATOR))
    answer = await http.get("/scores/H10.99/on-time/dossiers", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (404, "unknown-agency")
