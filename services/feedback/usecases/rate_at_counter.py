"""Take the rating of who stands at the counter with the slip in hand."""

from datetime import datetime

from services.feedback.domain.ratings import Invitation, Stars, invite_at_counter
from services.feedback.usecases.give_rating import use_invitation
from services.feedback.usecases.list_notices import UnknownDossierError
from services.feedback.usecases.ports import Books, Draw


async def rate_at_counter(
    code: str, stars: Stars, books: Books, draw_token: Draw, rating_days: int, now: datetime
) -> Invitation:
    """Keep the rating of a dossier whose slip the caller has shown; its one invitation is used up.

    Counter and link share that invitation, so together they rate once, however many come. Raises
    `UnknownDossierError`, `NotReadyError`, `AlreadyRatedError`, `InvitationExpiredError`.
    """
    if await books.dossiers.find(code) is None:
        raise UnknownDossierError(code)
    dossier = (await books.dossiers.lock([code]))[code]
    invitation = await books.ratings.find_of(code)
    if invitation is None:
        invitation = invite_at_counter(
            code, dossier.agency, dossier.status, draw_token(), now, rating_days
        )
        await books.ratings.invite([invitation])
    invitation.must_be_open(now)
    await use_invitation(invitation, stars, books, now, at_counter=True)
    return invitation
