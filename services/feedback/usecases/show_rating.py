"""Show a unit's stars, with the number of votes beside them."""

from dataclasses import dataclass
from datetime import datetime

from services.feedback.domain.ratings import Tally
from services.feedback.domain.scores.rules import ScoreRulesOn
from services.feedback.usecases.ports import Agency, Books


class UnknownAgencyError(LookupError):
    """Feedback has not heard of the agency."""

    def __init__(self, agency: str) -> None:
        self.agency = agency
        super().__init__(f"no agency {agency} is registered")


@dataclass(frozen=True, slots=True)
class AgencyRating:
    """An agency, its votes, and the rules its stars are shown by."""

    agency: Agency
    tally: Tally
    rules: ScoreRulesOn


async def show_rating(code: str, books: Books, now: datetime) -> AgencyRating:
    """The agency's tally, as it is now. Raises `UnknownAgencyError`."""
    found = await books.agencies.find([code])
    if code not in found:
        raise UnknownAgencyError(code)
    rules = books.score_rules
    in_force = rules.on(now.astimezone(rules.time_zone).date())
    return AgencyRating(found[code], await books.ratings.tally(code), in_force)
