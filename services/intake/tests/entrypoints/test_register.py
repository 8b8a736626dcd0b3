"""Sổ theo dõi hồ sơ: per unit and period, as a page, CSV and XLSX, a page of rows at a time."""

import csv
import io
import zipfile
from typing import Any

import asyncpg
import httpx
import pytest

from services.intake.entrypoints import register_writing
from services.intake.entrypoints.register_writing import harmless
from services.intake.tests.entrypoints.test_appointments import deadline, tell
from services.intake.tests.town import NEIGHBOUR, UNIT, Town
from services.intake.usecases import read_register
from shared.identity import Role
from shared.inbox import Apply

WEEK = {"first_on": "2026-11-09", "last_on": "2026-11-15"}


async def ask(town: Town, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
    return await town.http.get(
        f"/agencies/{UNIT}/register", params={**WEEK, **query}, headers=headers or town.officer
    )


async def rows(town: Town, **query: Any) -> list[dict[str, str]]:
    answer = await ask(town, format="csv", **query)
    assert answer.status_code == 200, answer.text
    assert answer.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


async def test_the_register_as_csv(town: Town, pool: asyncpg.Pool, apply: Apply) -> None:
    code = await town.code(sets=3, return_by="post", applicant={"name": '=Trần, Thị "Thử"'})
    await town.code(agency=NEIGHBOUR, headers=town.neighbour)
    await tell(pool, apply, deadline())
    await town.move(code, "resolution")
    await town.move(code, "return")
    assert await rows(town) == [
        {
            "STT": "1",
            "Mã hồ sơ": code,
            "Thủ tục hành chính": "Chứng thực bản sao từ bản chính (2.000815)",
            "Số bộ": "3",
            "Người nộp hồ sơ": '\'=Trần, Thị "Thử"',
            "Cơ quan giải quyết": "Phường Chơn Thành",
            "Nhận hồ sơ": "09:00 13/11/2026",
            "Hẹn trả kết quả": "16:00 13/11/2026",
            "Trả kết quả": "09:00 13/11/2026",
            "Phương thức nhận kết quả": "Qua bưu chính công ích",
            "Ký nhận": "",
            "Tình trạng": "Đã trả kết quả",
            "Mẫu": "Mẫu 07, Thông tư 03/2025/TT-VPCP",
        }
    ]


@pytest.mark.parametrize(
    ("first_on", "last_on", "found"),
    [
        ("2026-11-13", "2026-11-13", 1),
        ("2026-11-14", "2026-11-20", 0),
        ("2026-11-01", "2026-11-12", 0),
    ],
)
async def test_the_period_is_of_local_days_both_of_them_in_it(
    town: Town, first_on: str, last_on: str, found: int
) -> None:
    await town.code(headers=town.system, received_at="2026-11-13T00:00:00+07:00")
    assert len(await rows(town, first_on=first_on, last_on=last_on)) == found


async def test_rule_26_each_row_is_of_the_form_of_its_day(town: Town) -> None:
    for at in ("2025-09-14T23:59:59+07:00", "2025-09-15T00:00:00+07:00"):
        await town.code(headers=town.system, received_at=at)
    period: dict[str, Any] = {"first_on": "2025-09-01", "last_on": "2025-09-30"}
    assert [row["Mẫu"] for row in await rows(town, **period)] == [
        "Mẫu 06, Thông tư 01/2018/TT-VPCP",
        "Mẫu 07, Thông tư 03/2025/TT-VPCP",
    ]
    page = (await ask(town, **period)).text
    assert page.count("<table>") == page.count("</table>") == 2
    assert page.index("Mẫu 06, Thông tư 01/2018") < page.index("Mẫu 07, Thông tư 03/2025")


async def test_pages_follow_one_another_without_a_hole(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [await town.code(applicant={"name": "Thử <b>"}) for _ in range(5)]
    monkeypatch.setattr(read_register, "PAGE_ROWS", 2)
    found = await rows(town)
    assert [row["Mã hồ sơ"] for row in found] == codes
    assert [row["STT"] for row in found] == ["1", "2", "3", "4", "5"]
    page = (await ask(town)).text
    assert page.count("<table>") == page.count("</table>") == 1
    assert "Thử &lt;b&gt;" in page
    assert "A4 landscape" in page
    assert "Tổng số: 5 hồ sơ" in page


async def test_the_register_as_xlsx(town: Town) -> None:
    code = await town.code(applicant={"name": "=1+1"})
    answer = await ask(town, format="xlsx")
    assert answer.headers["content-disposition"].endswith('2026-11-09-2026-11-15.xlsx"')
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert code in sheet
    assert "Người nộp hồ sơ" in sheet
    assert "=1+1" in sheet
    assert "<f>" not in sheet  # no cell is a formula


async def test_the_register_as_pdf_is_short(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        await town.code(applicant={"name": "Thử #strong[*"})
    answer = await ask(town, format="pdf")
    assert answer.content.startswith(b"%PDF-")
    monkeypatch.setattr(register_writing, "MOST_PDF_ROWS", 1)
    answer = await ask(town, format="pdf")
    assert (answer.status_code, answer.json()["field"]) == (422, "last_on")


async def test_inspectors_see_the_cases_and_not_the_persons(town: Town, bearer: Any) -> None:
    await town.code()
    answer = await ask(town, bearer(Role.INSPECTOR), format="csv")
    assert answer.status_code == 200
    assert "Người nộp thứ nhất" not in answer.text
    assert (await ask(town, town.neighbour)).status_code == 403


@pytest.mark.parametrize("format", ["html", "pdf", "csv", "xlsx"])
async def test_an_empty_period_is_an_empty_register(town: Town, format: str) -> None:
    answer = await ask(town, format=format)
    assert answer.status_code == 200
    assert answer.content


async def test_a_period_that_ends_before_it_begins_is_refused(town: Town) -> None:
    answer = await ask(town, first_on="2026-11-15", last_on="2026-11-14")
    problem = answer.json()
    assert (answer.status_code, problem["field"], problem["value"]) == (
        422,
        "last_on",
        "2026-11-14",
    )


async def test_an_agency_we_do_not_know_has_no_register(town: Town) -> None:
    answer = await town.http.get("/agencies/H99/register", params=WEEK, headers=town.operator)
    assert answer.status_code == 404


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"
