"""Keeps on the dossier which notices feedback sent the citizen."""

from collections.abc import Sequence

from services.intake.usecases.ports import Promises
from shared.events.feedback import NoticeSent
from shared.messages import Heard, Refusal


async def hear_feedback(heard: Sequence[Heard], promises: Promises) -> list[Refusal]:
    """Note a batch of notices; one of a dossier we never had is refused."""
    ours = [(one, one.event) for one in heard if isinstance(one.event, NoticeSent)]
    known = await promises.known({notice.dossier for _, notice in ours})
    refusals: dict[str, Refusal] = {}
    for one, notice in ours:
        if notice.dossier not in known:
            refusals.setdefault(
                notice.dossier, Refusal(one, f"intake has no dossier {notice.dossier}")
            )
    await promises.keep_notices(
        [(n.dossier, n.notice, n.sent_at) for _, n in ours if n.dossier in known]
    )
    return list(refusals.values())
