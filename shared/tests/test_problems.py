"""A fault that passes by itself is told as such: the caller may ask again, and nothing else may."""

from typing import Annotated

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

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


class Copies(BaseModel):
    """A body that asks for a small number and nothing else."""

    model_config = ConfigDict(extra="forbid")

    copies: Annotated[int, Field(le=99)]


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ('{"copies": 16919003492291394404352}', "copies", "16919003492291394404352"),
        ('{"copies": "\\ud829"}', "copies", "\\ud829"),
        ('{"copies": 1, "\\ud829": 1}', "body", "\\ud829"),
        ('{"copies": 100}', "copies", 100),
    ],
)
async def test_what_json_or_utf8_cannot_carry_is_refused_by_name_all_the_same(
    body: str, field: str, value: object
) -> None:
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/")
    async def take(copies: Copies) -> None:
        raise AssertionError("refused before")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/", content=body, headers=headers)
    assert answer.status_code == 422, answer.text
    (fault,) = answer.json()["errors"]
    assert (fault["field"], fault["value"]) == (field, value)
