"""The database of the local stack: each service reaches its own schema and nothing else."""

import shutil
from pathlib import Path

import asyncpg
import pytest

from deploy.local.postgres import SERVICES, Database, Postgres


async def make_a_table(database: Database, service: str) -> None:
    connection = await asyncpg.connect(database.dsn(service))
    try:
        await connection.execute("CREATE TABLE kept (code text)")
        await connection.execute("INSERT INTO kept VALUES ($1)", service)
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_owns_its_schema_and_needs_no_prefix(
    database: Database, service: str
) -> None:
    await make_a_table(database, service)
    connection = await asyncpg.connect(database.admin_dsn)
    try:
        assert await connection.fetchval(f"SELECT code FROM {service}.kept") == service
    finally:
        await connection.close()


@pytest.mark.parametrize("reader", SERVICES)
async def test_a_service_cannot_touch_another_schema(database: Database, reader: str) -> None:
    connection = await asyncpg.connect(database.dsn(reader))
    try:
        for owner in SERVICES:
            if owner == reader:
                continue
            await make_a_table(database, owner)
            for forbidden in (
                f"SELECT * FROM {owner}.kept",
                f"INSERT INTO {owner}.kept VALUES ('x')",
                f"DROP TABLE {owner}.kept",
                f"CREATE TABLE {owner}.mine (code text)",
                f"SET ROLE {owner}",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(forbidden)
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_cannot_use_public_nor_make_databases_or_roles(
    database: Database, service: str
) -> None:
    connection = await asyncpg.connect(database.dsn(service))
    try:
        for forbidden in (
            "CREATE TABLE public.mine (code text)",
            "CREATE SCHEMA mine",
            "CREATE DATABASE mine",
            "CREATE ROLE mine",
            "CREATE TEMPORARY TABLE mine (code text)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)
    finally:
        await connection.close()


async def test_the_ledger_reads_all_three_schemas_and_writes_none(database: Database) -> None:
    for service in SERVICES:
        await make_a_table(database, service)
    connection = await asyncpg.connect(database.dsn("ledger"))
    try:
        for service in SERVICES:
            assert await connection.fetchval(f"SELECT code FROM {service}.kept") == service
            await connection.execute("SET default_transaction_read_only = off")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"DELETE FROM {service}.kept")
    finally:
        await connection.close()


async def test_a_wrong_password_is_refused(database: Database) -> None:
    right = database.dsn("intake")
    wrong = right.replace(right.split(":")[2].split("@")[0], "wrong")
    assert wrong != right
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wrong)


async def test_other_databases_of_the_server_stay_closed(
    database: Database, postgres_server: Postgres
) -> None:
    await postgres_server.create_database("neighbour")
    connection = await asyncpg.connect(postgres_server.admin_dsn)
    try:
        await connection.execute("CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
        stranger = f"postgresql://stranger:stranger@127.0.0.1:{postgres_server.port}/neighbour"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(stranger)
    finally:
        await connection.execute("DROP ROLE stranger")
        await connection.close()
        await postgres_server.drop_database("neighbour")


async def test_roles_sql_may_run_again(database: Database) -> None:
    from deploy.local.postgres import ROLES_SQL

    await make_a_table(database, "intake")
    connection = await asyncpg.connect(database.admin_dsn)
    try:
        await connection.execute(ROLES_SQL.read_text())
        assert await connection.fetchval("SELECT code FROM intake.kept") == "intake"
    finally:
        await connection.close()


async def test_a_clone_has_the_tables_and_keeps_the_walls(
    database: Database, postgres_server: Postgres
) -> None:
    await make_a_table(database, "intake")
    await postgres_server.clone_database(database.name, "clone")
    clone = Database(postgres_server, "clone")
    connection = await asyncpg.connect(clone.dsn("intake"))
    try:
        assert await connection.fetchval("SELECT code FROM kept") == "intake"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TEMPORARY TABLE mine (code text)")
        assert not await connection.fetchval(
            "SELECT has_database_privilege('public', 'clone', 'CONNECT')"
        )
    finally:
        await connection.close()
        await postgres_server.drop_database("clone")


async def test_a_server_keeps_its_data_between_starts(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "kept", is_durable=False)
    with server:
        await server.create_database("kept")
        await make_a_table(Database(server, "kept"), "intake")
    try:
        with server:
            connection = await asyncpg.connect(server.dsn("kept", "intake"))
            assert await connection.fetchval("SELECT code FROM kept") == "intake"
            await connection.close()
    finally:
        server.remove()


def test_a_server_starts_afresh_where_its_folder_was_deleted(tmp_path: Path) -> None:
    with Postgres(tmp_path / "gone", is_durable=False):
        pass
    shutil.rmtree(tmp_path / "gone")
    with Postgres(tmp_path / "gone", is_durable=False) as server:
        assert server.pid is not None
    server.remove()
