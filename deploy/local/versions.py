"""The version before this one, taken out of git: what runs while an upgrade begins."""

import io
import subprocess
import tarfile
from pathlib import Path

from deploy.local.children import CHECKOUT

CONTRACTS = (
    *("shared/migrations", "shared/events"),
    *(f"services/{service}/migrations" for service in ("intake", "deadline", "feedback")),
)
"""What two versions share while both run: the tables and the events."""


class NoHistoryError(RuntimeError):
    """There is no version to upgrade from; the message says why."""


def previous_version(checkout: Path = CHECKOUT) -> str:
    """The newest commit whose tables or events differ from those here. Raises `NoHistoryError`.

    An upgrade from it proves the most: from a nearer one nothing would be migrated.
    """
    try:
        if _git(checkout, "status", "--porcelain", "--", *CONTRACTS):
            return _git(checkout, "rev-parse", "HEAD")
        changed = _git(checkout, "log", "-n", "1", "--format=%H", "--", *CONTRACTS)
        return _git(checkout, "rev-parse", "--verify", f"{changed}^")
    except FileNotFoundError as error:
        raise NoHistoryError("git is not installed") from error
    except subprocess.CalledProcessError as error:
        raise NoHistoryError(
            f"git does not reach back to before the last migration: {error.stderr.strip()}"
        ) from error


def unpack(commit: str, into: Path, checkout: Path = CHECKOUT) -> None:
    """Write a commit's services, and what they read (deploy has the list of topics), into a folder."""
    archive = subprocess.run(
        ["git", "-C", checkout, "archive", commit, "services", "shared", "deploy"],
        check=True,
        capture_output=True,
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(into, filter="data")


def _git(checkout: Path, *asked: str) -> str:
    return subprocess.run(
        ["git", "-C", checkout, *asked], check=True, capture_output=True, text=True
    ).stdout.strip()
