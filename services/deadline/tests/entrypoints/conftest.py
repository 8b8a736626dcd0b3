"""Deadline's routes, asked as callers with roles would."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from services.deadline.entrypoints.calendar_routes import calendar_routes
from services.deadline.entrypoints.http import routes
from services.deadline.tests.conftest import Deadline, at
from shared.identity import Identity
from shared.problems import install_problem_handlers

KEY = ECKey.generate_key("P-256", {"kid": "k1"})
ISSUER, AUDIENCE = "https://issuer.test", "thanthien"

Ask = Callable[..., Any]


def token(role: str, agency: str | None = None, *, expires: str = "2039-01-01 00:00") -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "someone-1",
        "role": role,
        "agency": agency,
        "exp": int(at(expires).timestamp()),
    }
    return jwt.encode({"alg": "ES256", "kid": "k1"}, claims, KEY)


@pytest.fixture
async def ask(deadline: Deadline) -> AsyncIterator[Ask]:
    """`await ask("GET", "/alarms", token("operator"))`."""
    await deadline.clock.set(at("2026-11-09 08:00"))
    app = FastAPI()
    install_problem_handlers(app)
    app.state.identity = Identity(ISSUER, AUDIENCE, KeySet([KEY]), deadline.clock)
    app.include_router(calendar_routes(deadline.begin, deadline.clock))
    app.include_router(routes(deadline.begin, deadline.clock, deadline.rule_book))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

        async def send(method: str, path: str, bearer: str | None, body: Any = None) -> Any:
            headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
            return await client.request(method, path, headers=headers, json=body)

        yield send
