"""What the Friday came to, unit by unit, read from the three schemas with the ledger's eyes."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import asyncpg

from deploy.local.demo.town import Town

# $1: the Friday, $2: the time zone. Local days; what came after closing is counted apart, for no
# pledge is broken by an office that is shut.
TALLY = """
with mine as (
    select d.receiving_agency as agency, d.state,
           d.received_at at time zone $2 as received,
           (d.received_at at time zone $2)::time > office.closes as is_after_closing,
           c.complete_at at time zone $2 <= $1::date + office.closes as is_complete_in_time,
           c.appointment_at at time zone $2 as appointment,
           c.resolved_at at time zone $2 as resolved,
           c.pledge_due is not null as is_pledged,
           c.state as clock
    from intake.dossiers d
    join unnest($3::text[], $4::time[]) as office (agency, closes)
        on office.agency = d.receiving_agency
    left join deadline.clocks c on c.code = d.code and c.kind = 'dossier'
    where (d.received_at at time zone $2)::date = $1
)
select agency,
       count(*) as received,
       count(*) filter (where resolved::date = $1) as same_day,
       count(*) filter (where is_pledged) as pledged,
       count(*) filter (where is_pledged and is_complete_in_time and appointment::date > $1)
           as put_off,
       count(*) filter (where is_after_closing) as after_closing,
       count(*) filter (where resolved is null and state not in ('refused', 'withdrawn', 'stopped'))
           as still_open,
       count(*) filter (where clock in ('missed', 'breached')) as overdue
from mine group by agency
"""
COUNTS = {
    "alarms": "select agency, count(*) from deadline.alarms group by agency",
    "apologies": """select agency, count(*) from feedback.notices
                    where notice = 'apology' group by agency""",
    # A denunciation is in no number that is shown of the unit it is about.
    "reports": """select agency, count(*) from feedback.reports
                  where kind = 'feedback' group by agency""",
}


@dataclass(frozen=True, slots=True)
class UnitTally:
    """One unit's Friday in numbers."""

    received: int = 0
    same_day: int = 0
    pledged: int = 0
    put_off: int = 0
    after_closing: int = 0
    still_open: int = 0
    overdue: int = 0
    alarms: int = 0
    apologies: int = 0
    reports: int = 0

    def __add__(self, other: "UnitTally") -> "UnitTally":
        return UnitTally(
            *(getattr(self, one.name) + getattr(other, one.name) for one in fields(UnitTally))
        )


async def tally(town: Town, dsn: str) -> Mapping[str, UnitTally]:
    """Every unit's numbers. `dsn` is the role ledger's."""
    connection = await asyncpg.connect(dsn)
    try:
        units = list(town.units.values())
        rows = await connection.fetch(
            TALLY,
            town.friday,
            town.zone.key,
            [unit.code for unit in units],
            [unit.closes for unit in units],
        )
        found: dict[str, dict[str, Any]] = {row["agency"]: dict(row) for row in rows}
        for what, query in COUNTS.items():
            for agency, count in await connection.fetch(query):
                found.setdefault(agency, {})[what] = count
    finally:
        await connection.close()
    for numbers in found.values():
        numbers.pop("agency", None)
    return {unit.code: UnitTally(**found.get(unit.code, {})) for unit in units}
