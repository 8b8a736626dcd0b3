"""List what a dossier's citizen was told."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.feedback.usecases.ports import Books, KeptNotice


class UnknownDossierError(LookupError):
    """Feedback has not heard of the dossier."""

    def __init__(self, dossier: str) -> None:
        self.dossier = dossier
        super().__init__(f"no dossier {dossier} has been heard of")


@dataclass(frozen=True, slots=True)
class ToldSoFar:
    """A dossier's notices, and the agencies that have had to do with it."""

    notices: Sequence[KeptNotice]
    agencies: frozenset[str]


async def list_notices(code: str, books: Books) -> ToldSoFar:
    """The notices in the order they were sent. Raises `UnknownDossierError`."""
    dossier = await books.dossiers.find(code)
    if dossier is None:
        raise UnknownDossierError(code)
    told = await books.notices.of(code)
    agencies = {notice.agency for notice in told}
    if dossier.agency is not None:
        agencies.add(dossier.agency)
    return ToldSoFar(told, frozenset(agencies))
