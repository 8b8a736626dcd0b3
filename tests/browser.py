"""A real headless Chromium for the citizens' pages: opened as on a phone or a desk, judged by axe.

    pytestmark = pytest.mark.browser

    async def test_the_page_is_accessible(browser: Browser, application: FastAPI) -> None:
        async with served(application) as base_url:
            assert await faults_of(browser, f"{base_url}/report") == []

`browser` (root conftest) is one for the session; a test that asks for it is skipped, saying why, where
no Chromium is installed. CHROMIUM names another than the one on PATH.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Any, Literal

import uvicorn
from axe_playwright_python.async_playwright import Axe
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright

ColorScheme = Literal["light", "dark"]

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
SCREENS = {"phone": PHONE, "desk": DESK}
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
"""Root may run it, and it speaks to nobody but us."""


def chromium() -> str | None:
    """The path of a Chromium; None where there is none."""
    found = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    return found or shutil.which("google-chrome")


@asynccontextmanager
async def chromium_open(path: str) -> AsyncIterator[Browser]:
    """The browser, closed afterwards."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        await browser.close()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application on a free port of loopback; yields the base URL."""
    config = uvicorn.Config(app, "127.0.0.1", 0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        if serving.done():
            serving.result()
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def opened(
    browser: Browser,
    url: str,
    screen: str = "phone",
    scheme: ColorScheme = "light",
    *,
    runs_script: bool = True,
) -> AsyncIterator[Page]:
    """A page of its own, with nothing kept of another's. Axe needs script to run, a citizen does not."""
    size: Any = SCREENS[screen]
    context = await browser.new_context(
        viewport=size, color_scheme=scheme, locale="vi-VN", java_script_enabled=runs_script
    )
    try:
        page = await context.new_page()
        await page.goto(url)
        yield page
    finally:
        await context.close()


async def faults_on(page: Page) -> list[str]:
    """What axe finds wrong on the page as it is now, and whether it is wider than the screen."""
    results = await Axe().run(page)
    found = [
        f"{fault['id']}: {fault['help']}: {[node['html'][:200] for node in fault['nodes']]}"
        for fault in results.response["violations"]
    ]
    wide = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return found if wide <= 0 else [*found, f"the page is {wide} px wider than the screen"]


async def faults_of(browser: Browser, url: str) -> list[str]:
    """What axe finds wrong at an address, on a phone and a desk, in light and in dark."""
    found = []
    for screen, scheme in product(SCREENS, SCHEMES):
        async with opened(browser, url, screen, scheme) as page:
            found += [f"{screen}, {scheme}: {fault}" for fault in await faults_on(page)]
    return found


async def walk(page: Page, most: int = 60) -> list[str]:
    """Where Tab leads, from the page's beginning until it comes round: each by name, id or text.

    A group of radio buttons is one stop, as a keyboard sees it.
    """
    stops: list[str] = []
    for _ in range(most):
        await page.keyboard.press("Tab")
        stop = await page.evaluate(
            """() => { const at = document.activeElement;
                return at === document.body ? "" : at.name || at.id || at.innerText.trim(); }"""
        )
        if not stop or stop in stops:
            return stops
        stops.append(stop)
    return stops
