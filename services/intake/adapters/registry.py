"""Agencies, pledges and procedures in PostgreSQL."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any

import asyncpg
import orjson

from services.intake.domain.agencies import Agency
from services.intake.domain.pledges import LadderRung, Pledge, Shift
from services.intake.domain.procedures import Limit, Procedure
from services.intake.usecases.ports import Actor, TakenMeanwhileError


class PostgresRegistry:
    """The registry within the transaction of one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def load_agencies(self, codes: Collection[str] | None) -> dict[str, Agency]:
        rows = await self._connection.fetch(
            """select agency, revision, name, valid_from, valid_to, successor, time_zone, calendar
               from agencies where $1::text[] is null or agency = any($1) order by agency""",
            None if codes is None else list(codes),
        )
        return {row["agency"]: Agency(*row.values()) for row in rows}

    async def load_procedures(self, codes: Collection[str] | None) -> dict[str, Procedure]:
        rows = await self._connection.fetch(
            """select procedure, revision, name, limits from procedures
               where $1::text[] is null or procedure = any($1) order by procedure""",
            None if codes is None else list(codes),
        )
        return {row["procedure"]: _procedure(row) for row in rows}

    async def lock_agency(self, code: str) -> Agency | None:
        row = await self._connection.fetchrow(
            """select agency, revision, name, valid_from, valid_to, successor, time_zone, calendar
               from agencies where agency = $1 for update""",
            code,
        )
        return None if row is None else Agency(*row.values())

    async def load_pledges(self, agency: str) -> list[tuple[Pledge, dict[str, Any]]]:
        rows = await self._connection.fetch(
            """select version, valid_from, valid_to, hours, same_day, keeps_friday, xin, luon,
                      khong, forwards, ladder, congratulates, additions
               from pledges where agency = $1 order by version""",
            agency,
        )
        return [(_pledge(row), orjson.loads(row["additions"])) for row in rows]

    async def keep_agency(self, agency: Agency) -> None:
        try:
            await self._connection.execute(
                """with kept as (
                       insert into agency_revisions (agency, revision, name, valid_from, valid_to,
                                                     successor, time_zone, calendar)
                       values ($1, $2, $3, $4, $5, $6, $7, $8) returning *
                   )
                   insert into agencies (agency, revision, name, valid_from, valid_to, successor,
                                         time_zone, calendar)
                   select agency, revision, name, valid_from, valid_to, successor, time_zone,
                          calendar from kept
                   on conflict (agency) do update set
                       revision = excluded.revision, name = excluded.name,
                       valid_from = excluded.valid_from, valid_to = excluded.valid_to,
                       successor = excluded.successor, time_zone = excluded.time_zone,
                       calendar = excluded.calendar""",
                agency.code,
                agency.revision,
                agency.name,
                agency.valid_from,
                agency.valid_to,
                agency.successor,
                agency.time_zone,
                agency.calendar,
            )
        except asyncpg.UniqueViolationError as error:
            raise TakenMeanwhileError(agency.code) from error

    async def keep_pledges(
        self, agency: str, pledges: Sequence[Pledge], additions: dict[str, Any]
    ) -> None:
        # Earlier versions change in one way only: a later pledge has closed the open one.
        await self._connection.execute(
            """update pledges p set valid_to = u.valid_to
               from unnest($2::integer[], $3::date[]) as u (version, valid_to)
               where p.agency = $1 and p.version = u.version
                 and p.valid_to is distinct from u.valid_to""",
            agency,
            [pledge.version for pledge in pledges[:-1]],
            [pledge.valid_to for pledge in pledges[:-1]],
        )
        new = pledges[-1]
        await self._connection.execute(
            """insert into pledges (agency, version, valid_from, valid_to, hours, same_day,
                                    keeps_friday, xin, luon, khong, forwards, ladder,
                                    congratulates, additions)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)""",
            agency,
            new.version,
            new.valid_from,
            new.valid_to,
            _json({day: [asdict(shift) for shift in shifts] for day, shifts in new.hours.items()}),
            list(new.same_day),
            new.keeps_friday,
            list(new.xin),
            list(new.luon),
            list(new.khong),
            new.forwards,
            _json([asdict(rung) for rung in new.ladder]),
            list(new.congratulates),
            _json(additions),
        )

    async def lock_procedures(self, codes: Collection[str]) -> dict[str, Procedure]:
        rows = await self._connection.fetch(
            """select procedure, revision, name, limits from procedures
               where procedure = any($1) order by procedure for update""",
            list(codes),
        )
        return {row["procedure"]: _procedure(row) for row in rows}

    async def keep_procedures(self, procedures: Sequence[Procedure]) -> None:
        ordered = sorted(procedures, key=lambda procedure: procedure.code)
        try:
            await self._connection.execute(
                """with kept as (
                       insert into procedure_revisions (procedure, revision, name, limits)
                       select * from unnest($1::text[], $2::integer[], $3::text[], $4::jsonb[])
                       returning *
                   )
                   insert into procedures (procedure, revision, name, limits)
                   select procedure, revision, name, limits from kept order by procedure
                   on conflict (procedure) do update set revision = excluded.revision,
                       name = excluded.name, limits = excluded.limits""",
                [procedure.code for procedure in ordered],
                [procedure.revision for procedure in ordered],
                [procedure.name for procedure in ordered],
                [_json([asdict(limit) for limit in procedure.limits]) for procedure in ordered],
            )
        except asyncpg.UniqueViolationError as error:
            raise TakenMeanwhileError("procedures") from error

    async def record(
        self, kind: str, revisions: Sequence[tuple[str, int]], actor: Actor, at: datetime
    ) -> None:
        await self._connection.execute(
            """insert into registrations (kind, subject, revision, actor, role, actor_agency,
                                          recorded_at)
               select $1, subject, revision, $4, $5, $6, $7
               from unnest($2::text[], $3::integer[]) as u (subject, revision)""",
            kind,
            [subject for subject, _ in revisions],
            [revision for _, revision in revisions],
            actor.subject,
            actor.role,
            actor.agency,
            at,
        )
        await self._connection.execute(
            "select pg_notify(current_schema() || '_registrations', $1)", kind
        )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _procedure(row: asyncpg.Record) -> Procedure:
    limits = tuple(
        Limit(
            date.fromisoformat(limit["valid_from"]),
            None if limit["valid_to"] is None else date.fromisoformat(limit["valid_to"]),
            limit["kind"],
            limit["amount"],
            limit["regime"],
            limit.get("leg_hours"),
        )
        for limit in orjson.loads(row["limits"])
    )
    return Procedure(row["procedure"], row["revision"], row["name"], limits)


def _pledge(row: asyncpg.Record) -> Pledge:
    hours = {
        weekday: tuple(
            Shift(time.fromisoformat(shift["opens"]), time.fromisoformat(shift["closes"]))
            for shift in shifts
        )
        for weekday, shifts in orjson.loads(row["hours"]).items()
    }
    return Pledge(
        row["version"],
        row["valid_from"],
        row["valid_to"],
        hours,
        tuple(row["same_day"]),
        row["keeps_friday"],
        tuple(row["xin"]),
        tuple(row["luon"]),
        tuple(row["khong"]),
        row["forwards"],
        tuple(LadderRung(**rung) for rung in orjson.loads(row["ladder"])),
        tuple(row["congratulates"]),
    )
