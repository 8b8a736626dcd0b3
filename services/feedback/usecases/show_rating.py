"""Show a unit's stars, with the number of votes beside them."""

from dataclasses import dataclass

from services.feedback.domain.ratings import Tally
from services.feedback.usecases.ports import Agency, Books


class UnknownAgencyError(LookupError):
    """Feedback has not heard of the agency."""

    def __init__(self, agency: str) -> None:
        self.agency = agency
        super().__init__(f"no agency {agency} is registered")


@dataclass(frozen=True, slots=True)
class AgencyRating:
    """An agency and its votes."""

    agency: Agency
    tally: Tally


async def show_rating(code: str, books: Books) -> AgencyRating:
    """The agency's tally. Raises `UnknownAgencyError`."""
    found = await books.agencies.find([code])
    if code not in found:
        raise UnknownAgencyError(code)
    return AgencyRating(found[code], await books.ratings.tally(code))
