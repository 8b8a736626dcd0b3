"""A small town for tests: its agencies and procedure, and how to ask intake for things."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import orjson

from shared.identity import Role

BASE_URL = "https://intake.example"
FRIDAY = datetime(2026, 11, 13, 2, 0, tzinfo=UTC)
"""09:00 in Chơn Thành."""
DAY = "261113"
UNIT, NEIGHBOUR = "H19.01", "H19.02"
PROCEDURE = "2.000815"
WEEK = {
    weekday: [{"opens": "07:00", "closes": "11:30"}, {"opens": "13:30", "closes": "17:00"}]
    for weekday in ("monday", "tuesday", "wednesday", "thursday", "friday")
}
PLEDGE = {
    "valid_from": "2026-01-01",
    "hours": WEEK,
    "same_day": [PROCEDURE],
    "congratulates": [PROCEDURE],
    "xin": ["chao", "cam-on"],
    "luon": ["smile"],
    "khong": [1, 2],
    "ladder": [{"rung": "at_risk", "calls": "head_of_unit", "share": "2/3"}],
    "additions": {"chao": "Đứng dậy chào"},
}
APPLICANT = {"name": "Người nộp thứ nhất", "phone": "0000"}


class Town:
    """Speaks to intake over HTTP as each of its people."""

    def __init__(self, http: httpx.AsyncClient, bearer: Callable[..., dict[str, str]]) -> None:
        self.http = http
        self.operator = bearer(Role.OPERATOR)
        self.officer = bearer(Role.OFFICER, UNIT)
        self.head = bearer(Role.HEAD_OF_UNIT, UNIT)
        self.system = bearer(Role.INTEGRATOR, UNIT)
        self.neighbour = bearer(Role.OFFICER, NEIGHBOUR)

    async def settle(self) -> None:
        """Register what the town needs."""
        for agency, name in ((UNIT, "Phường Chơn Thành"), (NEIGHBOUR, "Phường Minh Hưng")):
            answer = await self.http.put(
                f"/agencies/{agency}",
                json={"name": name, "valid_from": "2025-07-01"},
                headers=self.operator,
            )
            assert answer.status_code == 200, answer.text
        answer = await self.http.put(
            f"/procedures/{PROCEDURE}",
            json={
                "name": "Chứng thực bản sao từ bản chính",
                "limits": [{"valid_from": "2018-06-21", "kind": "same_day"}],
            },
            headers=self.operator,
        )
        assert answer.status_code == 200, answer.text

    async def submit(
        self,
        headers: dict[str, str] | None = None,
        asking: dict[str, str] | None = None,
        **changes: Any,
    ) -> httpx.Response:
        """POST /dossiers; `changes` to a complete counter dossier, `asking` further headers."""
        return await self.http.post(
            "/dossiers",
            json={**submission(), **changes},
            headers={**(headers or self.officer), **(asking or {})},
        )

    async def code(self, **changes: Any) -> str:
        """The code of a new dossier."""
        answer = await self.submit(**changes)
        assert answer.status_code == 201, answer.text
        code: str = answer.json()["code"]
        return code

    async def move(
        self,
        code: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """POST /dossiers/{code}/{path}."""
        return await self.http.post(
            f"/dossiers/{code}/{path}", json=body or {}, headers=headers or self.officer
        )


def submission() -> dict[str, Any]:
    """A complete dossier at the counter."""
    return {
        "agency": UNIT,
        "procedure": PROCEDURE,
        "channel": "counter",
        "is_complete": True,
        "applicant": APPLICANT,
        "documents": [{"name": "Bản chính", "copies": 1}],
    }


async def events(pool: asyncpg.Pool, subject: str) -> list[tuple[int, str, dict[str, Any]]]:
    """What was said of a subject: sequence, kind, body."""
    rows = await pool.fetch(
        "select sequence, type, body from outbox where subject = $1 order by id", subject
    )
    return [(row["sequence"], row["type"].split(".")[2], orjson.loads(row["body"])) for row in rows]
