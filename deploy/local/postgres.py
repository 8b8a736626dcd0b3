"""PostgreSQL 18 from a wheel: started on a free loopback port, stopped for certain."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from deploy.local.children import LAUNCHER, Child, ChildError
from deploy.local.loopback import HOST, free_port
from deploy.local.reach import hand_over, reachable_data, reachable_programs, server_account

ADMINISTRATOR = "postgres"
SERVICES = ("intake", "deadline", "feedback")
ROLES = (*SERVICES, "ledger")
ROLES_SQL = Path(__file__).parents[1] / "postgres" / "roles.sql"

STARTS_TRIED = 5


class Postgres:
    """One server in `directory`; its data and passwords stay there between starts.

    `is_durable=False` is for tests only: it never waits for the disk.
    """

    def __init__(
        self,
        directory: Path,
        *,
        is_durable: bool = True,
        shared_buffers: str = "256MB",
        max_connections: int = 200,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory.resolve()
        self.port = 0
        self._password_file = self.directory / "passwords.json"
        self._account = server_account()
        self._settings = {
            "shared_buffers": shared_buffers,
            "max_connections": str(max_connections),
            "fsync": "on" if is_durable else "off",
            "full_page_writes": "on" if is_durable else "off",
            "synchronous_commit": "on",
            "max_wal_size": "2GB",
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(settings or {}),
        }
        self._child: Child | None = None

    def start(self) -> Self:
        """Return when the server takes connections. Raises `ChildError` with its log's end."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._data = reachable_data(self.directory / "data")
        self._programs = reachable_programs()
        if not self._password_file.exists():
            # The data may lie elsewhere and have outlived its folder: without passwords it is lost.
            shutil.rmtree(self._data, ignore_errors=True)
        self._passwords = self._kept_passwords()
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        for tried in range(1, STARTS_TRIED + 1):
            try:
                self._serve(free_port())
                return self
            except ChildError as failure:
                # Between choosing a port and listening on it another process may have taken it.
                if "Address already in use" not in str(failure) or tried == STARTS_TRIED:
                    raise
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """End all connections, write everything down, return when the server is gone."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def remove(self) -> None:
        """Stop, and delete the data."""
        self.stop()
        shutil.rmtree(self._data, ignore_errors=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        return None if self._child is None else self._child.pid

    @property
    def admin_dsn(self) -> str:
        """The administrator's address of the maintenance database."""
        return self.dsn("postgres", ADMINISTRATOR)

    def dsn(self, database: str, role: str) -> str:
        """The address of a database for one role."""
        return f"postgresql://{role}:{self._passwords[role]}@{HOST}:{self.port}/{database}"

    async def create_database(self, name: str) -> None:
        """A database with the roles and schemas of the three services."""
        passwords = {role: self._passwords[role] for role in ROLES}
        await create_database(self.admin_dsn, name, passwords)

    async def clone_database(self, template: str, name: str) -> None:
        """A copy of a database of this server, tables and all. Nobody may be connected to it."""
        await create_empty(self.admin_dsn, name, f'TEMPLATE "{template}"')
        # What may be done with the database itself is not copied.
        await _set_up_roles(self.admin_dsn, name)

    async def drop_database(self, name: str) -> None:
        """Delete a database, ending its connections."""
        connection = await asyncpg.connect(self.admin_dsn)
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        finally:
            await connection.close()

    def _serve(self, port: int) -> None:
        self.port = port
        settings = {**self._settings, "port": str(port)}
        self._child = child = Child(
            "PostgreSQL",
            [
                self._programs / "postgres",
                "-D",
                self._data,
                *(part for key, value in settings.items() for part in ("-c", f"{key}={value}")),
            ],
            self.directory / "postgres.log",
            account=self._account,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            directory=Path("/"),
        )
        try:
            child.wait_until(self._is_ready)
        except BaseException:
            child.stop()
            self._child = None
            raise

    def _is_ready(self) -> bool:
        """The server writes its state on the eighth line of its lock file."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready" and lines[0] == str(self.pid)

    def _initialise(self) -> None:
        """Make the data directory; only loopback may connect, and only with a password."""
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(parents=True, mode=0o700)
        password_file = self._data.with_name(f"{self._data.name}.password")
        password_file.write_text(self._passwords[ADMINISTRATOR])
        password_file.chmod(0o600)
        hand_over(self._data)
        hand_over(password_file)
        launch = (sys.executable, "-I", "-S", LAUNCHER, str(int(signal.SIGKILL)), str(os.getpid()))
        options = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        try:
            subprocess.run(
                [
                    *(*launch, self._account, self._programs / "initdb", *options),
                    *("-U", ADMINISTRATOR, f"--pwfile={password_file}", "-D", self._data),
                ],
                check=True,
                capture_output=True,
                text=True,
                cwd="/",
            )
        except subprocess.CalledProcessError as error:
            shutil.rmtree(self._data, ignore_errors=True)
            raise ChildError(f"initdb failed:\n{error.stderr}") from error
        finally:
            password_file.unlink()

    def _kept_passwords(self) -> dict[str, str]:
        if self._password_file.exists():
            found: dict[str, str] = json.loads(self._password_file.read_text())
            return found
        made = {role: secrets.token_urlsafe(18) for role in (ADMINISTRATOR, *ROLES)}
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(json.dumps(made))
        return made


@dataclass(frozen=True, slots=True)
class Database:
    """One database of a server, and its addresses."""

    server: Postgres
    name: str

    def dsn(self, role: str) -> str:
        """For intake, deadline, feedback or ledger."""
        return self.server.dsn(self.name, role)

    @property
    def admin_dsn(self) -> str:
        return self.server.dsn(self.name, ADMINISTRATOR)


async def create_database(admin_dsn: str, name: str, passwords: dict[str, str]) -> None:
    """Create a database with the services' roles and schemas (deploy/postgres/roles.sql).

    `passwords` by role, for all of ROLES. Raises `asyncpg.DuplicateDatabaseError`.
    """
    await create_empty(admin_dsn, name)
    await _set_up_roles(admin_dsn, name)
    connection = await asyncpg.connect(admin_dsn)
    try:
        for role in ROLES:
            secret = await connection.fetchval("SELECT quote_literal($1)", passwords[role])
            await connection.execute(f"ALTER ROLE {role} PASSWORD {secret}")
    finally:
        await connection.close()


async def create_empty(admin_dsn: str, name: str, options: str = "") -> None:
    """A database without roles or schemas; `options` end its CREATE statement."""
    connection = await asyncpg.connect(admin_dsn)
    try:
        await connection.execute(f'CREATE DATABASE "{name}" {options}')
    finally:
        await connection.close()


async def _set_up_roles(admin_dsn: str, name: str) -> None:
    connection = await asyncpg.connect(admin_dsn, database=name)
    try:
        await connection.execute(ROLES_SQL.read_text())
    finally:
        await connection.close()
