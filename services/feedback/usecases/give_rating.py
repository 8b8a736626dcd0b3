"""Take the one rating a link is good for."""

from datetime import datetime

from services.feedback.domain.ratings import Invitation, Stars
from services.feedback.usecases.keep_scores import keep_scores
from services.feedback.usecases.ports import Books
from shared.events.feedback import RatingGiven
from shared.messages import Saying


class UnknownLinkError(LookupError):
    """No dossier was ever sent this link."""


async def give_rating(token: str, stars: Stars, books: Books, now: datetime) -> Invitation:
    """Keep the rating, count it, say it; the invitation is used up.

    Raises `UnknownLinkError`, `AlreadyRatedError`, `InvitationExpiredError`. However many come at once, the first
    to lock the dossier rates and the others find the link used.
    """
    invitation = await open_invitation(token, books)
    await books.dossiers.lock([invitation.dossier])
    invitation = await open_invitation(token, books)
    invitation.must_be_open(now)
    await use_invitation(invitation, stars, books, now, at_counter=False)
    return invitation


async def use_invitation(
    invitation: Invitation, stars: Stars, books: Books, now: datetime, *, at_counter: bool
) -> None:
    """Keep the rating of an open invitation, count it, say it. Its dossier must be locked."""
    await books.ratings.give(invitation, stars, now, at_counter=at_counter)
    event = RatingGiven(
        dossier=invitation.dossier,
        agency=invitation.agency,
        smile=stars.smile,
        gentle=stars.gentle,
        listen=stars.listen,
        help=stars.help,
        rated_at=now,
        overall=stars.overall,
    )
    await books.outbox.say([Saying(event, now)])
    await keep_scores([event], books)


async def open_invitation(token: str, books: Books) -> Invitation:
    """The link's invitation, used or not. Raises `UnknownLinkError`."""
    invitation = await books.ratings.find(token)
    if invitation is None:
        raise UnknownLinkError("this rating link is not one of ours")
    return invitation
