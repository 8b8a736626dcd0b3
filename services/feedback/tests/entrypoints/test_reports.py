"""Reports against the 5 không over HTTP."""

import re
from datetime import datetime
from typing import Any

import asyncpg
import httpx
import pytest

from services.feedback.tests import history
from services.feedback.tests.entrypoints.test_rating_links import Form
from services.feedback.tests.history import CODE, NOW, UNIT, Tell
from shared.clock import VirtualClock
from shared.events.feedback import ConductReported

REPORT: dict[str, Any] = {
    "agency": UNIT,
    "against": [3, 1],
    "dossier": CODE,
    "text": "Đòi “bồi dưỡng” & bắt chờ",
}


@pytest.fixture(autouse=True)
async def town(tell: Tell, pool: asyncpg.Pool) -> None:
    await tell(history.agency(), history.submitted())
    await pool.execute("delete from outbox")


async def reports_said(pool: asyncpg.Pool) -> list[bytes]:
    return [row["body"] for row in await pool.fetch("select body from outbox order by id")]


async def test_a_report_answers_a_code_and_a_secret(http: httpx.AsyncClient) -> None:
    answer = await http.post("/reports", json=REPORT)
    assert answer.status_code == 201
    assert answer.json()["report"] == "PA-H10-01-20261113-0001"
    assert re.fullmatch(r"[\w-]{43}", answer.json()["secret"])
    second = await http.post("/reports", json={"agency": UNIT, "against": [5]})
    assert second.json()["report"] == "PA-H10-01-20261113-0002"


async def test_the_bus_hears_neither_author_nor_words_nor_dossier(
    http: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    secret = (await http.post("/reports", json=REPORT)).json()["secret"]
    (body,) = await reports_said(pool)
    assert ConductReported.model_validate_json(body) == ConductReported(
        report="PA-H10-01-20261113-0001", agency=UNIT, against=(1, 3), reported_at=NOW
    )
    assert CODE.encode() not in body and secret.encode() not in body
    (kept,) = await pool.fetch("select * from reports")
    assert (kept["dossier"], kept["words"], kept["against"]) == (CODE, REPORT["text"], [1, 3])
    assert secret.encode() not in kept["secret_sha256"]


async def test_only_the_secret_opens_a_report(http: httpx.AsyncClient) -> None:
    receipt = (await http.post("/reports", json=REPORT)).json()
    followed = await http.post("/reports/follow", json=receipt)
    assert followed.status_code == 200
    shown = followed.json()
    assert datetime.fromisoformat(shown.pop("reported_at")) == NOW
    assert shown == {
        "report": receipt["report"],
        "kind": "feedback",
        "agency": UNIT,
        "handler": UNIT,
        "is_named": False,
        "attachments": 0,
        "state": "received",
        "verdict": None,
        "steps": [],
        "openings": [],
        "against": [1, 3],
        "dossier": CODE,
    }
    for wrong in ({"secret": "guess"}, {"report": "PA-H10-01-20261113-0009"}):
        refused = await http.post("/reports/follow", json=receipt | wrong)
        assert (refused.status_code, refused.json()["type"]) == (404, "unknown-report")


async def test_the_day_of_a_report_is_the_agencys(
    http: httpx.AsyncClient, clock: VirtualClock
) -> None:
    await clock.set(datetime.fromisoformat("2026-11-13T17:00:00+00:00"))  # midnight in Hà Nội
    answer = await http.post("/reports", json=REPORT)
    assert answer.json()["report"] == "PA-H10-01-20261114-0001"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"agency": "H99"}, "agency"),
        ({"agency": "not a code"}, "agency"),
        ({"against": []}, "against"),
        ({"against": [6]}, "against.0"),
        ({"against": ["1"]}, "against.0"),
        ({"dossier": "H10.01-20261113-9999"}, "dossier"),
        ({"dossier": "x y"}, "dossier"),
        ({"text": "a" * 4001}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"name": "somebody"}, "name"),
    ],
)
async def test_a_wrong_report_names_the_field_and_nothing_is_kept(
    http: httpx.AsyncClient, pool: asyncpg.Pool, change: dict[str, Any], field: str
) -> None:
    answer = await http.post("/reports", json=REPORT | change)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert await pool.fetchval("select count(*) from reports") == 0
    assert await reports_said(pool) == []


async def test_a_report_without_an_agency_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/reports", json={"against": [1]})
    assert [fault["field"] for fault in answer.json()["errors"]] == ["agency"]


async def test_the_pages_form_reports_and_follows(
    http: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    page = await http.get("/report", params={"agency": UNIT, "dossier": CODE})
    form = Form(page.text)
    assert form.fields["against"] == {"1", "2", "3", "4", "5"}
    assert form.fields["dossier"] == {CODE}
    assert form.unlabelled == [] and form.external == []
    assert f'<option value="{UNIT}" selected>' in page.text
    sent = {"agency": UNIT, "against": ["2", "4"], "dossier": "", "text": "Dòng 1\r\nDòng 2"}
    received = await http.post("/reports", data=sent)
    assert received.status_code == 201 and "Đã nhận phản ánh" in received.text
    (kept,) = await pool.fetch("select * from reports")
    assert (kept["against"], kept["dossier"], kept["words"]) == ([2, 4], None, sent["text"])
    code, secret = re.findall(r'<dd class="code">([\w-]+)</dd>', received.text)
    assert Form((await http.get("/report/follow")).text).unlabelled == []
    followed = await http.post("/reports/follow", data={"report": code, "secret": secret})
    assert followed.status_code == 200
    assert "UBND phường Hưng Long" in followed.text and "19:00, 13/11/2026" in followed.text
    lost = await http.post("/reports/follow", data={"report": code, "secret": "x"})
    assert lost.status_code == 404 and "Không tìm thấy phản ánh" in lost.text


async def test_a_form_that_is_wrong_comes_back_as_filled_in_and_escaped(
    http: httpx.AsyncClient,
) -> None:
    words = "</textarea><script>alert(1)</script>"
    page = await http.post("/reports", data={"agency": UNIT, "dossier": '"><b>', "text": words})
    assert page.status_code == 422
    assert "Xin chọn ít nhất một điều" in page.text
    assert "Không có hồ sơ mang mã này" in page.text
    assert f'<option value="{UNIT}" selected>' in page.text
    assert "<script" not in page.text and "<b>" not in page.text
    assert "&lt;/textarea&gt;&lt;script&gt;" in page.text
    unknown = await http.post(
        "/reports", data={"agency": UNIT, "against": "1", "dossier": "H1-0", "text": "chờ lâu"}
    )
    assert unknown.status_code == 422
    assert (
        Form(unknown.text).checked == {"kind": "feedback", "against": "1"}
        and "chờ lâu" in unknown.text
    )
