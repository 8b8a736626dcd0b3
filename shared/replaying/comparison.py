"""A rebuilt schema held against the live one: table by table, in sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from shared.replaying.plan import Check, Plan, Table, tables_of

MOST_SHOWN = 10

# A replica that runs goes on hearing, saying and ringing: every change of a life moves one of these.
MOVED = """
update replay_lives l set left_because = 'moved'
where coalesce(left_because, 'contradicts') = 'contradicts' and exists (
    select from {live}.{numbers} h left join {numbers} a using (source, subject)
    where h.subject = l.code and h.last_sequence > coalesce(a.last_sequence, 0))"""

COLUMNS = """
select attname as name, case when atttypid = 'json'::regtype then '::text' else '' end as cast
from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum"""


@dataclass(frozen=True, slots=True)
class Example:
    """One row that differs: its key, and each column's value in the live and in the new schema."""

    key: dict[str, Any]
    columns: dict[str, tuple[Any, Any]]
    """Empty where the whole row is only in one of them."""
    is_in: str
    """`live`, `new`, or `both`."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of comparing one table."""

    table: str
    rows: int
    """In the new schema, of those compared."""
    only_live: int
    only_new: int
    differing: int
    examples: Sequence[Example]

    @property
    def is_same(self) -> bool:
        return not (self.only_live or self.only_new or self.differing)


@dataclass(frozen=True, slots=True)
class Missed:
    """What a check of that which is only in the live schema found."""

    says: str
    count: int
    examples: Sequence[str]


async def compare(connection: asyncpg.Connection, plan: Plan, table: Table) -> Compared | None:
    """Compare one table, of the lives that were rebuilt; None where it is a sum over lives and some
    were not. The connection's search path is the new schema."""
    if table.sums and await connection.fetchval(
        "select exists (select from replay_lives where left_because is not null)"
    ):
        return None
    rows = await connection.fetch(COLUMNS, table.name)
    casts = {row["name"]: row["cast"] for row in rows}
    compared = [name for name in casts if name not in (*table.key, *table.ignored)]
    if table.sums:
        compared = list(table.sums)
    sql = _sql(plan.service, table, compared, casts)
    count = await connection.fetchval(f"select count(*) from {_side('', table)}", timeout=None)
    (found,) = await connection.fetch(sql, timeout=None)
    examples = [_example(table, compared, row) for row in orjson.loads(found["examples"] or "[]")]
    return Compared(
        table.name, count, found["only_live"], found["only_new"], found["differing"], examples
    )


def _side(schema: str, table: Table) -> str:
    name = f"{schema}.{table.name}" if schema else table.name
    if table.sums:
        sums = ", ".join(f"sum({column})::bigint as {column}" for column in table.sums)
        key = ", ".join(table.key)
        return f"(select {key}, {sums} from {name} group by {key}) t"
    if table.life is None:
        return f"(select * from {name}) t"
    return (
        f"(select t.* from {name} t join replay_lives l on l.code = t.{table.life} "
        f"and l.left_because is null) t"
    )


def _sql(live: str, table: Table, compared: Sequence[str], casts: dict[str, str]) -> str:
    key = ", ".join(table.key)
    first = table.key[0]

    def row(side: str) -> str:
        values = ", ".join(f'{side}."{name}"{casts.get(name, "")}' for name in compared)
        return f"row({values})"

    both = ", ".join(f'\'{n}\', json_build_array(k."{n}", n."{n}")' for n in compared)
    return f"""
        with differing as materialized (
            select {key}, k.is_there is null as only_new, n.is_there is null as only_live,
                json_build_object({both}) as columns
            from (select *, true as is_there from {_side(live, table)}) k
            full join (select *, true as is_there from {_side("", table)}) n using ({key})
            where k.is_there is null or n.is_there is null or {row("k")} is distinct from {row("n")}
        )
        select count(*) filter (where only_live) as only_live,
            count(*) filter (where only_new) as only_new,
            count(*) filter (where not only_live and not only_new) as differing,
            (select json_agg(e) from (
                select * from differing order by only_live desc, only_new desc, {first}, {key}
                limit {MOST_SHOWN}) e) as examples
        from differing"""


def _example(table: Table, compared: Sequence[str], row: dict[str, Any]) -> Example:
    is_in = "live" if row["only_live"] else "new" if row["only_new"] else "both"
    columns = {}
    if is_in == "both":
        columns = {name: (live, new) for name, (live, new) in row["columns"].items() if live != new}
    return Example({name: row[name] for name in table.key}, columns, is_in)


async def leave_out_moved(connection: asyncpg.Connection, plan: Plan) -> None:
    """Mark the lives that a running replica went on with."""
    for numbers in ("heard", "said") if plan.said else ("heard",):
        await connection.execute(MOVED.format(live=plan.service, numbers=numbers))


async def compare_all(connection: asyncpg.Connection, plan: Plan) -> list[Compared]:
    """Every table of the plan that can be compared."""
    found = [await compare(connection, plan, table) for table in tables_of(plan)]
    return [one for one in found if one is not None]


async def check_all(connection: asyncpg.Connection, plan: Plan) -> list[Missed]:
    """What is amiss with that which is only in the live schema."""
    return [
        missed
        for check in plan.checks
        if (missed := await _check(connection, plan.service, check)).count
    ]


async def _check(connection: asyncpg.Connection, live: str, check: Check) -> Missed:
    rows = await connection.fetch(check.sql.format(live=live), timeout=None)
    return Missed(check.says, len(rows), [row[0] for row in rows[:MOST_SHOWN]])
