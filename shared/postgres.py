"""PostgreSQL: the pool, LISTEN as an asyncio event, migrations, and which errors pass by themselves."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import asyncpg

CONTRACT = re.compile(r"\d+_contract_.*\.sql")
PLUMBING = Path(__file__).parent / "migrations"


class MigrationError(RuntimeError):
    """A migration on record differs from its file, or the schema is from the future."""


async def open_pool(dsn: str, *, size: int = 10) -> asyncpg.Pool:
    """Open a pool of at most `size` connections. Raises what asyncpg raises when it cannot."""
    return await asyncpg.create_pool(
        dsn,
        min_size=2,
        max_size=size,
        command_timeout=60,
        server_settings={"timezone": "UTC"},
        reset=_stateless,
    )


async def _stateless(connection: asyncpg.Connection) -> None:
    """Nothing to reset: whoever borrows a connection leaves no settings, cursors, session locks or
    LISTEN behind. asyncpg's own reset would ask the server once more per transaction; a transaction
    left open it ends all the same."""


@asynccontextmanager
async def transaction(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """One connection of the pool, in one transaction."""
    async with pool.acquire() as connection, connection.transaction():
        # What the pool lends is a proxy that behaves as the connection does.
        yield cast(asyncpg.Connection, connection)


def is_transient(error: BaseException) -> bool:
    """Whether waiting and trying again may help: it says nothing of the events in hand."""
    return isinstance(
        error,
        (
            OSError,
            TimeoutError,
            asyncpg.PostgresConnectionError,
            asyncpg.InterfaceError,
            # What asyncpg says of a connection whose server went away in the middle of a reset.
            asyncpg.InternalClientError,
            asyncpg.DeadlockDetectedError,
            asyncpg.SerializationError,
            asyncpg.OperatorInterventionError,
            asyncpg.InsufficientResourcesError,
            asyncpg.LockNotAvailableError,
            asyncpg.ObjectInUseError,
            asyncpg.InvalidTransactionStateError,
        ),
    )


@asynccontextmanager
async def listening(
    connection: asyncpg.Connection, channel: str, woken: asyncio.Event
) -> AsyncIterator[None]:
    """While inside, every NOTIFY on `channel` sets `woken`."""

    def wake(*_: object) -> None:
        woken.set()

    await connection.add_listener(channel, wake)
    try:
        yield
    finally:
        with suppress(asyncpg.InterfaceError):  # it is closed: nothing listens any more
            await connection.remove_listener(channel, wake)


async def migrate(
    dsn: str, directories: Sequence[Path], *, is_contracting: bool = False
) -> list[str]:
    """Run every `NNNN_name.sql` of the directories, in order, that the schema has not had.

    What contracts is left out unless `is_contracting`: the version before may still run. In an empty
    schema nobody runs, and there it runs too.
    The schema is the role's own (its search_path). Each file is one transaction, under an advisory
    lock; the ledger keeps its checksum. Returns the names that ran. Raises `MigrationError` when a
    file has changed since it ran, or the ledger names one that we do not have.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("select pg_advisory_lock($1, hashtext(current_schema()))", 7_243)
        await connection.execute(
            """create table if not exists migrations (
                   name text primary key, checksum text not null,
                   ran_at timestamptz not null default clock_timestamp())"""
        )
        return await _run_missing(connection, _files(directories), is_contracting)
    finally:
        await connection.close()


async def schema_state(
    connection: asyncpg.Connection, directories: Sequence[Path]
) -> tuple[list[str], list[str], list[str]]:
    """Migrations still to run, those from the future, and those whose file has changed since."""
    files = _files(directories)
    if await connection.fetchval("select to_regclass('migrations')") is None:
        return list(files), [], []
    rows = await connection.fetch("select name, checksum from migrations")
    ran = {row["name"]: row["checksum"] for row in rows}
    changed = [name for name, sql in files.items() if ran.get(name, _sum(sql)) != _sum(sql)]
    return sorted(files.keys() - ran.keys()), sorted(ran.keys() - files.keys()), changed


def is_contract(name: str) -> bool:
    """Whether a migration, `service/NNNN_name.sql`, takes away what the version before may use.

    It says so by its name: `NNNN_contract_….sql`. Every other one only adds.
    """
    return bool(CONTRACT.fullmatch(name.rpartition("/")[2]))


def _sum(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()


def _files(directories: Sequence[Path]) -> dict[str, str]:
    return {
        f"{directory.parent.name}/{file.name}": file.read_text(encoding="utf-8")
        for directory in directories
        for file in sorted(directory.glob("[0-9]*.sql"))
    }


async def _run_missing(
    connection: asyncpg.Connection, files: dict[str, str], is_contracting: bool
) -> list[str]:
    rows = await connection.fetch("select name, checksum from migrations")
    ran = {row["name"]: row["checksum"] for row in rows}
    if unknown := sorted(ran.keys() - files.keys()):
        raise MigrationError(f"the schema is from the future: it has had {', '.join(unknown)}")
    missing = []
    for name, sql in files.items():
        checksum = _sum(sql)
        if name not in ran and is_contract(name) and ran and not is_contracting:
            continue
        if name not in ran:
            async with connection.transaction():
                await connection.execute(sql)
                await connection.execute(
                    "insert into migrations (name, checksum) values ($1, $2)", name, checksum
                )
            missing.append(name)
        elif ran[name] != checksum:
            raise MigrationError(f"{name} has changed since it ran; write a new migration instead")
    return missing
