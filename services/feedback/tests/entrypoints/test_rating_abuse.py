"""Who tries to rate twice, or another's dossier: over TCP, fifty at once, and token by token."""

import asyncio
from collections import Counter

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.feedback.tests import history
from services.feedback.tests.history import CODE, UNIT, Tell
from tests.browser import served

STARS = {"smile": 5, "gentle": 4, "listen": 3, "help": 1, "overall": 4}
OTHER = "H10.01-20261113-0002"


@pytest.fixture
async def tokens(pool: asyncpg.Pool, tell: Tell) -> dict[str, str]:
    """The tokens of two dossiers of one unit, by dossier."""
    await tell(history.agency(), history.returned(), history.returned(OTHER))
    await pool.execute("delete from outbox")
    rows = await pool.fetch("select dossier, token from invitations")
    return {row["dossier"]: row["token"] for row in rows}


async def test_rule_34_one_rating_per_dossier_and_step_under_a_race_of_fifty_requests(
    application: FastAPI, tokens: dict[str, str], pool: asyncpg.Pool
) -> None:
    """Each on a connection of its own; every other one is the page's form."""
    url = f"/rate/{tokens[CODE]}"
    limits = httpx.Limits(max_connections=50)
    async with (
        served(application) as base_url,
        httpx.AsyncClient(base_url=base_url, limits=limits, timeout=30) as client,
    ):
        asked = [
            client.post(url, data=STARS) if number % 2 else client.post(url, json=STARS)
            for number in range(50)
        ]
        answers = await asyncio.gather(*asked)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
    assert await pool.fetchval("select count(*) from ratings") == 1
    assert await pool.fetchval("select votes from tallies where agency = $1", UNIT) == 1
    said = await pool.fetch("select body from outbox")
    assert len(said) == 1 and b'"overall":4' in bytes(said[0]["body"])


async def test_the_link_of_one_dossier_never_rates_another(
    http: httpx.AsyncClient, tokens: dict[str, str], pool: asyncpg.Pool
) -> None:
    url = f"/rate/{tokens[CODE]}"
    named = await http.post(url, json={**STARS, "dossier": OTHER})
    assert (named.status_code, named.json()["errors"][0]["field"]) == (422, "dossier")
    asked = await http.post(url, params={"dossier": OTHER, "token": tokens[OTHER]}, json=STARS)
    assert (asked.status_code, asked.json()["dossier"]) == (201, CODE)
    assert (await http.post(url, params={"dossier": OTHER}, json=STARS)).status_code == 409
    assert [row["dossier"] for row in await pool.fetch("select dossier from ratings")] == [CODE]
    assert (await http.post(f"/rate/{tokens[OTHER]}", json=STARS)).status_code == 201


async def test_a_token_says_nothing_of_its_neighbours_or_its_dossier(
    http: httpx.AsyncClient, tokens: dict[str, str], pool: asyncpg.Pool
) -> None:
    """256 random bits: nothing in common at the same place beyond chance, no code, none a step away."""
    mine, others = tokens[CODE], tokens[OTHER]
    assert len(mine) == len(others) == 43
    assert sum(a == b for a, b in zip(mine, others, strict=True)) < 12
    near = [
        mine[:-1],
        mine[:-1] + ("A" if mine[-1] != "A" else "E"),
        mine.swapcase(),
        mine[:21] + others[21:],
        f"{mine}%20",
        f"{mine}%00",
        CODE,
        OTHER,
    ]
    for guess in near:
        answer = await http.post(f"/rate/{guess}", json=STARS)
        assert (answer.status_code, answer.json()["type"]) == (404, "unknown-link"), guess
    assert await pool.fetchval("select count(*) from ratings") == 0
