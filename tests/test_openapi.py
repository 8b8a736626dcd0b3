"""Every service answers as its OpenAPI document says, whatever it is asked, by whomever.

Schemathesis asks the running services, on a stack of their own, since it registers nonsense: what
the document allows, at its edges and beyond them. Always the same requests.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.local.children import CHECKOUT
from deploy.local.postgres import SERVICES
from deploy.local.stack import Stack
from tests.conftest import AGENCY, BIRTH, Town, found

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
)
PLACES = [*((s, r) for s in SERVICES for r in ("officer", "operator")), ("feedback", "inspector")]
EXAMPLES = 3
ENDLESS = "/town/live"
"""Its answer has no end to be judged."""
CONFIGURATION = f"""
[parameters]
code = "{{code}}"
agency = "{AGENCY}"
procedure = "{BIRTH}"
"""


@pytest.fixture(scope="module")
async def asked(session_directory: Path) -> AsyncIterator[tuple[Town, str]]:
    """A town and a dossier's code."""
    async with (
        Stack("openapi", is_durable=False, parent=session_directory) as stack,
        httpx.AsyncClient(timeout=60, trust_env=False) as client,
    ):
        town = Town(stack, client)
        await found(town)
        # Now, before an operator's nonsense is registered.
        yield town, (await town.submit()).json()["code"]


async def ask_everything(
    asked: tuple[Town, str], service: str, role: str | None, directory: Path
) -> str:
    """What schemathesis says; fails when it finds anything."""
    town, code = asked
    configuration = directory / "schemathesis.toml"
    configuration.write_text(CONFIGURATION.format(code=code))
    bearer: list[str] = []
    if role is not None:
        token = town.stack.token(role, AGENCY if role == "officer" else None)
        bearer = ["--header", f"Authorization: Bearer {token}"]
    # fmt: off
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(configuration),
        "run", f"{town.stack.url(service)}/openapi.json", *bearer, "--checks", ",".join(CHECKS),
        "--phases", "fuzzing" if role is None else "coverage,fuzzing", "--generation-deterministic", "--continue-on-failure",
        "--max-examples", str(EXAMPLES), "--no-color", "--exclude-path", ENDLESS,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.schemathesis_hooks", "PYTHONPATH": str(CHECKOUT)},
        cwd=directory, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )
    # fmt: on
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said[-8_000:]
    return said


@pytest.mark.parametrize(("service", "role"), PLACES)
async def test_a_service_answers_every_role_as_documented(
    asked: tuple[Town, str], service: str, role: str, tmp_path: Path
) -> None:
    said = await ask_everything(asked, service, role, tmp_path)
    assert "Unresolvable references" not in said


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_answers_strangers_as_documented(
    asked: tuple[Town, str], service: str, tmp_path: Path
) -> None:
    await ask_everything(asked, service, None, tmp_path)
    missing = await asked[0].ask("GET", "/nowhere", None, service=service)
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


async def test_office_hours_with_an_offset_are_refused_by_name(asked: tuple[Town, str]) -> None:
    body = {
        "valid_from": "2021-01-01",
        "hours": {"monday": [{"opens": "07:00:00Z", "closes": "11:00:00"}]},
        "same_day": [],
    }
    answer = await asked[0].ask("POST", f"/agencies/{AGENCY}/pledges", "operator", json=body)
    assert answer.status_code == 422, answer.text
    (fault,) = [f for f in answer.json()["errors"] if f["field"].endswith("opens")]
    assert fault["value"] == "07:00:00Z"
    assert "without an offset" in fault["rule"]
