"""Where a stack keeps its files: one folder under .local/, held by one stack at a time."""

import fcntl
import shutil
from pathlib import Path
from typing import IO

from deploy.local.children import CHECKOUT

LOCAL = CHECKOUT / ".local"
STACKS_AT_ONCE = 9


class HeldDirectory:
    """A fresh folder named after the stack; `name-2`, `name-3`… while others are held."""

    def __init__(self, name: str, parent: Path = LOCAL) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        self._lock, self.path = _hold_first_free(name, parent)
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()

    @property
    def name(self) -> str:
        return self.path.name

    def release(self) -> None:
        """Let another stack have the folder; what lies in it stays to be read."""
        self._lock.close()


def _hold_first_free(name: str, parent: Path) -> tuple[IO[str], Path]:
    for number in range(1, STACKS_AT_ONCE + 1):
        path = parent / (name if number == 1 else f"{name}-{number}")
        lock = (parent / f"{path.name}.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return lock, path
    raise RuntimeError(f"{STACKS_AT_ONCE} stacks named {name} run already in {parent}")
