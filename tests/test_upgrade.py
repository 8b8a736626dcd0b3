"""The version before runs beside this one, on the same topics and schema, while work goes on."""

import asyncio
import os
import subprocess
from pathlib import Path

import asyncpg
import pytest

from deploy.local.children import CHECKOUT
from deploy.local.faults.campaign import session_timeout_ms
from deploy.local.postgres import SERVICES
from deploy.local.scaling.campaign import Orders, Run, settle_accounts, under_load
from deploy.local.stack import Stack
from deploy.local.versions import NoHistoryError, previous_version, unpack

pytestmark = pytest.mark.history
SIDE_BY_SIDE_SECONDS = 1.0


@pytest.fixture(scope="module")
def version_before(session_directory: Path) -> Path:
    """Its code; the same libraries serve both, as requirements/ only grew in between."""
    try:
        commit = previous_version()
    except NoHistoryError as error:
        pytest.skip(str(error))
    directory = session_directory / "before"
    directory.mkdir()
    unpack(commit, directory)
    return directory


async def migrations(stack: Stack) -> set[str]:
    connection = await asyncpg.connect(stack.dsn("postgres"))
    try:
        rows = [
            await connection.fetch(f"select '{service} ' || name from {service}.migrations")
            for service in SERVICES
        ]
    finally:
        await connection.close()
    return {row[0] for some in rows for row in some}


def files_of(checkout: Path) -> set[str]:
    """`service/file`, as the ledger of migrations names them."""
    return {
        f"{service} {file.parent.parent.name}/{file.name}"
        for service in SERVICES
        for part in ("shared", f"services/{service}")
        for file in (checkout / part / "migrations").glob("*.sql")
    }


@pytest.mark.timeout(240)
async def test_the_version_before_and_this_one_share_the_work_and_nothing_is_lost(
    version_before: Path, session_directory: Path
) -> None:
    run = Run(Orders((), 0, dossiers_per_second=4))
    environment = {"KAFKA_SESSION_TIMEOUT_MS": str(session_timeout_ms())}
    async with Stack(
        "upgrade",
        environment=environment,
        is_durable=False,
        parent=session_directory,
        checkout=version_before,
    ) as stack:
        assert await migrations(stack) == files_of(version_before)
        async with under_load(stack, run) as (_, rotation):
            await asyncio.sleep(SIDE_BY_SIDE_SECONDS)
            await stack.upgrade_to(CHECKOUT)
            assert await migrations(stack) == files_of(CHECKOUT)
            for service in SERVICES:
                before = run.notebook.dossiers
                await rotation.bring(service, 1)
                await asyncio.sleep(SIDE_BY_SIDE_SECONDS)
                await rotation.stop(service, 0)
                assert run.notebook.dossiers > before
        await settle_accounts(stack, run)
    assert run.wrong == []
    assert run.verdict is not None and run.verdict.balances, run.verdict
    assert run.notebook.dossiers >= 10


def repository(directory: Path) -> Path:
    """A history of three commits, of which the second brought a migration."""
    files = {
        "services/intake/migrations/0001_first.sql": "select 1",
        "services/intake/migrations/0002_second.sql": "select 2",
        "README.md": "later",
    }
    directory.mkdir(exist_ok=True)
    git(directory, "init", "--quiet")
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
        git(directory, "add", ".")
        git(directory, "commit", "--quiet", "--message", name)
    return directory


def git(directory: Path, *asked: str) -> str:
    somebody = {"NAME": "Test", "EMAIL": "test@example.org"}
    names = {
        f"GIT_{who}_{what}": s for who in ("AUTHOR", "COMMITTER") for what, s in somebody.items()
    }
    return subprocess.run(
        ["git", "-C", directory, *asked],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **names},
    ).stdout.strip()


def test_the_version_before_is_the_one_before_the_last_migration(tmp_path: Path) -> None:
    history = repository(tmp_path)
    first, head = git(history, "rev-parse", "HEAD~2"), git(history, "rev-parse", "HEAD")
    assert previous_version(history) == first
    (history / "services/intake/migrations/0003_third.sql").write_text("select 3")
    assert previous_version(history) == head


def test_a_clone_without_history_says_so(tmp_path: Path) -> None:
    history = repository(tmp_path / "whole")
    git(history, "clone", "--quiet", "--depth", "1", f"file://{history}", str(tmp_path / "shallow"))
    with pytest.raises(NoHistoryError, match="does not reach back"):
        previous_version(tmp_path / "shallow")
