"""Ratings: stars for each of the 4 luôn, given once through a link, and a unit's mean of them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from services.feedback.domain.courtesy import Luon

FEWEST_STARS, MOST_STARS = 1, 5
HUNDREDTH = Decimal("0.01")


class RatingRefusedError(Exception):
    """A rating that cannot be taken; the message says why."""


class AlreadyRatedError(RatingRefusedError):
    """The link has been used."""


class InvitationExpiredError(RatingRefusedError):
    """The link was not used in time."""


class StarsOutOfRangeError(RatingRefusedError):
    """Stars outside 1 to 5, naming which of the 4 luôn."""

    def __init__(self, luon: Luon, stars: int) -> None:
        self.luon = luon
        super().__init__(f"{luon} is {stars}; {FEWEST_STARS} to {MOST_STARS} stars are asked")


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time link to rate how one dossier was handled by the agency that returned it."""

    token: str
    dossier: str
    agency: str
    invited_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    def must_be_open(self, now: datetime) -> None:
        """A link serves once, until it expires. Raises `AlreadyRatedError`, `InvitationExpiredError`."""
        if self.used_at is not None:
            raise AlreadyRatedError(f"the link was used at {self.used_at.isoformat()}")
        if now >= self.expires_at:
            raise InvitationExpiredError(f"the link expired at {self.expires_at.isoformat()}")


@dataclass(frozen=True, slots=True)
class Stars:
    """1 to 5 stars for each of the 4 luôn. Raises `StarsOutOfRangeError`."""

    smile: int
    gentle: int
    listen: int
    help: int

    def __post_init__(self) -> None:
        for luon in Luon:
            stars: int = getattr(self, luon)
            if not FEWEST_STARS <= stars <= MOST_STARS:
                raise StarsOutOfRangeError(luon, stars)


@dataclass(frozen=True, slots=True)
class Tally:
    """A unit's votes, and the sum of stars for each of the 4 luôn."""

    votes: int = 0
    smile: int = 0
    gentle: int = 0
    listen: int = 0
    help: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.votes + other.votes,
            self.smile + other.smile,
            self.gentle + other.gentle,
            self.listen + other.listen,
            self.help + other.help,
        )

    def mean(self, luon: Luon) -> Decimal | None:
        """The mean for one of the 4 luôn, to the hundredth; None while nobody voted, never 0."""
        total: int = getattr(self, luon)
        return self._mean_of(total, self.votes)

    def overall(self) -> Decimal | None:
        """The mean of all stars given; every vote has four, so also the mean of the four means."""
        total = self.smile + self.gentle + self.listen + self.help
        return self._mean_of(total, self.votes * len(Luon))

    @staticmethod
    def _mean_of(total: int, count: int) -> Decimal | None:
        if count == 0:
            return None
        return (Decimal(total) / Decimal(count)).quantize(HUNDREDTH, ROUND_HALF_UP)
