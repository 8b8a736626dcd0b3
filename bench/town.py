"""Deadline's own reckoning for the measured town: what the contestants' clocks are to show as well."""

from bench.dossiers import registrations
from services.deadline.adapters.rule_book import read_rule_book
from services.deadline.domain.clocks import Clock, Dues, start
from services.deadline.usecases.directory import Directory
from services.deadline.usecases.registrations import known_agency, known_procedure
from shared.events.agencies import AgencyRegistered
from shared.events.dossiers import DossierAccepted
from shared.events.procedures import ProcedureRegistered


def town_directory() -> Directory:
    """The directory that deadline has once it has heard the registrations."""
    rule_book = read_rule_book()
    said = registrations()
    agencies = [known_agency(e, rule_book) for e in said if isinstance(e, AgencyRegistered)]
    procedures = [known_procedure(e, rule_book) for e in said if isinstance(e, ProcedureRegistered)]
    return Directory(
        rule_book,
        {agency.agency: agency for agency in agencies},
        {procedure.procedure: procedure for procedure in procedures},
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
