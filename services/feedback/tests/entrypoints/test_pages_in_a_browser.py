"""Feedback's pages in a real browser: axe, keyboard, no script."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, Page

from services.feedback.tests import history
from services.feedback.tests.history import CODE, UNIT, Tell
from shared.slip_secrets import SlipSecrets
from tests.browser import ColorScheme, faults_of, faults_on, opened, served, walk

pytestmark = pytest.mark.browser


@pytest.fixture
async def base_url(application: FastAPI, tell: Tell) -> AsyncIterator[str]:
    """Feedback on loopback, with a unit and a dossier that was returned."""
    await tell(history.agency(), history.returned())
    async with served(application) as url:
        yield url


@pytest.fixture
async def link(base_url: str, pool: asyncpg.Pool) -> str:
    token: str = await pool.fetchval("select token from invitations")
    return f"{base_url}/rate/{token}"


@pytest.mark.parametrize(
    "path",
    ["/report", "/report/follow", "/rate/none-of-ours-at-all", f"/rate?agency={UNIT}", "/rate"],
)
async def test_a_page_is_accessible(browser: Browser, base_url: str, path: str) -> None:
    assert await faults_of(browser, base_url + path) == []


async def test_the_rating_page_is_accessible(browser: Browser, link: str) -> None:
    assert await faults_of(browser, link) == []


LOOKS: tuple[tuple[str, ColorScheme], ...] = (("phone", "light"), ("desk", "dark"))
"""Both screens and both schemes once: pages behind a form cost a rating or a report each."""
ASKED = ["smile", "gentle", "listen", "help", "overall"]
FEEDBACK = {"agency": UNIT, "against": [2], "text": "Chờ lâu, không ai giải thích"}


async def faults_after(
    browser: Browser, url: str, fill: dict[str, str], button: str, shows: str
) -> list[str]:
    """What axe finds on the page a form is answered with: `fill` by input name, sent by a button's form.

    The browser's own checks are put off, so that the server's are seen; `shows` is on the right page.
    """
    found: list[str] = []
    for screen, scheme in LOOKS:
        async with opened(browser, url, screen, scheme) as page:
            await send(page, fill, button)
            assert shows in await page.inner_text("main")
            found += [f"{screen}, {scheme}: {fault}" for fault in await faults_on(page)]
    return found


async def send(page: Page, fill: dict[str, str], button: str) -> None:
    await page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
    for name, value in fill.items():
        field = page.locator(f"[name={name}]").first
        if await field.get_attribute("type") in ("radio", "checkbox"):
            await page.locator(f"[name={name}][value='{value}']").check()
        elif await field.evaluate("field => field.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    async with page.expect_navigation():
        await page.get_by_role("button", name=button).click()


async def test_a_rating_page_with_a_fault_and_the_thanks_are_accessible(
    browser: Browser, link: str, pool: asyncpg.Pool
) -> None:
    without_help = {asked: "4" for asked in ASKED if asked != "help"}
    assert (
        await faults_after(
            browser, link, without_help, "Gửi đánh giá", "Xin chọn số sao: Luôn giúp đỡ"
        )
        == []
    )
    found: list[str] = []
    for screen, scheme in LOOKS:
        await pool.execute("update invitations set used_at = null")
        await pool.execute("delete from ratings")
        async with opened(browser, link, screen, scheme) as page:
            await send(page, dict.fromkeys(ASKED, "5"), "Gửi đánh giá")
            assert "Xin cảm ơn Quý công dân!" in await page.inner_text("h1")
            found += await faults_on(page)
    assert found == []


async def test_the_counters_page_refused_and_what_a_used_link_says_are_accessible(
    browser: Browser, base_url: str, link: str, slips: SlipSecrets
) -> None:
    url = f"{base_url}/rate?agency={UNIT}"
    typed = {"dossier": CODE, "secret": str(slips.of(CODE)), **dict.fromkeys(ASKED, "4")}
    for wrong, shows in (
        ({**typed, "secret": "not mine", "dossier": "không"}, "Xin ghi mã hồ sơ"),
        (typed, ""),  # rates on the phone, finds it rated on the desk
    ):
        assert await faults_after(browser, url, wrong, "Gửi đánh giá", shows) == []
    async with opened(browser, link) as page:
        assert await faults_on(page) == []
        assert "Đánh giá tại quầy" in await page.inner_text("main")


async def test_the_counters_page_is_walked_and_sent_by_keyboard_alone_and_without_script(
    browser: Browser, base_url: str, slips: SlipSecrets, pool: asyncpg.Pool
) -> None:
    url = f"{base_url}/rate?agency={UNIT}"
    async with opened(browser, url) as page:
        stops = await walk(page)
        assert [stop for stop in stops if stop in ("dossier", "secret", *ASKED)] == [
            "dossier",
            "secret",
            *ASKED,
        ]
    async with opened(browser, url, runs_script=False) as page:
        await page.keyboard.press("Tab")
        for typed in (CODE.lower(), str(slips.of(CODE)).replace("-", " ")):
            await page.keyboard.press("Tab")
            await page.keyboard.type(typed)
        for _ in ASKED:
            await page.keyboard.press("Tab")
            await page.keyboard.press("Space")
            await page.keyboard.press("ArrowRight")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert "Xin cảm ơn" in await page.inner_text("h1")
    assert await pool.fetchval("select array[smile, overall] from ratings") == [2, 2]


async def test_a_report_with_faults_and_its_receipt_are_accessible(
    browser: Browser, base_url: str
) -> None:
    url = f"{base_url}/report"
    wrong = {"agency": UNIT, "text": "Chờ lâu", "author_phone": "x", "dossier": "không"}
    assert await faults_after(browser, url, wrong, "Gửi", "Không có hồ sơ mang mã này") == []
    right = {"agency": UNIT, "against": "2", "text": "Chờ lâu"}
    assert await faults_after(browser, url, right, "Gửi", "Mã bí mật chỉ hiện một lần") == []


async def test_a_followed_report_is_accessible(
    browser: Browser, base_url: str, pool: asyncpg.Pool
) -> None:
    async with httpx.AsyncClient(base_url=base_url) as client:
        receipt = (await client.post("/reports", json=FEEDBACK)).json()
    code = receipt["report"]
    await pool.execute("update reports set state = 'asked'")
    await pool.execute(
        "insert into report_steps values ($1, 1, 'asked', 'Hôm nào?', null, 's', 'inspector', now())",
        code,
    )
    await pool.execute(
        "insert into openings values ($1, 1, 'identity', 's', 'inspector', 'Cần gặp', now())", code
    )
    url = f"{base_url}/report/follow"
    assert await faults_after(browser, url, receipt, "Xem", "Ai đã mở thông tin") == []
    unknown = {**receipt, "secret": "không phải"}
    assert await faults_after(browser, url, unknown, "Xem", "Không tìm thấy phản ánh") == []


async def test_the_rating_page_is_walked_rated_and_sent_by_keyboard_alone(
    browser: Browser, link: str, pool: asyncpg.Pool
) -> None:
    """Tab from group to group, arrows from star to star, Enter to send."""
    async with opened(browser, link) as page:
        stops = await walk(page)
        assert [stop for stop in stops if stop in ASKED] == ASKED
        assert stops[0] == "content" or "Đến nội dung" in stops[0]
        assert "Gửi đánh giá" in stops[-1]
    async with opened(browser, link, runs_script=False) as page:
        await page.keyboard.press("Tab")
        for presses in range(len(ASKED)):
            await page.keyboard.press("Tab")
            await page.keyboard.press("Space")
            for _ in range(presses):
                await page.keyboard.press("ArrowRight")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert "Xin cảm ơn" in await page.inner_text("h1")
    kept = await pool.fetchrow("select smile, gentle, listen, help, overall from ratings")
    assert kept is not None and tuple(kept) == (1, 2, 3, 4, 5)
