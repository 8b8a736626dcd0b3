"""A town with inspectorates, reports of every kind, and those who handle them."""

import json
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx
import pytest

from services.feedback.tests import history
from services.feedback.tests.entrypoints.test_notices import bearing
from services.feedback.tests.history import CODE, UNIT, Tell
from shared.identity import Role

Mint = Callable[..., str]


INSPECTORATE, PROVINCE = "H10.90", "H10.91"


NAME, PHONE = "Nguyễn Thị Ví Dụ", "0900 000 001"


WORDS = f"Tôi, {NAME.upper()}, gọi {PHONE}: bị đòi “bồi dưỡng” hai lần"


MASKED = "Tôi, […], gọi […]: bị đòi “bồi dưỡng” hai lần"


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


FEEDBACK: dict[str, Any] = {
    "agency": UNIT,
    "against": [1, 3],
    "dossier": CODE,
    "text": WORDS,
    "author_name": NAME,
    "author_phone": PHONE,
}


COMPLAINT = {**FEEDBACK, "kind": "complaint", "against": []}


DENUNCIATION = {**FEEDBACK, "kind": "denunciation", "against": [3]}


@pytest.fixture(autouse=True)
async def town(tell: Tell, pool: asyncpg.Pool) -> None:
    await tell(
        history.agency(),
        history.agency(INSPECTORATE, "Thanh tra thị xã"),
        history.agency(PROVINCE, "Thanh tra tỉnh"),
        history.submitted(),
    )
    await pool.execute("delete from outbox")


@pytest.fixture
def inspector(token: Mint) -> dict[str, str]:
    return bearing(token(Role.INSPECTOR))


@pytest.fixture
def head(token: Mint) -> dict[str, str]:
    """The head of the reported unit."""
    return bearing(token(Role.HEAD_OF_UNIT, UNIT))


async def send(http: httpx.AsyncClient, report: dict[str, Any]) -> dict[str, str]:
    answer = await http.post("/reports", json=report)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, str] = answer.json()
    return receipt


async def said(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    rows = await pool.fetch("select body from outbox order by id")
    return [json.loads(row["body"]) for row in rows]


async def take(
    http: httpx.AsyncClient, headers: dict[str, str], code: str, step: str, **more: Any
) -> httpx.Response:
    return await http.post(f"/reports/{code}/steps", json={"step": step, **more}, headers=headers)
