"""The look-up page in a real browser: axe, a keyboard, no script."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from fastapi import FastAPI
from playwright.async_api import Browser

from services.intake.entrypoints.desk import Desk
from services.intake.tests.entrypoints.test_appointments import deadline, tell
from services.intake.tests.entrypoints.test_slips import reappointed
from services.intake.tests.town import Town
from shared.inbox import Apply
from tests.browser import faults_of, opened, served, walk

pytestmark = pytest.mark.browser


@pytest.fixture
async def base_url(application: FastAPI) -> AsyncIterator[str]:
    async with served(application) as url:
        yield url


@pytest.fixture
async def code(town: Town, pool: asyncpg.Pool, apply: Apply) -> str:
    code = await town.code()
    await tell(pool, apply, deadline(), reappointed())
    return code


async def test_the_pages_are_accessible(
    browser: Browser, base_url: str, code: str, desk: Desk
) -> None:
    # The form with what is wrong on it, and the dossier with all that is shown of it.
    for query in ("?code=wrong", f"?code={code}", f"?code={code}&secret={desk.secrets.of(code)}"):
        assert await faults_of(browser, f"{base_url}/look-up{query}") == [], query


async def test_a_keyboard_suffices_and_no_script_is_needed(
    browser: Browser, base_url: str, code: str, desk: Desk
) -> None:
    async with opened(browser, f"{base_url}/look-up") as page:
        assert (await walk(page))[1:4] == ["code", "secret", "Tra cứu\nLook up"]
    async with opened(browser, f"{base_url}/look-up", runs_script=False) as page:
        for _ in range(2):
            await page.keyboard.press("Tab")
        await page.keyboard.type(code)
        await page.keyboard.press("Tab")
        await page.keyboard.type(str(desk.secrets.of(code)))
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=Ngày hẹn ban đầu")
        assert page.url == f"{base_url}/look-up"
