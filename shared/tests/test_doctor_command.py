"""`doctor` as an operator runs it, and readiness as an orchestrator asks it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from deploy.local.issuer import LocalIssuer
from deploy.local.loopback import free_port
from shared.settings import ServiceSettings
from shared.tests.terminal import CHECKOUT, environment, run

LEAD = "select pg_advisory_lock(hashtext('relay'), hashtext('deadline'))"
PATIENCE_SECONDS = 60


async def test_doctor_ends_with_0_when_all_is_good_and_with_1_when_not(
    settings: ServiceSettings,
) -> None:
    leader = await asyncpg.connect(settings.database_url)
    try:
        await leader.execute(LEAD)
        good = await run(settings, "doctor", "--json")
    finally:
        await leader.close()
    assert (good.code, good.json["is_good"]) == (0, True), good.out
    assert {one["part"] for one in good.json["findings"]} >= {"broker", "topics", "relay", "rules"}

    bad = await run(settings, "doctor", "--json")
    assert (bad.code, bad.json["is_good"]) == (1, False)
    assert [one for one in bad.json["findings"] if not one["is_good"]] == [
        {
            "part": "relay",
            "says": "nobody relays the outbox",
            "do": "start a replica: the command serve",
            "passes": False,
            "is_good": False,
        }
    ]


async def test_readiness_says_not_looked_at_yet_and_then_ready(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    keys = LocalIssuer(tmp_path).jwks
    holder = await asyncpg.connect(settings.database_url)
    try:
        # The look at the schema waits for this table, and nothing else the service does at its start.
        await holder.execute("begin; lock table migrations in access exclusive mode")
        async with serving(settings, keys) as url:
            code, before = await ask_until(url, lambda said: "kafka" not in said["missing"])
            assert (code, before["status"]) == (503, "not ready")
            assert before["missing"] == {"foundations": "not looked at yet"}
            await holder.execute("rollback")
            code, after = await ask_until(url, lambda said: not said["missing"])
            assert (code, after["status"]) == (200, "ready")
    finally:
        await holder.close()


@asynccontextmanager
async def serving(settings: ServiceSettings, keys: Path) -> AsyncIterator[str]:
    """A deadline service in a process of its own; gives its address."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.deadline", "serve"),
        env={**environment(settings), "HTTP_PORT": str(port), "OIDC_JWKS": str(keys)},
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)


async def ask_until(url: str, is_enough: Any) -> tuple[int, dict[str, Any]]:
    """What /health/ready says, once it says enough."""
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                answer = await client.get(f"{url}/health/ready")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if is_enough(answer.json()):
                return answer.status_code, answer.json()
            await asyncio.sleep(0.1)
