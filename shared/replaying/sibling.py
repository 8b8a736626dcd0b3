"""A schema beside the live one: made by an operator's role, and put in its place by renaming."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.postgres import PLUMBING, migrate, schema_state
from shared.replaying.plan import ReplayError

NAME = re.compile(r"[a-z_][a-z0-9_]{0,39}")
MARK = "made by replay"
SEEN_SECONDS = 15

# Everybody who is connected as the service: a replica that is not cannot do anything.
CONNECTED = """
select coalesce(nullif(application_name, ''), 'process') || ' ' || pid
       || coalesce(' of ' || host(client_addr), '') || ', since '
       || to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS') as who
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
  and usename = (select pg_get_userbyid(nspowner) from pg_namespace where nspname = $1)
order by backend_start"""

TABLES = """
select relname from pg_class
where relnamespace = $1::regnamespace and relkind in ('r', 'p') order by relname"""

# Rights that others than the owner have, as the statements that give them.
RIGHTS = """
with given as (
    select format('usage on schema %I', $2::text) as what, a.grantee, null::text as column_name,
           a.privilege_type
    from pg_namespace n, aclexplode(n.nspacl) a
    where n.nspname = $1 and a.grantee <> n.nspowner and a.privilege_type = 'USAGE'
    union all
    select format('on %I.%I', $2::text, c.relname), a.grantee, null, a.privilege_type
    from pg_class c, aclexplode(c.relacl) a
    where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
      and a.grantee <> c.relowner
    union all
    select format('on %I.%I', $2::text, c.relname), a.grantee, t.attname, a.privilege_type
    from pg_class c join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a
    where c.relnamespace = $1::regnamespace and not t.attisdropped and a.grantee <> c.relowner
)
select format('grant %s %s to %s',
    case when what like 'usage%' then ''
         when column_name is null then privilege_type
         else format('%s (%I)', privilege_type, column_name) end,
    what, case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end)
from given
union all
select format('alter default privileges for role %I in schema %I grant %s on %s to %I',
    pg_get_userbyid(d.defaclrole), $2::text, a.privilege_type,
    case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
        else 'types' end,
    pg_get_userbyid(a.grantee))
from pg_default_acl d, aclexplode(d.defaclacl) a
where d.defaclnamespace = $1::regnamespace and a.grantee <> d.defaclrole"""

# Sequences of identity columns belong to their tables; triggers and indexes have no owner.
OWNED = """
select format('alter %s %I.%I owner to %I', case relkind when 'v' then 'view' else 'table' end,
    $1::text, relname, $2::text)
from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'p', 'v')
union all
select format('alter routine %s owner to %I', oid::regprocedure, $2::text)
from pg_proc where pronamespace = $1::regnamespace"""


def with_search_path(dsn: str, schema: str) -> str:
    """The same address, with another schema to look in."""
    parts = urlsplit(dsn)
    query = f"{parts.query}&search_path={schema}" if parts.query else f"search_path={schema}"
    return urlunsplit(parts._replace(query=query))


async def make(dsn: str, live: str, schema: str, migrations: Path) -> None:
    """An empty schema of the same shape, owned by who is signed in: the service cannot reach it.

    Raises `ReplayError` for a schema that is not ours, or a role that may not make one.
    """
    refuse_name(schema, live)
    connection = await asyncpg.connect(dsn)
    try:
        await _refuse_other_version(connection, live, migrations)
        await drop(connection, schema)
        await connection.execute(f"create schema {schema}; comment on schema {schema} is '{MARK}'")
    except asyncpg.InsufficientPrivilegeError as error:
        raise ReplayError(
            f"{error}: OPERATOR_DATABASE_URL asks for a role that may create schemas here and is a "
            f"member of the service's role (docs/runbooks/replay.md)"
        ) from error
    finally:
        await connection.close()
    await migrate(with_search_path(dsn, schema), [PLUMBING, migrations])


def refuse_name(schema: str, live: str) -> None:
    """Raises `ReplayError` for a name that a schema beside the live one cannot have."""
    if not NAME.fullmatch(schema) or schema == live:
        raise ReplayError(f"--into {schema!r}: a name of a-z, 0-9 and _, and not {live!r}")


async def _refuse_other_version(
    connection: asyncpg.Connection, live: str, migrations: Path
) -> None:
    if not await connection.fetchval("select to_regnamespace($1) is not null", live):
        raise ReplayError(f"there is no schema {live}: nothing to compare with")
    await connection.execute(f"set search_path = {live}")
    if any(await schema_state(connection, [PLUMBING, migrations])):
        raise ReplayError(f"schema {live} is not of this version; doctor says what to do")
    await connection.execute("reset search_path")


async def drop(connection: asyncpg.Connection, schema: str) -> None:
    """Drop a schema that a replay made. Raises `ReplayError` for any other."""
    mark = await connection.fetchrow(
        "select obj_description(oid, 'pg_namespace') as mark from pg_namespace where nspname = $1",
        schema,
    )
    if mark is None:
        return
    if mark["mark"] != MARK:
        raise ReplayError(f"schema {schema} is there and no replay made it; choose another --into")
    await connection.execute(f"drop schema {schema} cascade")


async def connected(connection: asyncpg.Connection, live: str) -> list[str]:
    """Who is connected as the service, and which replicas told of themselves in the last seconds."""
    found = [row["who"] for row in await connection.fetch(CONNECTED, live)]
    if found and await connection.fetchval("select to_regclass($1)", f"{live}.replicas"):
        rows = await connection.fetch(
            f"""select replica from {live}.replicas
                where seen_at > clock_timestamp() - make_interval(secs => $1) order by replica""",
            SEEN_SECONDS,
        )
        found += [f"replica {row['replica']}" for row in rows]
    return found


async def refuse_connected(connection: asyncpg.Connection, live: str) -> None:
    """Raises `ReplayError` naming who still runs."""
    if who := await connected(connection, live):
        raise ReplayError(
            f"--switch asks for every replica of {live} to be stopped; running: {'; '.join(who)}"
        )


async def tables(connection: asyncpg.Connection, schema: str) -> list[str]:
    """The names of a schema's tables."""
    return [row["relname"] for row in await connection.fetch(TABLES, schema)]


async def hold(connection: asyncpg.Connection, schema: str) -> None:
    """Keep everybody out of a schema's tables until the transaction ends."""
    await connection.execute("set local lock_timeout = '10s'")
    names = ", ".join(f"{schema}.{name}" for name in await tables(connection, schema))
    await connection.execute(f"lock table {names} in access exclusive mode")


async def switch(connection: asyncpg.Connection, live: str, schema: str, now: datetime) -> str:
    """Put `schema` in the place of `live`, in the transaction under way; returns the old one's new name.

    Owner and rights go over; the old schema becomes the operator's, so that the service's role reaches
    its own schema and nothing else (guarantee 8).
    """
    kept = f"{live}_before_{now:%Y%m%d_%H%M%S}"
    owner = await connection.fetchval(
        "select pg_get_userbyid(nspowner) from pg_namespace where nspname = $1", live
    )
    rights = await _statements(connection, RIGHTS, live, schema)
    await connection.execute(f'alter schema {schema} owner to "{owner}"')
    for statement in [*rights, *await _statements(connection, OWNED, schema, owner)]:
        await connection.execute(statement)
    await connection.execute(
        f"""alter schema {live} rename to {kept};
            alter schema {schema} rename to {live};
            comment on schema {live} is null;
            alter schema {kept} owner to current_user;
            revoke all on schema {kept} from "{owner}";
            comment on schema {kept} is 'replaced by a replay'"""
    )
    return str(kept)


async def _statements(connection: asyncpg.Connection, sql: str, *values: str) -> Sequence[str]:
    return [row[0] for row in await connection.fetch(sql, *values)]
