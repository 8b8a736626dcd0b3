"""Agencies, pledges and procedures over HTTP."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from services.intake.tests.town import NEIGHBOUR, PLEDGE, PROCEDURE, UNIT, WEEK, Town

AGENCY = {"name": "Phường Chơn Thành", "valid_from": "2025-07-01"}


async def said_of(pool: asyncpg.Pool, subject: str) -> list[dict[str, Any]]:
    rows = await pool.fetch("select body from outbox where subject = $1 order by id", subject)
    return [orjson.loads(row["body"]) for row in rows]


async def test_the_same_registration_again_is_no_change(town: Town, pool: asyncpg.Pool) -> None:
    before = await said_of(pool, UNIT)
    answer = await town.http.put(f"/agencies/{UNIT}", json=AGENCY, headers=town.operator)
    assert answer.json()["revision"] == 1
    assert await said_of(pool, UNIT) == before


async def test_rule_16_renaming_rewrites_no_issued_form(town: Town) -> None:
    code = await town.code()
    renamed = {**AGENCY, "name": "Phường Tên Mới"}
    answer = await town.http.put(f"/agencies/{UNIT}", json=renamed, headers=town.operator)
    assert answer.json()["revision"] == 2
    later = await town.code()
    for one, name in ((code, "Phường Chơn Thành"), (later, "Phường Tên Mới")):
        slip = await town.http.get(
            f"/dossiers/{one}/mau-01", headers={**town.officer, "Accept": "application/json"}
        )
        assert slip.json()["agency"]["name"] == name


async def test_two_first_registrations_at_once_are_two_revisions(
    town: Town, pool: asyncpg.Pool
) -> None:
    answers = await asyncio.gather(
        *(
            town.http.put("/agencies/H19.03", json={**AGENCY, "name": name}, headers=town.operator)
            for name in ("Một", "Hai")
        )
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted(answer.json()["revision"] for answer in answers) == [1, 2]
    assert len(await said_of(pool, "H19.03")) == 2


@pytest.mark.parametrize(
    ("agency", "change", "field"),
    [
        ("H19.03", {"valid_to": "2025-06-30"}, "valid_to"),
        ("H19.03", {"successor": UNIT}, "successor"),
        ("H19.03", {"time_zone": "Asia/Nowhere"}, "time_zone"),
        ("H19.03", {"time_zone": "../etc/passwd"}, "time_zone"),
        ("H19.03", {"surprise": 1}, "surprise"),
        ("H19.03", {"valid_from": "31/12/2025"}, "valid_from"),
        ("H19.03", {"name": ""}, "name"),
        ("HXX.03", {}, "agency"),
        ("h19", {}, "path.agency"),
    ],
)
async def test_a_bad_agency_names_field_value_and_rule(
    town: Town, agency: str, change: dict[str, Any], field: str
) -> None:
    answer = await town.http.put(
        f"/agencies/{agency}", json={**AGENCY, **change}, headers=town.operator
    )
    problem = answer.json()
    assert answer.status_code == 422, problem
    fault = problem["errors"][0] if "errors" in problem else problem
    assert fault["field"] == field
    assert fault["rule"]


async def test_a_pledge_is_kept_and_said_without_its_free_text(
    town: Town, pool: asyncpg.Pool
) -> None:
    answer = await town.http.post(f"/agencies/{UNIT}/pledges", json=PLEDGE, headers=town.head)
    assert (answer.status_code, answer.json()) == (201, {"version": 1})
    event = (await said_of(pool, UNIT))[-1]
    assert event["pledges"][0]["same_day"] == [PROCEDURE]
    assert event["pledges"][0]["congratulates"] == [PROCEDURE]
    assert event["pledges"][0]["keeps_friday"] is True
    assert "Đứng dậy" not in str(event)
    shown = (await town.http.get(f"/agencies/{UNIT}", headers=town.officer)).json()
    assert shown["pledges"][0]["congratulates"] == [PROCEDURE]
    assert shown["pledges"][0]["additions"] == {"chao": "Đứng dậy chào"}
    assert (
        shown["pledges"][0]["ladder"]
        == event["pledges"][0]["ladder"]
        == [
            {
                "rung": "at_risk",
                "calls": "head_of_unit",
                "share": "2/3",
                "working_days_before": None,
                "working_hours_before": None,
            }
        ]
    )
    assert shown["pledges"][0]["hours"]["monday"][0] == {"opens": "07:00:00", "closes": "11:30:00"}
    later = {**PLEDGE, "valid_from": "2027-01-01"}
    second = await town.http.post(f"/agencies/{UNIT}/pledges", json=later, headers=town.head)
    assert second.json() == {"version": 2}
    pledges = (await said_of(pool, UNIT))[-1]["pledges"]
    assert [(one["version"], one["valid_to"]) for one in pledges] == [(1, "2026-12-31"), (2, None)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hours": {**WEEK, "friday": []}}, "hours.friday"),
        ({"same_day": ["9.999999"]}, "same_day"),
        ({"congratulates": ["9.999999"]}, "congratulates"),
        ({"valid_from": "2025-06-30"}, "valid_from"),
        ({"luon": ["fast"]}, "luon"),
        ({"khong": [6]}, "khong"),
    ],
)
async def test_a_pledge_laxer_than_the_rules_is_refused_and_nothing_kept(
    town: Town, pool: asyncpg.Pool, change: dict[str, Any], field: str
) -> None:
    before = await said_of(pool, UNIT)
    answer = await town.http.post(
        f"/agencies/{UNIT}/pledges", json={**PLEDGE, **change}, headers=town.head
    )
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert await said_of(pool, UNIT) == before
    assert await pool.fetchval("select count(*) from pledges") == 0


async def test_an_unknown_agency_pledges_nothing(town: Town) -> None:
    answer = await town.http.post("/agencies/H19.99/pledges", json=PLEDGE, headers=town.operator)
    assert answer.status_code == 404


async def test_the_national_list_is_imported_line_by_line(town: Town, pool: asyncpg.Pool) -> None:
    text = (Path(__file__).parent / "national_list.csv").read_bytes()
    answer = await town.http.post("/procedures/import", content=text, headers=town.operator)
    assert answer.status_code == 200, answer.text
    assert answer.json()["imported"] == 4
    assert [(one["line"], one["field"]) for one in answer.json()["refused"]] == [
        (5, "thoi_han"),
        (6, "thoi_han"),
        (7, "thoi_han"),
    ]
    shown = (await town.http.get("/procedures/1.000002", headers=town.officer)).json()
    assert shown["limits"] == [
        {
            "valid_from": "2018-06-21",
            "valid_to": None,
            "kind": "working_days",
            "amount": 7,
            "leg_hours": None,
            "regime": "nd61",
        }
    ]
    assert (await said_of(pool, "1.000002"))[0]["limits"][0]["kind"] == "working_days"
    again = await town.http.post("/procedures/import", content=text, headers=town.operator)
    assert again.json()["imported"] == 4
    assert len(await said_of(pool, "1.000002")) == 1


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b"ma_thu_tuc,ten_thu_tuc\n1,a\n", "header"),
        (b"", "header"),
        ("ma_thu_tuc,ten_thu_tuc,thoi_han\n1,é,7 Ngày\n".encode("utf-16"), "body"),
        (b'ma_thu_tuc,ten_thu_tuc,thoi_han\n1,"a"b,7\n', "line"),
    ],
)
async def test_a_list_that_is_none_imports_nothing(
    town: Town, pool: asyncpg.Pool, text: bytes, field: str
) -> None:
    answer = await town.http.post("/procedures/import", content=text, headers=town.operator)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert await pool.fetchval("select count(*) from procedures") == 1


async def test_limits_that_overlap_are_refused(town: Town) -> None:
    limits = [
        {"valid_from": "2020-01-01", "kind": "days", "amount": 3},
        {"valid_from": "2021-01-01", "kind": "days", "amount": 2},
    ]
    answer = await town.http.put(
        "/procedures/1.1", json={"name": "Thủ tục", "limits": limits}, headers=town.operator
    )
    assert (answer.status_code, answer.json()["field"]) == (422, "limits.1.valid_from")


async def test_every_registration_keeps_who_and_when(town: Town, pool: asyncpg.Pool) -> None:
    await town.http.post(f"/agencies/{UNIT}/pledges", json=PLEDGE, headers=town.head)
    rows = await pool.fetch(
        "select kind, subject, revision, actor, role, actor_agency from registrations order by id"
    )
    assert [tuple(row) for row in rows] == [
        ("agency", UNIT, 1, "subject-of-operator", "operator", None),
        ("agency", NEIGHBOUR, 1, "subject-of-operator", "operator", None),
        ("procedure", PROCEDURE, 1, "subject-of-operator", "operator", None),
        ("pledge", UNIT, 1, "subject-of-head_of_unit", "head_of_unit", UNIT),
    ]
