"""A clock as a row: each column with its type, how it is read, and where its value lies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import asyncpg

from services.deadline.domain.clocks import Clock, Dues, State
from services.deadline.domain.rungs import NextRung, Rung


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `clocks`. jsonb travels as text."""

    name: str
    type: str
    value: Callable[[Clock], object]

    @property
    def read(self) -> str:
        return f"{self.name}::text as {self.name}" if self.is_json else self.name

    @property
    def write(self) -> str:
        return f"given.{self.name}::jsonb" if self.is_json else f"given.{self.name}"

    @property
    def is_json(self) -> bool:
        return self.name == "steps"


INSTANT = "timestamptz"

FIXED_COLUMNS = (
    Column("kind", "text", lambda clock: clock.kind),
    Column("code", "text", lambda clock: clock.code),
    Column("receiving_agency", "text", lambda clock: clock.receiving_agency),
    Column("procedure", "text", lambda clock: clock.procedure),
    Column("received_at", INSTANT, lambda clock: clock.received_at),
    Column("original_legal_due", INSTANT, lambda clock: clock.original_legal_due),
)

DUE_COLUMNS = (
    Column("complete_at", INSTANT, lambda clock: clock.complete_at),
    Column("generation", "integer", lambda clock: clock.generation),
    Column("legal_due", INSTANT, lambda clock: clock.dues.legal_due),
    Column("pledge_due", INSTANT, lambda clock: clock.dues.pledge_due),
    Column("reckoned_appointment_at", INSTANT, lambda clock: clock.dues.appointment_at),
    Column("regime", "text", lambda clock: clock.dues.regime),
    Column("rules_version", "text", lambda clock: clock.dues.rules_version),
    Column("calendar_version", "text", lambda clock: clock.dues.calendar_version),
    Column("steps", "text", lambda clock: clock.dues.steps),
)
"""What changes only when a clock restarts."""

MOVING_COLUMNS = (
    Column("agency", "text", lambda clock: clock.agency),
    Column("state", "text", lambda clock: clock.state.value),
    Column("appointment_at", INSTANT, lambda clock: clock.appointment_at),
    Column("next_rung", "text", lambda clock: clock.next_rung and clock.next_rung.rung.value),
    Column("next_rung_at", INSTANT, lambda clock: clock.next_rung and clock.next_rung.at),
    Column("resolved_at", INSTANT, lambda clock: clock.resolved_at),
    Column("stopped_at", INSTANT, lambda clock: clock.stopped_at),
    Column("stop_reason", "text", lambda clock: clock.stop_reason),
)
"""What any move may change."""

CLOCK_COLUMNS = (*FIXED_COLUMNS, *DUE_COLUMNS, *MOVING_COLUMNS)


def columns(of: Sequence[Column], clocks: Sequence[Clock]) -> list[list[object]]:
    """The clocks as one array per column, for `unnest`."""
    return [[column.value(clock) for clock in clocks] for column in of]


def clock_from(row: asyncpg.Record) -> Clock:
    """A clock as it was stored. Its first rung is not kept: the ladder has moved on."""
    next_rung = _next_rung(row)
    return Clock(
        kind=row["kind"],
        code=row["code"],
        agency=row["agency"],
        receiving_agency=row["receiving_agency"],
        procedure=row["procedure"],
        received_at=row["received_at"],
        complete_at=row["complete_at"],
        generation=row["generation"],
        state=State(row["state"]),
        dues=Dues(
            legal_due=row["legal_due"],
            pledge_due=row["pledge_due"],
            appointment_at=row["reckoned_appointment_at"],
            first_rung=next_rung,
            regime=row["regime"],
            rules_version=row["rules_version"],
            calendar_version=row["calendar_version"],
            steps=row["steps"],
        ),
        appointment_at=row["appointment_at"],
        original_legal_due=row["original_legal_due"],
        next_rung=next_rung,
        resolved_at=row["resolved_at"],
        stopped_at=row["stopped_at"],
        stop_reason=row["stop_reason"],
    )


def _next_rung(row: asyncpg.Record) -> NextRung | None:
    if row["next_rung"] is None:
        return None
    return NextRung(Rung(row["next_rung"]), row["next_rung_at"])
