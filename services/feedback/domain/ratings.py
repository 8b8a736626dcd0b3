"""Ratings: stars for each of the 4 luôn and overall, given once through a link, and a unit's mean of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from services.feedback.domain.courtesy import Luon

FEWEST_STARS, MOST_STARS = 1, 5
HUNDREDTH, TENTH = Decimal("0.01"), Decimal("0.1")
RESOLVED, RETURNED = 9, 10
"""The national status of a dossier whose result is ready, and of one whose citizen has it."""
OVERALL = "overall"
"""What is asked beside the 4 luôn; also the field of `RatingGiven`."""


class RatingRefusedError(Exception):
    """A rating that cannot be taken; the message says why."""


class NotReadyError(RatingRefusedError):
    """The dossier has no result yet: there is no service to be rated."""


class AlreadyRatedError(RatingRefusedError):
    """The dossier has been rated, through its link or at the counter; `invitation` says when and where."""

    def __init__(self, invitation: "Invitation", used_at: datetime) -> None:
        self.invitation = invitation
        self.used_at = used_at
        where = "at the counter" if invitation.is_used_at_counter else "through its link"
        super().__init__(f"the dossier was rated {where} at {used_at.isoformat()}")


class InvitationExpiredError(RatingRefusedError):
    """The link was not used in time."""


class StarsOutOfRangeError(RatingRefusedError):
    """Stars outside 1 to 5, naming which of the 4 luôn, or `overall`."""

    def __init__(self, asked: str, stars: int) -> None:
        self.asked = asked
        super().__init__(f"{asked} is {stars}; {FEWEST_STARS} to {MOST_STARS} stars are asked")


@dataclass(frozen=True, slots=True)
class Invitation:
    """The one right to rate how a dossier was handled by the agency that returned it, through a link or at the counter."""

    token: str
    dossier: str
    agency: str
    invited_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    is_used_at_counter: bool = False
    """Used by code and look-up code of the slip, and not through the link."""

    def must_be_open(self, now: datetime) -> None:
        """A link serves once, until it expires. Raises `AlreadyRatedError`, `InvitationExpiredError`."""
        if self.used_at is not None:
            raise AlreadyRatedError(self, self.used_at)
        if now >= self.expires_at:
            raise InvitationExpiredError(f"the link expired at {self.expires_at.isoformat()}")


def invite_at_counter(
    dossier: str, agency: str | None, status: int | None, token: str, now: datetime, days: int
) -> Invitation:
    """The invitation of who rates at the counter before the return is recorded: they hold the result, and the
    officer has yet to say so. Raises `NotReadyError` where there is no result."""
    if agency is None or status not in (RESOLVED, RETURNED):
        raise NotReadyError("a dossier is rated when its result is ready")
    return Invitation(token, dossier, agency, now, now + timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Stars:
    """1 to 5 stars for each of the 4 luôn, and overall where given. Raises `StarsOutOfRangeError`."""

    smile: int
    gentle: int
    listen: int
    help: int
    overall: int | None = None

    def __post_init__(self) -> None:
        for asked in (*Luon, OVERALL):
            stars: int | None = getattr(self, asked)
            if stars is not None and not FEWEST_STARS <= stars <= MOST_STARS:
                raise StarsOutOfRangeError(asked, stars)

    @property
    def overall_apart(self) -> int:
        """Quarter stars by which the overall stars lie above the mean of the four; 0 where none are given."""
        if self.overall is None:
            return 0
        return len(Luon) * self.overall - (self.smile + self.gentle + self.listen + self.help)


@dataclass(frozen=True, slots=True)
class Tally:
    """A unit's votes, the sum of stars for each of the 4 luôn, and how far apart overall stars lie."""

    votes: int = 0
    smile: int = 0
    gentle: int = 0
    listen: int = 0
    help: int = 0
    overall_apart: int = 0
    """The sum of the votes' `Stars.overall_apart`, in quarter stars."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.votes + other.votes,
            self.smile + other.smile,
            self.gentle + other.gentle,
            self.listen + other.listen,
            self.help + other.help,
            self.overall_apart + other.overall_apart,
        )

    def mean(self, luon: Luon) -> Decimal | None:
        """The mean for one of the 4 luôn, to the hundredth; None while nobody voted, never 0."""
        total: int = getattr(self, luon)
        return self._mean_of(total, self.votes, HUNDREDTH)

    def overall(self, to: Decimal = HUNDREDTH) -> Decimal | None:
        """The mean of overall stars; a vote that gave none stands with the mean of its four.

        So the mean is always of as many votes as are shown beside it. None while nobody voted.
        """
        quarters = self.smile + self.gentle + self.listen + self.help + self.overall_apart
        return self._mean_of(quarters, self.votes * len(Luon), to)

    @staticmethod
    def _mean_of(total: int, count: int, to: Decimal) -> Decimal | None:
        if count == 0:
            return None
        return (Decimal(total) / Decimal(count)).quantize(to, ROUND_HALF_UP)
