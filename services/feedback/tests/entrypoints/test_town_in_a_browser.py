"""The town's pages in a real browser: axe, no script, and what changes while one looks on."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, expect

from services.feedback.entrypoints.town_board import TownBoard
from services.feedback.tests import history
from services.feedback.tests.entrypoints.test_town_pages import LATE, rate, watched
from services.feedback.tests.history import Tell
from services.feedback.tests.usecases.test_keep_scores import OTHER
from tests.browser import faults_of, opened, served

pytestmark = pytest.mark.browser


@pytest.fixture
async def base_url(
    application: FastAPI, tell: Tell, pool: asyncpg.Pool, board: TownBoard
) -> AsyncIterator[str]:
    """Feedback on loopback, with two units, five ratings of one, and a breach of the other."""
    await tell(history.agency(), history.agency(OTHER, "UBND xã Nha Bích"))
    for number in range(1, 6):
        await rate(pool, tell, f"H10.01-20261113-{number:04}", 4)
    await tell(history.accepted(LATE, OTHER), history.alarm("breach", LATE, OTHER))
    async with watched(board, pool), served(application) as url:
        yield url


@pytest.mark.parametrize("path", ["/town", "/stars"])
async def test_a_page_of_the_town_is_accessible(browser: Browser, base_url: str, path: str) -> None:
    assert await faults_of(browser, base_url + path) == []


async def test_the_towns_page_changes_while_one_looks_on(
    browser: Browser, base_url: str, tell: Tell
) -> None:
    async with opened(browser, f"{base_url}/town", "desk") as page:
        received = page.locator("tr.town td").first
        await expect(page.locator("#live")).to_be_visible()
        await expect(received).to_have_text("6")
        await tell(history.accepted("H10.01-20261113-0099"))
        await expect(received).to_have_text("7")


async def test_without_script_the_towns_page_is_whole_and_refreshed_by_a_link(
    browser: Browser, base_url: str, tell: Tell
) -> None:
    async with opened(browser, f"{base_url}/town", runs_script=False) as page:
        assert await page.locator("tbody tr").count() == 3
        assert not await page.locator("#live").is_visible()
        await tell(history.accepted("H10.01-20261113-0099"))
        await page.get_by_role("link", name="Tải lại").click()
        assert await page.locator("tr.town td").first.inner_text() == "7"
