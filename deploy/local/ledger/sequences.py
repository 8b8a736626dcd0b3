"""One subject's sayings as they lie on a topic: in order, doubled, overtaken, missing."""

from array import array
from enum import Enum

from deploy.local.ledger.records import Said


class Place(Enum):
    """Where a record stands among what its subject said before."""

    NEXT = "next"
    AGAIN = "again"
    """The same saying once more: a relay that died between Kafka's answer and its own delete."""
    CONTRADICTION = "contradiction"
    """A different saying under a number that is taken."""
    AHEAD = "ahead"
    """It overtook one that is still to come."""


class Sequence:
    """The sayings of one source and subject; `last` is how far they go without a hole."""

    __slots__ = ("_ahead", "_digests", "last")

    def __init__(self) -> None:
        self.last = 0
        self._digests = array("I")
        self._ahead: dict[int, Said] = {}

    def place(self, said: Said) -> Place:
        """Take one record in; when it is next, `following` gives what it held up."""
        if said.number == self.last + 1 and said.number not in self._ahead:
            self._go_on(said)
            return Place.NEXT
        known = self._digest_of(said.number)
        if known is None:
            self._ahead[said.number] = said
            return Place.AHEAD
        return Place.AGAIN if known == said.digest else Place.CONTRADICTION

    def following(self) -> Said | None:
        """The record that was ahead and is next now."""
        if not self._ahead:
            return None
        said = self._ahead.pop(self.last + 1, None)
        if said is not None:
            self._go_on(said)
        return said

    @property
    def missing(self) -> list[int]:
        """The holes below what lies ahead."""
        return [n for n in range(self.last + 1, self.highest) if n not in self._ahead]

    @property
    def highest(self) -> int:
        """The largest number seen, beyond any hole."""
        return max(self._ahead, default=self.last)

    def _digest_of(self, number: int) -> int | None:
        if number <= self.last:
            return self._digests[number - 1]
        return self._ahead[number].digest if number in self._ahead else None

    def _go_on(self, said: Said) -> None:
        self.last = said.number
        self._digests.append(said.digest)


class WholeStates:
    """The same for a compacted topic: each record is a whole state, so only going back is wrong."""

    __slots__ = ("_digest", "last")

    def __init__(self) -> None:
        self.last = 0
        self._digest = 0

    def place(self, said: Said) -> Place:
        """Take one record in."""
        if said.number < self.last:
            return Place.AGAIN
        if said.number == self.last:
            return Place.AGAIN if said.digest == self._digest else Place.CONTRADICTION
        self.last, self._digest = said.number, said.digest
        return Place.NEXT
