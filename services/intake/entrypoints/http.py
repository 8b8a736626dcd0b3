"""Intake over HTTP: every route of its own."""

from fastapi import APIRouter

from services.intake.entrypoints.bulk import bulk_route
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.dossier_routes import (
    move_routes,
    reading_routes,
    submission_route,
)
from services.intake.entrypoints.look_up_pages import look_up_routes
from services.intake.entrypoints.pages import page_routes
from services.intake.entrypoints.register_route import register_route
from services.intake.entrypoints.registry_routes import agency_routes, procedure_routes
from services.intake.entrypoints.slip_routes import slip_routes


def routes(desk: Desk) -> APIRouter:
    """Agencies, procedures, dossiers, their moves, the bulk log, the slips, and looking up."""
    router = APIRouter()
    # The busiest first: routes are tried in order.
    router.include_router(submission_route(desk))
    router.include_router(move_routes(desk))
    router.include_router(page_routes(desk))
    router.include_router(slip_routes(desk))
    router.include_router(register_route(desk))
    router.include_router(reading_routes(desk))
    router.include_router(look_up_routes(desk))
    router.include_router(bulk_route(desk))
    router.include_router(agency_routes(desk))
    router.include_router(procedure_routes(desk))
    return router
