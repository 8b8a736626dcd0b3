"""Registers an agency, or a change of its name, period or successor."""

from dataclasses import replace
from datetime import datetime

from services.intake.domain import codes
from services.intake.domain.agencies import Agency, check_registration
from services.intake.usecases.agency_events import agency_registered
from services.intake.usecases.local_days import check_time_zone
from services.intake.usecases.ports import Actor, Transaction
from shared.messages import Saying


async def register_agency(
    wanted: Agency, actor: Actor, transaction: Transaction, now: datetime
) -> Agency:
    """Make `wanted` the agency's present state, as its next revision; the same again is no change.

    Raises `RefusedError`.
    """
    codes.check_agency(wanted.code)
    check_registration(wanted)
    check_time_zone(wanted.time_zone)
    registry = transaction.registry
    present = await registry.lock_agency(wanted.code)
    agency = replace(wanted, revision=1 if present is None else present.revision)
    if agency == present:
        return present
    if present is not None:
        agency = replace(wanted, revision=present.revision + 1)
    await registry.keep_agency(agency)
    await registry.record("agency", [(agency.code, agency.revision)], actor, now)
    pledges = [pledge for pledge, _ in await registry.load_pledges(agency.code)]
    await transaction.outbox.say([Saying(agency_registered(agency, pledges), now)])
    return agency
