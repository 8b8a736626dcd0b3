"""Agencies and procedures in PostgreSQL, and one copy of them in memory per process."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg
from pydantic import TypeAdapter

from services.deadline.adapters.calendars import version_of
from services.deadline.domain.decrees import Decree, decreed
from services.deadline.domain.rules import RuleBook
from services.deadline.domain.working_calendar import WorkingCalendar
from services.deadline.usecases.directory import Directory
from services.deadline.usecases.ports import KeptDecree
from services.deadline.usecases.registrations import known_agency, known_procedure
from shared.events.agencies import AgencyRegistered
from shared.events.procedures import ProcedureRegistered

# The row lock orders all changes: a reader at version n has seen everything up to n.
NEXT_VERSION = "update directory set version = version + 1 returning version"

KEEP_AGENCIES = """insert into agencies (agency, version, body)
select agency, $1, body::jsonb from unnest($2::text[], $3::text[]) as given (agency, body)
on conflict (agency) do update set version = excluded.version, body = excluded.body"""

KEEP_PROCEDURES = """insert into procedures (procedure, version, body)
select procedure, $1, body::jsonb from unnest($2::text[], $3::text[]) as given (procedure, body)
on conflict (procedure) do update set version = excluded.version, body = excluded.body"""


KEEP_DECREE = """insert into decrees
    (version, calendar, calendar_version, body, asked_by, decreed_at)
values ($1, $2, $3, $4::jsonb, $5, $6)"""

DECREES = "select calendar, calendar_version, body::text as body, asked_by, decreed_at from decrees"

DECREE = TypeAdapter(Decree)


class Memory:
    """The directory of one process: what was committed, up to a version."""

    def __init__(self, rule_book: RuleBook) -> None:
        self.directory = Directory(rule_book, {}, {})
        self.version = 0


class PostgresDirectories:
    """The port `Directories`, on one connection and the process's memory."""

    def __init__(self, connection: asyncpg.Connection, memory: Memory) -> None:
        self._connection = connection
        self._memory = memory

    async def current(self) -> Directory:
        """One small query; the rows that changed are read only when the version has moved.

        Raises `NoRuleError` when the rule book has lost a calendar or regime that is in use.
        """
        version = await self._connection.fetchval("select version from directory")
        if version > self._memory.version:
            await self._read_up_to(version)
        return self._memory.directory

    async def hold_changes(self) -> None:
        await self._connection.execute("select from directory for update")

    async def await_readers(self) -> None:
        # Whoever read the directory holds a lock on the table until its transaction ends.
        await self._connection.execute("lock table directory in access exclusive mode")

    async def keep_decree(self, decree: Decree, asked_by: str, decreed_at: datetime) -> str:
        # Read before the version moves: what is not committed yet must not be remembered.
        revised = under_decree((await self.current()).rule_book.calendar(decree.calendar), decree)
        version = await self._connection.fetchval(NEXT_VERSION)
        body = DECREE.dump_json(decree).decode()
        await self._connection.execute(
            KEEP_DECREE, version, decree.calendar, revised.version, body, asked_by, decreed_at
        )
        return revised.version

    async def decrees(self) -> list[KeptDecree]:
        rows = await self._connection.fetch(f"{DECREES} order by version")
        return [
            KeptDecree(
                DECREE.validate_json(row["body"]),
                row["calendar_version"],
                row["asked_by"],
                row["decreed_at"],
            )
            for row in rows
        ]

    async def keep(
        self, agencies: Sequence[AgencyRegistered], procedures: Sequence[ProcedureRegistered]
    ) -> None:
        """The memory learns of it with the next `current`, once this has committed."""
        version = await self._connection.fetchval(NEXT_VERSION)
        if agencies:
            names = [event.agency for event in agencies]
            bodies = [event.model_dump_json() for event in agencies]
            await self._connection.execute(KEEP_AGENCIES, version, names, bodies)
        if procedures:
            names = [event.procedure for event in procedures]
            bodies = [event.model_dump_json() for event in procedures]
            await self._connection.execute(KEEP_PROCEDURES, version, names, bodies)

    async def _read_up_to(self, version: int) -> None:
        seen = self._memory.version
        directory = await self._decreed_since(seen)
        rule_book = directory.rule_book
        agencies = await self._bodies("agencies", seen)
        procedures = await self._bodies("procedures", seen)
        known_agencies = [known_agency(AgencyRegistered.hear(x), rule_book) for x in agencies]
        known_procedures = [
            known_procedure(ProcedureRegistered.hear(x), rule_book) for x in procedures
        ]
        self._memory.directory = directory.with_changes(
            {agency.agency: agency for agency in known_agencies},
            {procedure.procedure: procedure for procedure in known_procedures},
        )
        self._memory.version = version

    async def _decreed_since(self, seen: int) -> Directory:
        directory = self._memory.directory
        rows = await self._connection.fetch(f"{DECREES} where version > $1 order by version", seen)
        if not rows:
            return directory
        calendars = dict(directory.rule_book.calendars)
        for row in rows:
            decree = DECREE.validate_json(row["body"])
            calendar = directory.rule_book.calendar(decree.calendar)
            calendars[calendar.name] = under_decree(calendars[calendar.name], decree)
        return directory.under(replace(directory.rule_book, calendars=calendars))

    async def _bodies(self, table: str, seen: int) -> list[bytes]:
        rows = await self._connection.fetch(
            f"select body::text as body from {table} where version > $1", seen
        )
        return [row["body"].encode() for row in rows]


def under_decree(calendar: WorkingCalendar, decree: Decree) -> WorkingCalendar:
    """The calendar with a decree over it, and the version of that."""
    revised = decreed(calendar, decree)
    return replace(revised, version=version_of(revised))
