"""The measured town as deadline itself keeps and reckons it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.dossiers import registrations
from services.deadline.adapters.books import begin_on
from services.deadline.adapters.directories import Memory
from services.deadline.adapters.rule_book import read_rule_book
from services.deadline.domain.clocks import Clock, Dues, start
from services.deadline.usecases.directory import Directory
from services.deadline.usecases.ports import Begin
from services.deadline.usecases.registrations import known_agency, known_procedure
from shared.events.agencies import AgencyRegistered
from shared.events.dossiers import DossierAccepted
from shared.events.procedures import ProcedureRegistered
from shared.postgres import open_pool


def town_directory() -> Directory:
    """The directory that deadline has once it has heard the registrations."""
    rule_book = read_rule_book()
    agencies, procedures = _registered()
    return Directory(
        rule_book,
        {agency.agency: known_agency(agency, rule_book) for agency in agencies},
        {one.procedure: known_procedure(one, rule_book) for one in procedures},
    )


def clock_of(directory: Directory, event: DossierAccepted) -> Clock:
    """The clock that an accepted dossier starts."""
    dues: Dues = directory.dues(event.agency, event.procedure, event.received_at, event.complete_at)
    return start(
        "dossier",
        event.dossier,
        event.agency,
        event.procedure,
        event.received_at,
        event.complete_at,
        dues,
    )


@asynccontextmanager
async def open_books(dsn: str) -> AsyncIterator[Begin]:
    """Deadline's books in a database, as one process of the service opens them."""
    pool = await open_pool(dsn)
    try:
        yield begin_on(lambda: pool, Memory(read_rule_book()))
    finally:
        await pool.close()


async def found_town(dsn: str) -> None:
    """Keep the town's agencies and procedures as deadline does once it has heard of them."""
    agencies, procedures = _registered()
    async with open_books(dsn) as begin, begin() as books:
        await books.directories.keep(agencies, procedures)


def _registered() -> tuple[list[AgencyRegistered], list[ProcedureRegistered]]:
    said = registrations()
    return (
        [event for event in said if isinstance(event, AgencyRegistered)],
        [event for event in said if isinstance(event, ProcedureRegistered)],
    )
