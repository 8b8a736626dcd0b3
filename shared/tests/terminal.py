"""A service's commands as an operator runs them: a process of its own, its output and exit code."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from shared.settings import ServiceSettings

CHECKOUT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and how it ended."""

    code: int
    out: str
    errors: str

    @property
    def json(self) -> Any:
        """All of standard output as one JSON value; raises where it is anything else."""
        return orjson.loads(self.out)


def environment(settings: ServiceSettings) -> dict[str, str]:
    """The deadline service's."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": settings.database_url,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "ENVIRONMENT": "local",
        "OIDC_ISSUER": "https://issuer.test",
        "OIDC_JWKS": '{"keys":[]}',
        "LOGNAME": "operator-1",
    }


async def run(settings: ServiceSettings, *words: str, **changes: str) -> Answer:
    """Run `python -m services.deadline WORDS` to its end; `changes` are of the environment."""
    return await run_in({**environment(settings), **changes}, "services.deadline", *words)


async def run_in(environment: Mapping[str, str], module: str, *words: str) -> Answer:
    """Run a module's command to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *words),
        env=environment,
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            out, errors = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Answer(process.returncode, out.decode(), errors.decode())
