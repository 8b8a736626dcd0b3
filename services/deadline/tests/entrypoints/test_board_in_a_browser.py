"""The board in a real browser: axe, live figures, and a page that stands without script."""

import httpx
import pytest
from playwright.async_api import Browser, expect

from services.deadline.adapters.board import Heartbeats
from services.deadline.tests.conftest import AGENCY, SAME_DAY, THREE_DAYS, Deadline, accepted
from services.deadline.tests.entrypoints.conftest import token
from services.deadline.tests.entrypoints.test_board import FRIDAY, app, base_url, hold_back
from tests.browser import faults_of, faults_on, opened

pytestmark = pytest.mark.browser
__all__ = ["app", "base_url"]


@pytest.fixture
async def busy(deadline: Deadline, base_url: str) -> str:
    """A Friday afternoon; returns the board's address."""
    await deadline.hear(
        *(accepted(f"H10.01-{n}", f"{FRIDAY} 08:00", SAME_DAY) for n in range(7)),
        *(accepted(f"H10.01-B{n}", "2026-11-06 08:00", THREE_DAYS) for n in range(3)),
    )
    await deadline.pass_to(f"{FRIDAY} 16:00")
    await Heartbeats(lambda: deadline.pool).beat("host-a-1", "{}", 812.0, 640.0, True)
    await Heartbeats(lambda: deadline.pool).beat("host-b-1", '{"kafka": "x"}', 0.0, 0.0, False)
    await hold_back(deadline, "H10.01-9")
    return f"{base_url}/board"


async def test_the_board_is_accessible(browser: Browser, busy: str) -> None:
    assert await faults_of(browser, busy) == []


async def test_signing_in_and_dead_letters_are_accessible(browser: Browser, busy: str) -> None:
    async with opened(browser, f"{busy}/sign-in") as page:
        assert await faults_on(page) == []
        await page.fill("#token", token("operator"))
        await page.keyboard.press("Enter")
        await page.wait_for_url(busy)
        for path in ("/letters", "/letters/H10.01-9"):
            await page.goto(busy + path)
            assert await faults_on(page) == []
        await page.locator("form[action$=discard] input[name=reason]").fill("sent twice")
        await page.locator("button.second").click()
        await page.wait_for_url(f"{busy}/letters")


async def test_figures_change_by_themselves(
    browser: Browser, busy: str, deadline: Deadline
) -> None:
    async with opened(browser, busy, "desk") as page:
        due = page.locator(".tile dd").first
        await expect(due).to_have_text("7")
        await deadline.hear(accepted("H10.01-99", f"{FRIDAY} 09:00", SAME_DAY))
        await expect(due).to_have_text("8")
        await expect(page.locator("#connection")).to_be_hidden()


async def test_without_script_the_page_refreshes_itself(browser: Browser, busy: str) -> None:
    async with opened(browser, busy, runs_script=False) as page:
        assert AGENCY in await page.inner_text("table")
    async with httpx.AsyncClient() as client:
        assert '<noscript><meta http-equiv="refresh"' in (await client.get(busy)).text
