"""The operators' own commands: `python -m services.<name> dead-letters …` of a running stack."""

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from typing import Any

import orjson

from deploy.local.children import CHECKOUT
from deploy.local.stack import Stack

PATIENCE_SECONDS = 60.0


class CommandError(RuntimeError):
    """A command failed; the message has what it said."""


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """What is set aside in one service."""

    stack: Stack
    service: str

    async def waiting(self) -> dict[str, dict[str, Any]]:
        """The subjects held back, with cause, reason and number of letters."""
        code, said = await self._run("list", "--json")
        if code != 0:
            raise CommandError(f"{self.service} dead-letters list: {said}")
        return {row["subject"]: row for row in orjson.loads(said)}

    async def retry(self, subject: str) -> int:
        """Try a subject again; how many letters were applied."""
        return _number(r": (\d+) applied", (await self._run("retry", subject))[1])

    async def discard(self, letter: int, because: str) -> int:
        """Give a letter up; how many behind it were applied."""
        code, said = await self._run("discard", str(letter), "--because", because)
        if code != 0:
            raise CommandError(f"{self.service} dead-letters discard: {said}")
        return _number(r"; (\d+) behind", said)

    async def _run(self, *words: str) -> tuple[int, str]:
        """The exit code and what was printed; what went to the log of errors only when it failed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"services.{self.service}", "dead-letters", *words),
            env={**os.environ, **self.stack.replicas[self.service, 0].environment},
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
        code = process.returncode
        assert code is not None  # communicate() waited for it
        return code, out.decode() if code == 0 else (out + errors).decode()


def _number(pattern: str, said: str) -> int:
    found = re.search(pattern, said)
    if found is None:
        raise CommandError(f"no number in what was said: {said}")
    return int(found[1])
