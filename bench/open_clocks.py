"""Open clocks by the million, whose alarms ring when a measurement wants them to.

The one statement here is all that is known of the table: every clock is a copy of a real one, as the
adapter stores it, under a code of its own, with one alarm left, the breach.
"""

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


@dataclass(frozen=True, slots=True)
class Due:
    """So many clocks, the first due at an instant, the others each so long after another."""

    count: int
    first_at: datetime
    apart: timedelta = timedelta(0)


async def fill(connection: asyncpg.Connection, label: str, due: Due, now: datetime) -> None:
    """Open clocks of dossiers that were accepted the day before; nothing wakes the timer."""
    (event,) = accepted_dossiers(label, 1, now)
    model = clock_of(town_directory(), event)._replace(
        code=f"{label}-", rungs=Rungs(breach=due.first_at)
    )
    (row,) = rows(CLOCK_COLUMNS, [model])
    await connection.execute(FILL, due.count, due.apart, *row, timeout=None)
    await connection.execute("analyze clocks", timeout=None)
