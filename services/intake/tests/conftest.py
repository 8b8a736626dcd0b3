"""Intake's schema in a database of the test's own, its desk, its application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from deploy.local.postgres import Database, Postgres
from services.intake.adapters.promises import PostgresAppointments, PostgresPromises
from services.intake.adapters.rules import eras, floors, forms, sentences
from services.intake.adapters.transactions import PostgresTransactions
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.http import routes
from services.intake.entrypoints.subscribers import keeping
from services.intake.tests.town import BASE_URL, FRIDAY, Town
from services.intake.usecases.await_appointments import WaitingRoom
from services.intake.usecases.directory import Directory
from shared.clock import VirtualClock
from shared.gate import Gate
from shared.identity import Identity, Role
from shared.inbox import Apply
from shared.postgres import PLUMBING, migrate, open_pool
from shared.problems import install_problem_handlers
from shared.process import listen_for_ever
from shared.slip_secrets import SlipSecrets

NAME = "tests_of_intake"
MIGRATIONS = Path(__file__).parents[1] / "migrations"
ISSUER, AUDIENCE = "https://issuer.example", "thanthien"
SLIP_KEYS = f"2026a:{'a' * 42}A"
KEY = ECKey.generate_key("P-256")
ANOTHER_KEY = ECKey.generate_key("P-256")


@pytest.fixture(scope="session")
async def tables(postgres_server: Postgres) -> AsyncIterator[Database]:
    """Intake's tables, made once."""
    await postgres_server.create_database(NAME)
    database = Database(postgres_server, NAME)
    await migrate(database.dsn("intake"), [PLUMBING, MIGRATIONS])
    yield database
    await postgres_server.drop_database(NAME)


@pytest.fixture
async def database(tables: Database) -> Database:
    """Intake's tables, empty: to empty them is quicker than to copy them for every test."""
    connection = await asyncpg.connect(tables.dsn("intake"))
    try:
        every = await connection.fetchval(
            """select string_agg(quote_ident(tablename), ', ') from pg_tables
               where schemaname = 'intake' and tablename <> 'migrations'"""
        )
        await connection.execute(f"truncate {every} restart identity")
    finally:
        await connection.close()
    return tables


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.dsn("intake"))
    yield pool
    await pool.close()


@pytest.fixture
async def clock() -> VirtualClock:
    return VirtualClock(FRIDAY)


@pytest.fixture
def transactions(pool: asyncpg.Pool) -> PostgresTransactions:
    return PostgresTransactions(lambda: pool)


@pytest.fixture
def apply() -> Apply:
    return keeping(PostgresPromises)


@pytest.fixture
def gate() -> Gate:
    """Open: a test of how often one may ask says its own."""
    return Gate(0)


@pytest.fixture
async def desk(
    database: Database,
    pool: asyncpg.Pool,
    clock: VirtualClock,
    transactions: PostgresTransactions,
    gate: Gate,
) -> AsyncIterator[Desk]:
    """The desk as main wires it, its waiting room awake."""
    appointments, directory = PostgresAppointments(lambda: pool), Directory()
    room = WaitingRoom(appointments)
    desk = Desk(
        transactions,
        appointments,
        directory,
        room,
        eras(),
        floors(),
        forms(),
        clock,
        BASE_URL,
        SlipSecrets.read(SLIP_KEYS),
        gate,
        sentences(),
        "https://feedback.example",
    )
    dsn = database.dsn("intake")
    hearing = [asyncio.Event(), asyncio.Event()]

    def announce(payload: str) -> None:
        hearing[0].set()
        room.announce(payload)

    def forget(_: str) -> None:
        hearing[1].set()
        directory.forget()

    tasks = [
        asyncio.create_task(room.run()),
        asyncio.create_task(listen_for_ever(dsn, "intake_appointments", announce)),
        asyncio.create_task(listen_for_ever(dsn, "intake_registrations", forget)),
    ]
    for each in hearing:
        await each.wait()
    yield desk
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def cut_listeners(database: Database) -> Callable[[], Awaitable[None]]:
    """Break the connection that hears of appointments, as a failing network would."""

    async def cut() -> None:
        connection = await asyncpg.connect(database.admin_dsn)
        try:
            cut = await connection.fetchval(
                """select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where datname = current_database() and query ilike 'listen%appointments%'"""
            )
            assert cut > 0
        finally:
            await connection.close()

    return cut


@pytest.fixture
def application(desk: Desk, clock: VirtualClock) -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)
    app.state.identity = Identity(ISSUER, AUDIENCE, KeySet([KEY]), clock)
    app.include_router(routes(desk))
    return app


@pytest.fixture
async def http(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


@pytest.fixture
def bearer() -> Callable[..., dict[str, str]]:
    """The headers of a caller: `bearer(Role.OFFICER, "H10.01")`."""

    def mint(
        role: Role,
        agency: str | None = None,
        *,
        age: timedelta = timedelta(0),
        is_forged: bool = False,
    ) -> dict[str, str]:
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": f"subject-of-{role.value}",
            "role": role.value,
            "exp": int((FRIDAY - age).timestamp()) + 86_400,
        }
        if agency is not None:
            claims["agency"] = agency
        key = ANOTHER_KEY if is_forged else KEY
        return {"Authorization": f"Bearer {jwt.encode({'alg': 'ES256'}, claims, key)}"}

    return mint


@pytest.fixture
async def town(http: httpx.AsyncClient, bearer: Callable[..., dict[str, str]]) -> Town:
    """Two agencies and a procedure, registered over HTTP."""
    town = Town(http, bearer)
    await town.settle()
    return town
