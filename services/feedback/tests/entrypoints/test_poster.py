"""The poster at the counter: it leads to the unit's rating page, and prints on one sheet."""

import re

import httpx
import pypdfium2
import pytest
from fastapi import FastAPI
from playwright.async_api import Browser

from services.feedback.tests import history
from services.feedback.tests.conftest import BASE_URL
from services.feedback.tests.history import UNIT, Tell
from shared.gate import Gate
from shared.printing import qr_code
from tests.browser import faults_of, opened, served

URL = f"{BASE_URL}/rate?agency={UNIT}"
SHEETS = {"a4": (595, 842), "a5": (420, 595)}
"""In points."""
LONG = "UBND " + "phường Chơn Thành và các xã Nha Bích, Minh Thắng, Minh Lập " * 3


def only_sheet(paper: bytes) -> tuple[tuple[int, int], str]:
    """The size in points and the words of a paper that has one sheet."""
    with pypdfium2.PdfDocument(paper) as document:
        assert len(document) == 1
        width, height = document[0].get_size()
        words = document[0].get_textpage().get_text_bounded()
    return (round(width), round(height)), re.sub(r"\s+", " ", words)


async def test_its_code_leads_to_the_units_page_and_its_address_stands_below(
    http: httpx.AsyncClient, tell: Tell
) -> None:
    await tell(history.agency())
    page = await http.get(f"/agencies/{UNIT}/poster")
    assert qr_code(URL) in page.text and f">{URL}<" in page.text
    assert "UBND phường Hưng Long" in page.text
    led = await http.get(URL.removeprefix(BASE_URL))
    assert led.status_code == 200 and "UBND phường Hưng Long" in led.text


@pytest.mark.parametrize("size", SHEETS)
@pytest.mark.parametrize("name", ["UBND phường Hưng Long", LONG])
async def test_the_pdf_is_one_sheet_with_the_units_name(
    http: httpx.AsyncClient, tell: Tell, size: str, name: str
) -> None:
    await tell(history.agency(name=name))
    answer = await http.get(f"/agencies/{UNIT}/poster", params={"format": "pdf", "size": size})
    assert answer.headers["content-type"] == "application/pdf"
    sheet, told = only_sheet(answer.content)
    assert sheet == SHEETS[size]
    assert name.strip() in told and "Nhập mã hồ sơ và mã tra cứu" in told


@pytest.mark.browser
@pytest.mark.parametrize("size", SHEETS)
async def test_the_page_prints_on_one_sheet_and_is_accessible(
    browser: Browser, application: FastAPI, tell: Tell, size: str
) -> None:
    await tell(history.agency(name=LONG))
    async with served(application) as base_url:
        url = f"{base_url}/agencies/{UNIT}/poster?size={size}"
        assert await faults_of(browser, url) == []
        async with opened(browser, url) as page:
            sheet, told = only_sheet(await page.pdf(prefer_css_page_size=True))
    assert sheet == SHEETS[size] and URL in told.replace(" ", "")


async def test_a_name_is_text_on_page_and_paper(http: httpx.AsyncClient, tell: Tell) -> None:
    await tell(history.agency(name='#read("/etc/hostname") <script>alert(1)</script> $x$'))
    page = await http.get(f"/agencies/{UNIT}/poster")
    assert "<script" not in page.text
    paper = await http.get(f"/agencies/{UNIT}/poster", params={"format": "pdf"})
    assert '#read("/etc/hostname") <script>' in only_sheet(paper.content)[1]


async def test_an_unknown_unit_and_another_size_have_none(http: httpx.AsyncClient) -> None:
    unknown = await http.get("/agencies/H99/poster")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "unknown-agency")
    assert (await http.get(f"/agencies/{UNIT}/poster?size=a3")).status_code == 422


class TestBehindAGate:
    @pytest.fixture
    def gate(self) -> Gate:
        return Gate(12, now=lambda: 0.0)

    async def test_a_paper_counts_as_ten_requests(
        self, http: httpx.AsyncClient, tell: Tell
    ) -> None:
        await tell(history.agency())
        asked = [await http.get(f"/agencies/{UNIT}/poster?format=pdf") for _ in range(2)]
        assert [answer.status_code for answer in asked] == [200, 429]
