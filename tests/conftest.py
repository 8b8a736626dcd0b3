"""One whole product for the end-to-end tests, and a way to ask it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.ledger.audit import audit
from deploy.local.ledger.findings import Verdict
from deploy.local.quiesce import Quiet
from deploy.local.stack import Stack
from shared.tests.collector import Collector, collecting

AGENCY = "H10.40.21"
OTHER = "H10.40.22"
BIRTH = "1.001193"
HOURS = {
    day: [{"opens": "07:00", "closes": "11:30"}, {"opens": "13:30", "closes": "17:00"}]
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
}


class Town:
    """Two agencies, one same-day procedure, and callers of every role."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient) -> None:
        self.stack = stack
        self._client = client

    async def ask(
        self,
        method: str,
        path: str,
        role: str | None = "officer",
        *,
        service: str = "intake",
        agency: str | None = AGENCY,
        **more: Any,
    ) -> httpx.Response:
        bound = agency if role in ("officer", "head_of_unit", "integrator") else None
        headers = dict(more.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self.stack.token(role, bound)}"
        url = f"{self.stack.url(service)}{path}"
        return await self._client.request(method, url, headers=headers, **more)

    async def submit(self, seconds: int = 20, **changes: Any) -> httpx.Response:
        """A complete dossier at the counter; waits for its appointment."""
        headers = changes.pop("headers", {"Prefer": f"wait={seconds}"})
        return await self.ask("POST", "/dossiers", json={**DOSSIER, **changes}, headers=headers)

    async def quiet(self) -> None:
        """Wait until everything said has been heard."""
        async with Quiet.watching(self.stack.dsn("ledger"), self.stack.kafka) as quiet:
            await quiet.wait(patience_seconds=60)

    async def carried(self, code: str, count: int) -> dict[str, str]:
        """What was delivered for a dossier, once there are `count`: each notice's text."""
        async with asyncio.timeout(20):
            while len(found := list(self._delivered(code))) < count:
                await asyncio.sleep(0.05)
        return dict(found)

    def _delivered(self, code: str) -> Iterator[tuple[str, str]]:
        for file in self.stack.outbox.glob("*.json"):
            letter = json.loads(file.read_text())
            if letter["dossier"] == code:
                yield letter["notice"], letter["text"]

    async def audit(self) -> Verdict:
        await self.quiet()
        return await audit(self.stack.dsn("ledger"), self.stack.kafka)


DOSSIER = {
    "agency": AGENCY,
    "procedure": BIRTH,
    "channel": "counter",
    "is_complete": True,
    "applicant": {"name": "Người Thử Nghiệm"},
    "documents": [{"name": "Giấy chứng sinh", "copies": 1}],
}


async def found(town: Town) -> None:
    """Register what the tests submit to."""
    for agency in (AGENCY, OTHER):
        body: dict[str, Any] = {"name": f"UBND {agency}", "valid_from": "2020-01-01"}
        answer = await town.ask("PUT", f"/agencies/{agency}", "operator", json=body)
        assert answer.status_code == 200, answer.text
    body = {
        "name": "Đăng ký khai sinh",
        "limits": [{"valid_from": "2020-01-01", "kind": "same_day"}],
    }
    answer = await town.ask("PUT", f"/procedures/{BIRTH}", "operator", json=body)
    assert answer.status_code == 200, answer.text
    body = {"valid_from": "2020-01-01", "hours": HOURS, "same_day": [BIRTH], "keeps_friday": True}
    body["congratulates"] = [BIRTH]
    body |= {"xin": ["chao"], "luon": ["smile"], "khong": [1]}
    for agency in (AGENCY, OTHER):
        answer = await town.ask("POST", f"/agencies/{agency}/pledges", "operator", json=body)
        assert answer.status_code == 201, answer.text


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """What takes the spans of the town's services."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="session")
async def town(session_directory: Path, collector: Collector) -> AsyncIterator[Town]:
    """The product, up and founded, for all tests of this folder.

    It keeps the traces its callers ask it to keep, and no other. FastAPI is asked to tell all it knows.
    """
    traces = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_TRACES_SAMPLER_ARG": "0",
        "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
    }
    async with (
        Stack(
            "tests",
            environment=traces,
            is_durable=False,
            is_delivering=True,
            parent=session_directory,
        ) as stack,
        httpx.AsyncClient(timeout=60, trust_env=False) as client,
    ):
        town = Town(stack, client)
        await found(town)
        yield town
