"""Compare what another system has with our dossiers (rule 30); changes nothing."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from services.intake.domain.reconciliation import Difference, reconcile
from services.intake.usecases.ports import Standings


class OpensStandings(Protocol):
    """Where a reading of all dossiers as they stand at one moment begins."""

    def __call__(self) -> AbstractAsyncContextManager[Standings]: ...


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How many codes were compared, and every one on which the two differ."""

    compared: int
    differences: list[Difference]


async def reconcile_dossiers(
    there: Mapping[str, int], agency: str | None, open_standings: OpensStandings
) -> Reconciliation:
    """Compare `there`, the status of each code of the other system, with our dossiers.

    The other system is expected to have what `agency` received or is responsible for now; None:
    every dossier. A code beyond those is looked up wherever it is.
    """
    async with open_standings() as standings:
        expected = await standings.of_agency(agency)
        ours = {standing.code for standing in expected}
        elsewhere = await standings.of_codes([code for code in there if code not in ours])
    return Reconciliation(len(ours | there.keys()), reconcile(expected, elsewhere, there))
