"""What the topics do not hold goes over from the live schema as it is."""

from collections.abc import Sequence

import asyncpg

from shared.replaying import sibling
from shared.replaying.plan import PLUMBING_CARRIED, Plan, tables_of
from shared.replaying.staging import SCAFFOLD

# Generated columns are not to be given.
GIVEN = """
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''"""

# Whatever is heard, said, told by a head of unit or given up moves one of these.
FINGERPRINT = """
select concat_ws(' ',
    (select sum(last_sequence) from {live}.said), (select sum(last_sequence) from {live}.heard),
    (select count(*) from {live}.heard_ids), (select max(id) from {live}.outbox),
    (select count(*) from {live}.set_aside), (select count(*) from {live}.discarded))"""

# Of every identity column: how far the live one has counted.
IDENTITIES = """
select c.relname as table_name, a.attname as column_name,
    pg_sequence_last_value(pg_get_serial_sequence($1 || '.' || c.relname, a.attname)::regclass) as last
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = $1::regnamespace and a.attidentity <> '' and not a.attisdropped"""

NUMBER_ON = """
select setval(sequence, greatest($3, pg_sequence_last_value(sequence)))
from (select pg_get_serial_sequence($1, $2)::regclass as sequence) as of"""


async def columns_of(connection: asyncpg.Connection, table: str) -> str:
    """The columns of a table that can be given, with commas between."""
    return str(await connection.fetchval(GIVEN, table))


async def carry(
    connection: asyncpg.Connection, live: str, schema: str, tables: Sequence[str]
) -> None:
    """Copy whole tables."""
    for table in tables:
        columns = await columns_of(connection, f"{live}.{table}")
        await connection.execute(f"delete from {schema}.{table}")
        await connection.execute(
            f"""insert into {schema}.{table} ({columns}) overriding system value
                select {columns} from {live}.{table}"""
        )


async def only_here(connection: asyncpg.Connection, plan: Plan) -> list[str]:
    """The live schema's tables that are not rebuilt, nor carried over before: also those no plan knows."""
    rebuilt = {one.name for one in tables_of(plan)}
    rebuilt |= {"migrations", *plan.carried_first, *SCAFFOLD}
    known = (*PLUMBING_CARRIED, *plan.carried)
    found = await sibling.tables(connection, plan.service)
    others = [name for name in found if name not in rebuilt and name not in known]
    return [*(name for name in known if name in found), *others]


async def number_on(connection: asyncpg.Connection, live: str, schema: str) -> None:
    """What is numbered is numbered on from where the live schema is, or the new one if that is further:
    no number is given twice."""
    for row in await connection.fetch(IDENTITIES, live):
        if row["last"] is not None:
            await connection.execute(
                NUMBER_ON,
                f"{schema}.{row['table_name']}",
                row["column_name"],
                row["last"],
            )


async def carry_lives(connection: asyncpg.Connection, plan: Plan) -> None:
    """Lives that were not rebuilt go over as they are; so does a sum over lives if there is one such."""
    live = plan.service
    await _keep_letters_numbers(connection, live)
    is_all_rebuilt = not await connection.fetchval(
        "select exists (select from replay_lives where left_because is not null)"
    )
    for table in tables_of(plan):
        if is_all_rebuilt or not (table.life or table.sums):
            continue
        columns = await columns_of(connection, f"{live}.{table.name}")
        left = "true"
        if table.life is not None:
            left = f"{table.life} in (select code from replay_lives where left_because is not null)"
        await connection.execute(f"delete from {table.name} where {left}")
        await connection.execute(
            f"""insert into {table.name} ({columns}) overriding system value
                select {columns} from {live}.{table.name} where {left}"""
        )


async def _keep_letters_numbers(connection: asyncpg.Connection, live: str) -> None:
    """Letters set aside in both schemas keep their number and their time: operators have noted them."""
    rows = await connection.fetch(
        f"""delete from set_aside a using {live}.set_aside l where a.identity = l.identity
            returning a.identity"""
    )
    columns = await columns_of(connection, f"{live}.set_aside")
    await connection.execute(
        f"""insert into set_aside ({columns}) overriding system value
            select {columns} from {live}.set_aside where identity = any($1::text[])""",
        [row["identity"] for row in rows],
    )


async def fingerprint(connection: asyncpg.Connection, live: str) -> str:
    """The same for as long as the service does nothing."""
    return str(await connection.fetchval(FINGERPRINT.format(live=live)))
