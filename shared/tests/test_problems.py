"""A fault that passes by itself is told as such: the caller may ask again, and nothing else may."""

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from shared.postgres import is_transient
from shared.problems import install_problem_handlers


async def answer_to(error: Exception) -> httpx.Response:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/")
    async def fail() -> None:
        raise error

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get("/")


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("nobody listens"),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.InternalClientError("cannot switch to state 15; another operation is in progress"),
    ],
)
async def test_a_database_that_is_away_puts_the_caller_off(error: Exception) -> None:
    assert is_transient(error)
    answer = await answer_to(error)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "unavailable"


@pytest.mark.parametrize(
    "error",
    [ValueError("a bug"), asyncpg.UniqueViolationError("twice"), asyncpg.DataError("out of range")],
)
async def test_our_own_mistakes_are_not_called_passing(error: Exception) -> None:
    assert not is_transient(error)
    answer = await answer_to(error)
    assert answer.status_code == 500
    assert str(error) not in answer.text
