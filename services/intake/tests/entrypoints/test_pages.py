"""Mẫu 01, on paper and as data."""

import asyncpg
import pytest

from services.intake.entrypoints.negotiation import HTML, JSON, preferred
from services.intake.tests.entrypoints.test_appointments import deadline, tell
from services.intake.tests.town import DAY, PROCEDURE, UNIT, Town
from shared.inbox import Apply

CODE = f"{UNIT}-{DAY}-0001"


async def test_rule_17_mau_01_says_hour_minute_and_date(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    await town.code(applicant={"name": "Người <nộp> & co"})
    await tell(pool, apply, deadline())
    answer = await town.http.get(f"/dossiers/{CODE}/mau-01", headers=town.officer)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = answer.text
    for words in (
        CODE,
        "Phường Chơn Thành",
        "Chứng thực bản sao từ bản chính",
        "09 giờ 00 phút, ngày 13/11/2026",
        "16 giờ 00 phút, ngày 13/11/2026",
        "16:00, 13 November 2026",
        "Bản chính",
        "Người &lt;nộp&gt; &amp; co",
        "<svg",
        "size: A5",
    ):
        assert words in page, words


async def test_mau_01_as_data(town: Town, pool: asyncpg.Pool, apply: Apply) -> None:
    await town.code()
    headers = {**town.officer, "Accept": "application/json"}
    before = (await town.http.get(f"/dossiers/{CODE}/mau-01", headers=headers)).json()
    assert (before["return_at"], before["is_appointment_known"]) == (None, False)
    await tell(pool, apply, deadline())
    slip = (await town.http.get(f"/dossiers/{CODE}/mau-01", headers=headers)).json()
    assert slip["form"] == "Mẫu 01"
    assert slip["received_at"] == "2026-11-13T09:00:00+07:00"
    assert slip["return_at"] == "2026-11-13T16:00:00+07:00"
    assert slip["procedure"]["code"] == PROCEDURE
    assert slip["documents"] == [{"name": "Bản chính", "copies": 1, "originals": 0, "certified": 0}]
    secret = slip["look_up_secret"]
    assert slip["look_up_url"] == f"https://intake.example/look-up?code={CODE}&secret={secret}"


async def test_a_procedure_without_a_limit_says_so(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    await town.code()
    await tell(pool, apply, deadline(legal_due=None, pledge_due=None, appointment_at=None))
    page = (await town.http.get(f"/dossiers/{CODE}/mau-01", headers=town.officer)).text
    assert "không quy định thời hạn" in page


async def test_a_dossier_not_accepted_has_no_mau_01(town: Town) -> None:
    await town.code(channel="online")
    answer = await town.http.get(f"/dossiers/{CODE}/mau-01", headers=town.officer)
    assert (answer.status_code, answer.json()["state"]) == (409, "submitted")


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("*/*", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("application/json", False),
        ("application/json, text/html;q=0.5", False),
        ("text/html, application/json;q=0.9", True),
        ("application/json, */*;q=0.1", False),
        ("application/json;q=nonsense", True),
    ],
)
def test_the_accept_header_chooses(accept: str, html: bool) -> None:
    assert (preferred(accept, (HTML, JSON)) == HTML) is html
