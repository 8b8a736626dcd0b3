"""Keeps on the dossier which notices feedback sent the citizen, and queues them for delivery."""

from collections.abc import Sequence

from services.intake.usecases.delivery_ports import QueuesDeliveries
from services.intake.usecases.ports import Promises
from shared.events.feedback import NoticeSent
from shared.messages import Heard, Refusal


async def hear_feedback(
    heard: Sequence[Heard], promises: Promises, queue: QueuesDeliveries | None
) -> list[Refusal]:
    """Note a batch of notices; one of a dossier we never had is refused. `queue`: None delivers none."""
    ours = [(one, one.event) for one in heard if isinstance(one.event, NoticeSent)]
    known = await promises.known({notice.dossier for _, notice in ours})
    refusals: dict[str, Refusal] = {}
    for one, notice in ours:
        if notice.dossier not in known:
            refusals.setdefault(
                notice.dossier, Refusal(one, f"intake has no dossier {notice.dossier}")
            )
    kept = [notice for _, notice in ours if notice.dossier in known]
    await promises.keep_notices([(n.dossier, n.notice, n.number, n.sent_at) for n in kept])
    if queue is not None and kept:
        await queue.add({(n.dossier, n.notice, n.number) for n in kept})
    return list(refusals.values())
