"""Open clocks by the million, whose alarms ring when a measurement wants them to.

The statement FILL is all that is known of the table: every clock is a copy of a real one, as the
adapter stores it, under a code of its own, with one alarm left, the breach.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from bench.dossiers import accepted_dossiers
from bench.town import clock_of, town_directory
from services.deadline.adapters.rows import CLOCK_COLUMNS, rows
from services.deadline.domain.ladder import Rung
from services.deadline.domain.rungs import Rungs

SCATTERING = 7_368_787
"""A prime. Clocks that are due one after the other lie far apart in the table, as they do in life."""

_COUNT, _APART = "$1::bigint", "$2::interval"
_OWN = {
    "code": "{given} || lpad(number::text, 8, '0')",
    f"{Rung.BREACH}_at": f"{{given}} + {_APART} * (number * {SCATTERING} % {_COUNT})",
}
_VALUES = [
    _OWN.get(column.name, "{given}::jsonb" if column.is_json else "{given}").format(
        given=f"${place}::{column.type}"
    )
    for place, column in enumerate(CLOCK_COLUMNS, 3)
]
FILL = f"""insert into clocks ({", ".join(column.name for column in CLOCK_COLUMNS)})
select {", ".join(_VALUES)} from generate_series(1, {_COUNT}) as number"""


# What runs was said once already: an alarm counts its subject's sayings on.
SAY = """insert into said (source, subject, last_sequence)
select 'thanthien/deadline/deadlines', $2 || lpad(number::text, 8, '0'), 1
from generate_series(1, $1::bigint) as number"""

INDEXES = """select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
       format('alter table %s add constraint %I %s',
              conrelid::regclass, conname, pg_get_constraintdef(oid)) as make
from pg_constraint where conrelid = any($1::text[]::regclass[]) and contype in ('p', 'u')
union all
select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
from pg_index where indrelid = any($1::text[]::regclass[])
    and not exists (select from pg_constraint where conindid = indexrelid)"""


@dataclass(frozen=True, slots=True)
class Due:
    """So many clocks, the first due at an instant, the others each so long after another."""

    count: int
    first_at: datetime
    apart: timedelta = timedelta(0)


async def fill(connection: asyncpg.Connection, label: str, due: Due, now: datetime) -> None:
    """Open clocks of dossiers that were accepted the day before; nothing wakes the timer."""
    await _fill(connection, label, due, now)
    await connection.execute("analyze clocks, said", timeout=None)


async def fill_unused(connection: asyncpg.Connection, label: str, due: Due, now: datetime) -> None:
    """The same in tables that nobody uses yet. They get their indexes afterwards: millions of clocks
    take a third of the time."""
    async with connection.transaction(), without_indexes(connection, ["clocks", "said"]):
        await _fill(connection, label, due, now)
    await connection.execute("vacuum (analyze) clocks, said", timeout=None)


async def _fill(connection: asyncpg.Connection, label: str, due: Due, now: datetime) -> None:
    (event,) = accepted_dossiers(label, 1, now)
    model = clock_of(town_directory(), event)._replace(
        code=f"{label}-", rungs=Rungs(breach=due.first_at)
    )
    (row,) = rows(CLOCK_COLUMNS, [model])
    await connection.execute(FILL, due.count, due.apart, *row, timeout=None)
    await connection.execute(SAY, due.count, model.code, timeout=None)


@asynccontextmanager
async def without_indexes(
    connection: asyncpg.Connection, tables: Sequence[str]
) -> AsyncIterator[None]:
    """Take the indexes away, and afterwards make the same ones again."""
    indexes = await connection.fetch(INDEXES, tables)
    for index in indexes:
        await connection.execute(index["drop"])
    yield
    await connection.execute("set local maintenance_work_mem = '512MB'")
    for index in indexes:
        await connection.execute(index["make"], timeout=None)
