"""The board's snapshot from PostgreSQL: a few statements, each over an index of what it counts."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from services.deadline.usecases.board import Closing, ReadBoard, Replica, Snapshot, Unit

HORIZON = timedelta(hours=8)
"""A working day: what falls due within it is shown."""
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
"""Whose Friday and whose today the board means: the administration's that runs it."""
MOST_RINGING = 200_000
MOST_CLOSINGS = 5
FRIDAY = 5
FORGOTTEN = "1 hour"

FALLING = """select agency, count(*) filter (where appointment_at >= $1)::int as falls_due,
       min(appointment_at) filter (where appointment_at >= $1) as next_due_at,
       count(*) filter (where appointment_at < $1)::int as past_appointment
from clocks where state = 'running' and appointment_at < $2 group by agency"""

AT_RISK = """select agency, count(*)::int as at_risk from clocks
where state = 'running' and appointment_at is not null and at_risk_at is null group by agency"""

BREACHED = """select agency, count(*)::int as breached,
       count(*) filter (where kind = 'dossier' and received_at >= $1 and received_at < $2
           and appointment_at < $3)::int as friday
from clocks where state = 'breached' group by agency"""

FRIDAYS = """select agency, count(*)::int as friday from clocks
where state = 'running' and appointment_at >= $1 and appointment_at < $3
  and kind = 'dossier' and received_at >= $1 and received_at < $2 group by agency"""

OUT_OF_SYNC = """select agency, sum(count)::int as out_of_sync from lateness
where due_on = $1 and outcome = 'out_of_sync' group by agency"""

CLOSINGS = f"""select appointment_at, count(*)::int from clocks
where state = 'running' and appointment_at >= $1 and appointment_at < $2
group by appointment_at order by appointment_at limit {MOST_CLOSINGS}"""

RINGING = f"""select count(*)::int from
    (select from clocks where next_rung_at < $1 limit {MOST_RINGING}) as due"""

HELD_BACK = "select count(distinct subject)::int from set_aside"

REPLICAS = f"""select replica, extract(epoch from clock_timestamp() - seen_at)::float8, missing::text,
       heard_per_s, said_per_s, is_relaying
from replicas where seen_at > clock_timestamp() - interval '{FORGOTTEN}' order by replica"""

BEAT = """insert into replicas (replica, missing, heard_per_s, said_per_s, is_relaying)
values ($1, $2::json, $3, $4, $5)
on conflict (replica) do update set seen_at = clock_timestamp(), missing = excluded.missing,
    heard_per_s = excluded.heard_per_s, said_per_s = excluded.said_per_s,
    is_relaying = excluded.is_relaying"""

FORGET = f"delete from replicas where seen_at < clock_timestamp() - interval '{FORGOTTEN}'"


def board_on(pool: Callable[[], asyncpg.Pool]) -> ReadBoard:
    """Reads the board over one of the pool's connections."""

    async def read(now: datetime) -> Snapshot:
        async with (
            pool().acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            return await _read(connection, now)

    return read


async def _read(connection: asyncpg.pool.PoolConnectionProxy, now: datetime) -> Snapshot:
    until = now + HORIZON
    friday, saturday, monday = _weekend(now)
    units: dict[str, dict[str, int | datetime | None]] = {}
    for statement, values in (
        (FALLING, (now, until)),
        (AT_RISK, ()),
        (FRIDAYS, (friday, saturday, monday)),
        (BREACHED, (friday, saturday, monday)),
        (OUT_OF_SYNC, (now.astimezone(ZONE).date(),)),
    ):
        for row in await connection.fetch(statement, *values):
            unit = units.setdefault(row["agency"], {"next_due_at": None})
            for name, value in row.items():
                if isinstance(value, int):
                    unit[name] = int(unit.get(name) or 0) + value  # type: ignore[arg-type]
                elif name != "agency":
                    unit[name] = value
    closings = [Closing(*row) for row in await connection.fetch(CLOSINGS, now, until)]
    return Snapshot(
        taken_at=now,
        units=[_unit(agency, found) for agency, found in sorted(units.items())],
        closings=closings,
        ringing=await connection.fetchval(RINGING, now),
        held_back=await connection.fetchval(HELD_BACK),
        replicas=[Replica(*row) for row in await connection.fetch(REPLICAS)],
    )


COUNTS = ("falls_due", "past_appointment", "at_risk", "breached", "out_of_sync", "friday")


def _unit(agency: str, found: dict[str, int | datetime | None]) -> Unit:
    counts = {name: found.get(name, 0) for name in COUNTS}
    return Unit(agency=agency, next_due_at=found["next_due_at"], **counts)  # type: ignore[arg-type]


def _weekend(now: datetime) -> tuple[datetime, datetime, datetime]:
    """The beginnings of the last Friday (today, if it is one), of its Saturday, and of its Monday."""
    today = now.astimezone(ZONE).date()
    friday = datetime.combine(
        today - timedelta(days=(today.isoweekday() - FRIDAY) % 7), time(), ZONE
    )
    return friday, friday + timedelta(days=1), friday + timedelta(days=3)


class Heartbeats:
    """Where replicas tell of themselves."""

    def __init__(self, pool: Callable[[], asyncpg.Pool]) -> None:
        self._pool = pool

    async def beat(
        self, replica: str, missing: str, heard_per_s: float, said_per_s: float, is_relaying: bool
    ) -> None:
        """Tell how this one is; `missing` is JSON."""
        await self._pool().execute(BEAT, replica, missing, heard_per_s, said_per_s, is_relaying)
        await self._pool().execute(FORGET)

    async def leave(self, replica: str) -> None:
        """This one stops on purpose: nobody need miss it."""
        await self._pool().execute("delete from replicas where replica = $1", replica)


class LetterActions:
    """The record of what was done to dead letters."""

    def __init__(self, pool: Callable[[], asyncpg.Pool]) -> None:
        self._pool = pool

    async def begin(
        self, action: str, subject: str, letter: int | None, reason: str, by: str, now: datetime
    ) -> int:
        """On record before it is done; returns its number."""
        number: int = await self._pool().fetchval(
            """insert into letter_actions (action, subject, letter, reason, asked_by, asked_at)
               values ($1, $2, $3, $4, $5, $6) returning id""",
            action, subject, letter, reason, by, now,
        )  # fmt: skip
        return number

    async def end(self, number: int, outcome: str) -> None:
        await self._pool().execute(
            "update letter_actions set outcome = $2 where id = $1", number, outcome
        )
