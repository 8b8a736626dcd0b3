"""The clocks in PostgreSQL: sets in, sets out, in the transaction of one connection."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from datetime import datetime

import asyncpg

from services.deadline.adapters.rows import (
    CLOCK_COLUMNS,
    DUE_CLOCK,
    DUE_COLUMNS,
    KEY_COLUMNS,
    MOVING_COLUMNS,
    RUNG_COLUMNS,
    Column,
    clock_from,
    due_clock_from,
    rows,
)
from services.deadline.domain.alarms import Alarm, Uncomputable
from services.deadline.domain.clocks import Clock, DueClock, State
from services.deadline.domain.ladder import Rung
from services.deadline.domain.lateness import Tally
from services.deadline.domain.reappointments import Issued
from services.deadline.usecases.ports import ClockKey, Due
from shared import telemetry

SELECT = f"select {', '.join(column.read for column in CLOCK_COLUMNS)} from clocks"

LOCK = f"{SELECT} where code = any($1::text[]) order by code, kind for update"

SELECT_DUE = f"select {', '.join((*DUE_CLOCK, *(one.name for one in RUNG_COLUMNS)))} from clocks"
# What it passes over is held by those who hear of it, and rings next.
LOCK_DUE = f"""{SELECT_DUE}
where next_rung_at < $1 and (next_rung_at, code, kind) > ($3, $4, $5)
order by next_rung_at, code, kind limit $2 for update skip locked"""


def _update(changing: Sequence[Column]) -> str:
    every = (*KEY_COLUMNS, *changing)
    return f"""update clocks set {", ".join(f"{c.name} = {c.write}" for c in changing)}
from unnest({", ".join(f"${n}::{c.type}[]" for n, c in enumerate(every, 1))})
as given ({", ".join(c.name for c in every)})
where clocks.code = given.code and clocks.kind = given.kind"""


def _keep_rung(rung: Sequence[Rung]) -> str:
    """At closing time very many clocks come to the same: their keys are all that differs."""
    silent = "".join(f", {one}_at = null" for one in rung)
    return f"""update clocks set state = $1{silent}
from unnest($2::text[], $3::text[]) as given (code, kind)
where clocks.code = given.code and clocks.kind = given.kind"""


CHANGE_COLUMNS = (*KEY_COLUMNS, *MOVING_COLUMNS)
CHANGE = _update(MOVING_COLUMNS)

RESTART_COLUMNS = (*KEY_COLUMNS, *DUE_COLUMNS, *MOVING_COLUMNS)
RESTART = _update((*DUE_COLUMNS, *MOVING_COLUMNS))

KEEP_PAST = """insert into past_generations
    (kind, code, generation, complete_at, legal_due, pledge_due, appointment_at,
     regime, rules_version, calendar_version, steps, stopped_at, stop_reason,
     agency, state, resolved_at)
select kind, code, generation, complete_at, legal_due, pledge_due, appointment_at,
       regime, rules_version, calendar_version, steps::jsonb, stopped_at, stop_reason,
       agency, state, resolved_at
from unnest($1::text[], $2::text[], $3::integer[], $4::timestamptz[], $5::timestamptz[],
            $6::timestamptz[], $7::timestamptz[], $8::text[], $9::text[], $10::text[],
            $11::text[], $12::timestamptz[], $13::text[], $14::text[], $15::text[],
            $16::timestamptz[])
as given (kind, code, generation, complete_at, legal_due, pledge_due, appointment_at,
          regime, rules_version, calendar_version, steps, stopped_at, stop_reason,
          agency, state, resolved_at)"""

ALARM_COLUMNS = (
    "kind", "code", "generation", "rung", "agency", "due_at", "rang_at", "is_late", "calls",
)  # fmt: skip

KEEP_REAPPOINTMENT = """insert into reappointments
    (kind, code, agency, legal_due, original_appointment_at, appointment_at, reason, signer,
     asked_by, reappointed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""

KEEP_UNCOMPUTABLE = """insert into uncomputable
    (kind, code, generation, agency, cause, why, found_at)
select * from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[],
                     $7::timestamptz[])
on conflict do nothing returning kind, code, generation"""

COUNT_LATE = """insert into lateness (agency, kind, due_on, outcome, count)
select * from unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::integer[])"""

# min() reads one entry of the partial index; `not exists` would scan the table of open clocks.
WAKE = """select pg_notify(current_schema() || '_rungs', '')
where coalesce((select min(next_rung_at) from clocks where next_rung_at is not null), 'infinity')
    >= $1::timestamptz"""


class PostgresClocks:
    """The port `Clocks`."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def lock(self, codes: Sequence[str]) -> dict[ClockKey, Clock]:
        found = await self._connection.fetch(LOCK, codes)
        return {(row["kind"], row["code"]): clock_from(row) for row in found}

    async def lock_due(self, before: datetime, limit: int, after: Due) -> list[DueClock]:
        found = await self._connection.fetch(LOCK_DUE, before, limit, *after)
        return [due_clock_from(row) for row in found]

    async def earliest_rung(self) -> datetime | None:
        earliest: datetime | None = await self._connection.fetchval(
            "select min(next_rung_at) from clocks"
        )
        return earliest

    async def add(self, clocks: Sequence[Clock]) -> None:
        # COPY: four times the rows per second of unnest, and this is the busiest statement.
        await self._connection.copy_records_to_table(
            "clocks",
            records=rows(CLOCK_COLUMNS, clocks),
            columns=[column.name for column in CLOCK_COLUMNS],
        )

    async def change(self, clocks: Sequence[Clock]) -> None:
        await self._connection.execute(CHANGE, *_columns(rows(CHANGE_COLUMNS, clocks)))
        for clock in clocks:
            if clock.state is State.MISSED and clock.resolved_at and clock.dues.legal_due:
                overdue = clock.resolved_at - clock.dues.legal_due
                telemetry.OVERDUE_AGE.observe(overdue.total_seconds())

    async def keep_rung(self, clocks: Sequence[DueClock]) -> None:
        alike: dict[tuple[State, tuple[bool, ...]], list[DueClock]] = {}
        for clock in clocks:
            key = clock.state, tuple(at is None for at in clock.rungs)
            alike.setdefault(key, []).append(clock)
        for (state, is_silent), some in alike.items():
            rung = [one for one, silent in zip(Rung, is_silent, strict=True) if silent]
            codes, kinds = [clock.code for clock in some], [clock.kind for clock in some]
            await self._connection.execute(_keep_rung(rung), state.value, codes, kinds)

    async def restart(self, clocks: Sequence[Clock]) -> None:
        await self._connection.execute(RESTART, *_columns(rows(RESTART_COLUMNS, clocks)))

    async def keep_past(self, clocks: Sequence[Clock]) -> None:
        given = [
            (
                clock.kind,
                clock.code,
                clock.generation,
                clock.complete_at,
                clock.dues.legal_due,
                clock.dues.pledge_due,
                clock.appointment_at,
                clock.dues.regime,
                clock.dues.rules_version,
                clock.dues.calendar_version,
                clock.dues.steps,
                clock.stopped_at,
                clock.stop_reason,
                clock.agency,
                clock.state.value,
                clock.resolved_at,
            )
            for clock in clocks
        ]
        await self._connection.execute(KEEP_PAST, *_columns(given))

    async def keep_alarms(self, alarms: Sequence[Alarm]) -> None:
        # COPY, as for new clocks: at closing time nothing else is as busy.
        given = (
            (
                alarm.kind,
                alarm.code,
                alarm.generation,
                alarm.rung.value,
                alarm.agency,
                alarm.due_at,
                alarm.rang_at,
                alarm.is_late,
                alarm.calls,
            )
            for alarm in alarms
        )
        await self._connection.copy_records_to_table("alarms", records=given, columns=ALARM_COLUMNS)
        for alarm in alarms:
            telemetry.ALARM_LATENESS.observe((alarm.rang_at - alarm.due_at).total_seconds())

    async def keep_reappointment(self, issued: Issued) -> None:
        await self._connection.execute(
            KEEP_REAPPOINTMENT,
            issued.kind,
            issued.code,
            issued.agency,
            issued.legal_due,
            *astuple(issued.says),
        )

    async def count_late(self, tally: Tally) -> None:
        given = ((*late, count) for late, count in tally.items())
        await self._connection.execute(COUNT_LATE, *_columns(given))

    async def keep_uncomputable(self, found: Sequence[Uncomputable]) -> list[Uncomputable]:
        rows = await self._connection.fetch(KEEP_UNCOMPUTABLE, *_columns(map(astuple, found)))
        new = {tuple(row) for row in rows}
        return [one for one in found if (one.kind, one.code, one.generation) in new]

    async def wake_timer(self, earliest: datetime) -> None:
        await self._connection.execute(WAKE, earliest)


def _columns(given: Iterable[tuple[object, ...]]) -> Iterator[list[object]]:
    """Rows as one array per column, for `unnest`."""
    return map(list, zip(*given, strict=True))
