"""Agencies and procedures kept in memory, so that a submission asks the database for neither."""

from collections.abc import Collection, Mapping

from services.intake.domain.agencies import Agency
from services.intake.domain.procedures import Procedure
from services.intake.usecases.ports import Registry


class Directory:
    """What this process knows of agencies and procedures.

    `forget` is called when any replica registers something. What is missing is read from the
    database, so nothing is refused that was registered a moment ago; and nothing is kept that was
    read before a `forget`, so no stale reading outlives the registration it missed.
    """

    def __init__(self) -> None:
        self._agencies: dict[str, Agency] = {}
        self._procedures: dict[str, Procedure] = {}
        self._forgotten = 0

    def forget(self) -> None:
        """Drop everything: something was registered, or we may have missed hearing of it."""
        self._forgotten += 1
        self._agencies = {}
        self._procedures = {}

    async def agencies(self, codes: Collection[str], registry: Registry) -> Mapping[str, Agency]:
        """The agencies of `codes` that are registered, and their successors."""
        before, found = self._forgotten, self._agencies
        missing = set(codes) - found.keys()
        while missing:
            read = await registry.load_agencies(missing)
            found = {**found, **read}
            missing = {a.successor for a in read.values() if a.successor} - found.keys()
        if before == self._forgotten:
            self._agencies = found
        return found

    async def procedures(
        self, codes: Collection[str], registry: Registry
    ) -> Mapping[str, Procedure]:
        """The procedures of `codes` that are registered."""
        before, found = self._forgotten, self._procedures
        if missing := set(codes) - found.keys():
            found = {**found, **await registry.load_procedures(missing)}
        if before == self._forgotten:
            self._procedures = found
        return found
