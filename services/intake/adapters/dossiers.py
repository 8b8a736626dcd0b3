"""Dossiers, their codes, applicants and moves in PostgreSQL; every statement takes a set."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields

import asyncpg
import orjson

from services.intake.adapters import promises
from services.intake.domain.hand_overs import Contact
from services.intake.domain.life import Dossier, State
from services.intake.usecases.ports import (
    Actor,
    Applicant,
    Document,
    DossierView,
    KeptMove,
    LoadedDossier,
    NewDossier,
    TakenMeanwhileError,
)

COLUMNS = """code, procedure, channel, receiving_agency, agency, state, received_at, complete_at,
    last_moved_at, accepted_at, resolving_agency, successor, leg, supplement_requests"""
"""In the order of the fields of `Dossier`."""

# The row of a prefix stays locked until commit: orders are given out in one line, without holes
# as long as nothing rolls back. Prefixes are locked in order, so that batches cannot deadlock.
TAKE_ORDERS = """
insert into code_days as c (prefix, last_order)
select prefix, wanted from unnest($1::text[], $2::integer[]) as u (prefix, wanted) order by prefix
on conflict (prefix) do update set last_order = c.last_order + excluded.last_order
returning prefix, last_order
"""

ADD_DOSSIERS = """
insert into dossiers (code, procedure, procedure_revision, channel, receiving_agency,
    receiving_revision, agency, state, status, received_at, complete_at, accepted_at,
    last_moved_at, leg, supplement_requests, moves, language, reference, documents, sets,
    return_by)
select code, procedure, procedure_revision, channel, agency, receiving_revision, agency, state,
    status, received_at, complete_at, accepted_at, last_moved_at, 0, 0, moves, language, reference,
    documents, sets, return_by
from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::integer[],
    $7::text[], $8::smallint[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[],
    $12::timestamptz[], $13::integer[], $14::text[], $15::text[], $16::jsonb[], $17::integer[],
    $18::text[])
    as u (code, procedure, procedure_revision, channel, agency, receiving_revision, state, status,
          received_at, complete_at, accepted_at, last_moved_at, moves, language, reference,
          documents, sets, return_by)
"""

ADD_APPLICANTS = """
insert into applicants (dossier, name, address, phone, email)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
"""

ADD_MOVES = """
insert into moves (dossier, number, verb, from_state, to_state, agency, happened_at, reason,
    legal_basis, documents, actor, role, actor_agency, recorded_at, contact)
select * from unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[],
    $7::timestamptz[], $8::text[], $9::text[], $10::jsonb[], $11::text[], $12::text[], $13::text[],
    $14::timestamptz[], $15::jsonb[])
"""

KEEP_DOSSIERS = """
update dossiers d set agency = u.agency, resolving_agency = u.resolving_agency,
    successor = u.successor, state = u.state, status = u.status, complete_at = u.complete_at,
    accepted_at = u.accepted_at, last_moved_at = u.last_moved_at, leg = u.leg,
    supplement_requests = u.supplement_requests, moves = u.moves
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[],
    $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::integer[], $11::integer[],
    $12::integer[])
    as u (code, agency, resolving_agency, successor, state, status, complete_at, accepted_at,
          last_moved_at, leg, supplement_requests, moves)
where d.code = u.code
"""


class PostgresDossiers:
    """Dossiers within the transaction of one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def take_orders(self, counts: Mapping[str, int]) -> dict[str, int]:
        rows = await self._connection.fetch(TAKE_ORDERS, list(counts), list(counts.values()))
        return {row["prefix"]: row["last_order"] - counts[row["prefix"]] + 1 for row in rows}

    async def find_references(
        self, references: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], Dossier]:
        rows = await self._connection.fetch(
            f"""select {COLUMNS}, reference
                from unnest($1::text[], $2::text[]) as u (receiving_agency, reference)
                join dossiers using (receiving_agency, reference)""",
            [agency for agency, _ in references],
            [reference for _, reference in references],
        )
        return {(row["receiving_agency"], row["reference"]): _dossier(row) for row in rows}

    async def add(self, dossiers: Sequence[NewDossier], moves: Sequence[KeptMove]) -> None:
        counts: dict[str, int] = {}
        for move in moves:
            counts[move.dossier] = move.number
        every = [new.dossier for new in dossiers]
        try:
            await self._connection.execute(
                ADD_DOSSIERS,
                [d.code for d in every],
                [d.procedure for d in every],
                [new.procedure_revision for new in dossiers],
                [d.channel for d in every],
                [d.agency for d in every],
                [new.receiving_revision for new in dossiers],
                [d.state for d in every],
                [d.status for d in every],
                [d.received_at for d in every],
                [d.complete_at for d in every],
                [d.accepted_at for d in every],
                [d.last_moved_at for d in every],
                [counts[d.code] for d in every],
                [new.language for new in dossiers],
                [new.reference for new in dossiers],
                [_documents(new.documents) for new in dossiers],
                [new.sets for new in dossiers],
                [new.return_by for new in dossiers],
            )
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "dossiers_reference":
                raise
            raise TakenMeanwhileError("a reference") from error
        await self._connection.execute(
            ADD_APPLICANTS,
            [d.code for d in every],
            [new.applicant.name for new in dossiers],
            [new.applicant.address for new in dossiers],
            [new.applicant.phone for new in dossiers],
            [new.applicant.email for new in dossiers],
        )
        await self._add_moves(moves)

    async def lock(self, codes: Collection[str]) -> dict[str, LoadedDossier]:
        rows = await self._connection.fetch(
            f"""select {COLUMNS}, moves from dossiers
                where code = any($1) order by code for update""",
            list(codes),
        )
        return {row["code"]: LoadedDossier(_dossier(row), row["moves"]) for row in rows}

    async def keep(self, dossiers: Sequence[LoadedDossier], moves: Sequence[KeptMove]) -> None:
        every = [loaded.dossier for loaded in dossiers]
        await self._connection.execute(
            KEEP_DOSSIERS,
            [d.code for d in every],
            [d.agency for d in every],
            [d.resolving_agency for d in every],
            [d.successor for d in every],
            [d.state for d in every],
            [d.status for d in every],
            [d.complete_at for d in every],
            [d.accepted_at for d in every],
            [d.last_moved_at for d in every],
            [d.leg for d in every],
            [d.supplement_requests for d in every],
            [loaded.moves for loaded in dossiers],
        )
        await self._add_moves(moves)

    async def _add_moves(self, moves: Sequence[KeptMove]) -> None:
        await self._connection.execute(
            ADD_MOVES,
            [m.dossier for m in moves],
            [m.number for m in moves],
            [m.verb for m in moves],
            [m.from_state for m in moves],
            [m.to_state for m in moves],
            [m.agency for m in moves],
            [m.happened_at for m in moves],
            [m.reason for m in moves],
            [m.legal_basis for m in moves],
            [None if m.documents is None else _documents(m.documents) for m in moves],
            [m.actor.subject for m in moves],
            [m.actor.role for m in moves],
            [m.actor.agency for m in moves],
            [m.recorded_at for m in moves],
            [None if m.contact is None else orjson.dumps(m.contact).decode() for m in moves],
        )

    async def find_status(self, code: str) -> int | None:
        status: int | None = await self._connection.fetchval(
            "select status from dossiers where code = $1", code
        )
        return status

    async def view(self, code: str) -> DossierView | None:
        row = await self._connection.fetchrow(
            f"""select {", ".join(f"d.{name}" for name in _names())}, d.language, d.reference,
                    d.documents, d.sets, d.return_by, r.name as agency_name, r.time_zone, p.name as procedure_name,
                    a.name, a.address, a.phone, a.email
                from dossiers d
                join agency_revisions r
                    on r.agency = d.receiving_agency and r.revision = d.receiving_revision
                join procedure_revisions p
                    on p.procedure = d.procedure and p.revision = d.procedure_revision
                join applicants a on a.dossier = d.code
                where d.code = $1""",
            code,
        )
        if row is None:
            return None
        promised = await promises.load_promises(self._connection, [code])
        return DossierView(
            dossier=_dossier(row),
            agency_name=row["agency_name"],
            procedure_name=row["procedure_name"],
            time_zone=row["time_zone"],
            language=row["language"],
            reference=row["reference"],
            documents=_read_documents(row["documents"]),
            applicant=Applicant(row["name"], row["address"], row["phone"], row["email"]),
            promise=promised.get(code),
            notices=await promises.load_notices(self._connection, code),
            moves=await self._load_moves(code),
            sets=row["sets"],
            return_by=row["return_by"],
        )

    async def _load_moves(self, code: str) -> list[KeptMove]:
        rows = await self._connection.fetch(
            "select * from moves where dossier = $1 order by number", code
        )
        return [
            KeptMove(
                dossier=row["dossier"],
                number=row["number"],
                verb=row["verb"],
                from_state=None if row["from_state"] is None else State(row["from_state"]),
                to_state=State(row["to_state"]),
                agency=row["agency"],
                happened_at=row["happened_at"],
                actor=Actor(row["actor"], row["role"], row["actor_agency"]),
                recorded_at=row["recorded_at"],
                reason=row["reason"],
                legal_basis=row["legal_basis"],
                documents=None if row["documents"] is None else _read_documents(row["documents"]),
                contact=None if row["contact"] is None else Contact(**orjson.loads(row["contact"])),
            )
            for row in rows
        ]


def _names() -> list[str]:
    return [field.name for field in fields(Dossier)]


def _dossier(row: asyncpg.Record) -> Dossier:
    values = {name: row[name] for name in _names()}
    return Dossier(**{**values, "state": State(row["state"])})


def _documents(documents: Sequence[Document]) -> str:
    # What is nought is left out: replicas of the version before know name and copies alone.
    return orjson.dumps(
        [
            {
                "name": document.name,
                "copies": document.copies,
                **({"originals": document.originals} if document.originals else {}),
                **({"certified": document.certified} if document.certified else {}),
            }
            for document in documents
        ]
    ).decode()


def _read_documents(text: str) -> list[Document]:
    return [Document(**document) for document in orjson.loads(text)]
