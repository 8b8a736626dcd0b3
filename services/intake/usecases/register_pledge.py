"""Registers what an agency pledges."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.intake.domain import pledges
from services.intake.domain.pledges import Floor, Pledge
from services.intake.usecases.agency_events import agency_registered
from services.intake.usecases.ports import Actor, Transaction
from services.intake.usecases.refusals import UnknownError
from shared.messages import Saying


async def register_pledge(
    agency_code: str,
    wanted: Pledge,
    additions: dict[str, Any],
    actor: Actor,
    transaction: Transaction,
    floors: Sequence[Floor],
    now: datetime,
) -> Pledge:
    """Add a pledge to the agency's and tell of it; returns it with its version.

    `additions` are the agency's own words: kept here, never said. Raises `RefusedError` for a
    pledge laxer than the rules or outside its period, `UnknownError` for an unknown agency.
    """
    registry = transaction.registry
    agency = await registry.lock_agency(agency_code)
    if agency is None:
        raise UnknownError("agency", agency_code)
    known = await registry.load_procedures({*wanted.same_day, *wanted.congratulates})
    pledges.check(wanted, agency, known, floors)
    kept = [pledge for pledge, _ in await registry.load_pledges(agency_code)]
    every = pledges.add(kept, wanted)
    await registry.keep_pledges(agency_code, every, additions)
    await registry.record("pledge", [(agency_code, every[-1].version)], actor, now)
    await transaction.outbox.say([Saying(agency_registered(agency, every), now)])
    return every[-1]
