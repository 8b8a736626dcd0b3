"""Registers procedures with their limits, one or a whole list."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from services.intake.domain.procedures import Procedure, check_limits
from services.intake.usecases.ports import Actor, Transaction
from shared.events import procedures as wire
from shared.messages import Saying


async def register_procedures(
    wanted: Sequence[Procedure], actor: Actor, transaction: Transaction, now: datetime
) -> list[Procedure]:
    """Make each the procedure's present state, as its next revision; the same again is no change.

    Codes must be distinct. Raises `RefusedError` for limits that contradict one another.
    """
    for procedure in wanted:
        check_limits(procedure.limits)
    registry = transaction.registry
    present = await registry.lock_procedures({procedure.code for procedure in wanted})
    every, changed = [], []
    for procedure in wanted:
        before = present.get(procedure.code)
        after = replace(procedure, revision=before.revision if before else 1)
        if before is not None and after != before:
            after = replace(after, revision=before.revision + 1)
        every.append(after)
        if after != before:
            changed.append(after)
    if changed:
        await registry.keep_procedures(changed)
        revisions = [(procedure.code, procedure.revision) for procedure in changed]
        await registry.record("procedure", revisions, actor, now)
        await transaction.outbox.say([Saying(_registered(one), now) for one in changed])
    return every


def _registered(procedure: Procedure) -> wire.ProcedureRegistered:
    return wire.ProcedureRegistered(
        procedure=procedure.code,
        name=procedure.name,
        limits=tuple(wire.Limit(**asdict(limit)) for limit in procedure.limits),
    )
