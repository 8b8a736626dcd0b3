"""Feedback's pages in a real browser: axe, keyboard, no script."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from fastapi import FastAPI
from playwright.async_api import Browser

from services.feedback.tests import history
from services.feedback.tests.history import Tell
from tests.browser import faults_of, served

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


@pytest.mark.parametrize("path", ["/report", "/report/follow", "/rate/none-of-ours-at-all"])
async def test_a_page_is_accessible(browser: Browser, base_url: str, path: str) -> None:
    assert await faults_of(browser, base_url + path) == []


async def test_the_rating_page_is_accessible(browser: Browser, link: str) -> None:
    assert await faults_of(browser, link) == []
