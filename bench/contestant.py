"""A contestant: one way of doing the work, alone in its process, told what to do in one argument."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from deploy.local.children import CHECKOUT, Child

PATIENCE_SECONDS = 90.0
"""A contestant that takes longer has failed."""


@dataclass(frozen=True, slots=True)
class Task:
    """What most contestants are given: where, and how much."""

    dsn: str
    kafka: str
    topic: str
    count: int
    group: str = ""
    """The consumer group of those that hear."""


@dataclass(frozen=True, slots=True)
class Result:
    """How many were done, and in how many seconds, by the contestant's own monotonic clock."""

    count: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


T = TypeVar("T")


def contest(kind: type[T], work: Callable[[T], Coroutine[Any, Any, Result]]) -> None:
    """Do the task of the command line on uvloop, as the services do, and write its result."""
    told, result_file = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(work(kind(**json.loads(told))))
    Path(result_file).write_text(json.dumps(asdict(result)))


async def run(module: str, task: Any, name: str, directory: Path) -> Result:
    """Run one contestant to its end; `task` is the dataclass it takes.

    Raises `ChildError` with the end of its log when it fails or takes too long.
    """
    result_file = directory / f"{name}.json"
    child = begin(module, task, name, directory)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.to_thread(child.wait)
    except TimeoutError:
        raise child.failure(f"had not ended after {PATIENCE_SECONDS:.0f} s") from None
    finally:
        child.kill()
    if not result_file.exists():
        raise child.failure("ended without a result")
    return Result(**json.loads(result_file.read_text()))


def begin(module: str, task: Any, name: str, directory: Path) -> Child:
    """Start one contestant, and leave it to its work."""
    result_file = directory / f"{name}.json"
    return Child(
        name,
        [sys.executable, "-m", module, json.dumps(asdict(task)), str(result_file)],
        directory / f"{name}.log",
        environment=os.environ,
        directory=CHECKOUT,
    )
