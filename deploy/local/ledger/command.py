"""`python -m deploy.local ledger`: the proof over a stack that runs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import asyncpg
from aiokafka.errors import KafkaError
from rich.console import Console

from deploy.local.directories import LOCAL
from deploy.local.ledger.audit import audit
from deploy.local.ledger.findings import Verdict
from deploy.local.ledger.report import as_json, render
from deploy.local.ledger.topics import HistoryError
from deploy.local.quiesce import NotQuietError, Quiet

FILE = "ledger.json"
"""In a stack's folder: where its ledger reads."""


class LedgerError(RuntimeError):
    """The proof could not be made; the message says why."""


class RunningStack(Protocol):
    """What the ledger needs to know of a stack."""

    directory: Path

    @property
    def kafka(self) -> str: ...
    def dsn(self, role: str) -> str: ...


@contextmanager
def open_to_ledger(stack: RunningStack) -> Iterator[None]:
    """While the block runs, `ledger --stack NAME` finds this stack."""
    file = stack.directory / FILE
    file.touch(mode=0o600)
    file.write_text(json.dumps({"dsn": stack.dsn("ledger"), "kafka": stack.kafka}))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def find_stack(name: str) -> tuple[str, str]:
    """The ledger's database and the bootstrap servers of a running stack. Raises `LedgerError`."""
    file = LOCAL / name / FILE
    if not file.exists():
        raise LedgerError(
            f"no stack named {name} runs: start one with `python -m deploy.local up`, or say"
            " --dsn and --kafka"
        )
    found = json.loads(file.read_text())
    return found["dsn"], found["kafka"]


async def prove(dsn: str, kafka: str, patience_seconds: float) -> Verdict:
    """Wait for quiet as long as we have patience, then prove; what is under way then is stuck.

    Raises `LedgerError`.
    """
    try:
        async with Quiet.watching(dsn, kafka) as quiet:
            await quiet.wait(patience_seconds=patience_seconds)
    except NotQuietError:
        # The verdict lists what is stuck, and so says more than we could here.
        pass
    except (HistoryError, KafkaError, asyncpg.PostgresError, OSError) as error:
        raise LedgerError(f"the stack cannot be read: {error}") from error
    try:
        return await audit(dsn, kafka)
    except (HistoryError, KafkaError, asyncpg.PostgresError, OSError) as error:
        raise LedgerError(f"the proof broke off: {error}") from error


def print_verdict(verdict: Verdict, console: Console, *, as_one_json: bool) -> None:
    """For people, or for programs."""
    if as_one_json:
        print(json.dumps(as_json(verdict), ensure_ascii=False, indent=2))
    else:
        console.print(render(verdict))
