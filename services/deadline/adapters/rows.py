"""A clock as a row: each column with its type, how it is read, and where its value lies."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import asyncpg

from services.deadline.domain.clocks import Clock, DueClock, Dues, State
from services.deadline.domain.ladder import Rung
from services.deadline.domain.rungs import Rungs


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `clocks`. jsonb travels as text."""

    name: str
    type: str
    path: str
    """Where its value lies in a clock."""

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

KEY_COLUMNS = (
    Column("kind", "text", "kind"),
    Column("code", "text", "code"),
)

FIXED_COLUMNS = (
    Column("procedure", "text", "procedure"),
    Column("received_at", INSTANT, "received_at"),
    Column("original_legal_due", INSTANT, "original_legal_due"),
)

DUE_COLUMNS = (
    Column("receiving_agency", "text", "receiving_agency"),
    Column("complete_at", INSTANT, "complete_at"),
    Column("generation", "integer", "generation"),
    Column("legal_due", INSTANT, "dues.legal_due"),
    Column("pledge_due", INSTANT, "dues.pledge_due"),
    Column("reckoned_appointment_at", INSTANT, "dues.appointment_at"),
    Column("regime", "text", "dues.regime"),
    Column("rules_version", "text", "dues.rules_version"),
    Column("calendar_version", "text", "dues.calendar_version"),
    Column("steps", "text", "dues.steps"),
)
"""What changes only when a clock restarts."""

RUNG_COLUMNS = tuple(Column(f"{rung}_at", INSTANT, f"rungs.{rung}") for rung in Rung)
"""When each rung is to ring; `next_rung_at`, the earliest of them, is the table's own."""

MOVING_COLUMNS = (
    Column("agency", "text", "agency"),
    Column("state", "text", "state"),
    Column("appointment_at", INSTANT, "appointment_at"),
    Column("resolved_at", INSTANT, "resolved_at"),
    Column("stopped_at", INSTANT, "stopped_at"),
    Column("stop_reason", "text", "stop_reason"),
    Column("reappointed_at", INSTANT, "reappointed_at"),
    Column("original_appointment_at", INSTANT, "original_appointment_at"),
    *RUNG_COLUMNS,
)
"""What any move may change."""

CLOCK_COLUMNS = (*KEY_COLUMNS, *FIXED_COLUMNS, *DUE_COLUMNS, *MOVING_COLUMNS)


def rows(of: Sequence[Column], clocks: Iterable[Clock]) -> Iterator[tuple[object, ...]]:
    """The clocks as rows of these columns."""
    return map(attrgetter(*(column.path for column in of)), clocks)


def clock_from(row: asyncpg.Record) -> Clock:
    """A clock as it was stored. The ladder as it began is not kept: it has moved on."""
    rungs = Rungs(*(row[column.name] for column in RUNG_COLUMNS))
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
            rungs=rungs,
            regime=row["regime"],
            rules_version=row["rules_version"],
            calendar_version=row["calendar_version"],
            steps=row["steps"],
        ),
        appointment_at=row["appointment_at"],
        original_legal_due=row["original_legal_due"],
        rungs=rungs,
        resolved_at=row["resolved_at"],
        stopped_at=row["stopped_at"],
        stop_reason=row["stop_reason"],
        reappointed_at=row["reappointed_at"],
        original_appointment_at=row["original_appointment_at"],
    )


DUE_CLOCK = (
    "kind",
    "code",
    "generation",
    "agency",
    "receiving_agency",
    "regime",
    "received_at",
    "state",
)
"""What the timer reads, before the rungs."""


def due_clock_from(row: asyncpg.Record) -> DueClock:
    """A clock of which a rung is due."""
    kind, code, generation, agency, receiving_agency, regime, received_at, state, *rungs = row
    return DueClock(
        kind, code, generation, agency, receiving_agency, regime, received_at, State(state),
        Rungs(*rungs),
    )  # fmt: skip
