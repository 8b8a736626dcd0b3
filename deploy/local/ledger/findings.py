"""What the ledger finds: checks, each with what it examined and where it failed."""

from dataclasses import dataclass, field
from enum import StrEnum

EXAMPLES_KEPT = 20


class Fault(StrEnum):
    """What can be wrong. `UNEXPLAINED`: a state that its events do not lead to."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    STUCK = "stuck"
    UNEXPLAINED = "unexplained"


@dataclass(slots=True)
class Check:
    """One sentence that must hold, how much was examined, and what contradicts it."""

    sentence: str
    examined: int = 0
    faults: dict[Fault, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def blame(self, fault: Fault, example: str, count: int = 1) -> None:
        """Count `count` faults; the first examples are kept."""
        self.faults[fault] = self.faults.get(fault, 0) + count
        if len(self.examples) < EXAMPLES_KEPT:
            self.examples.append(f"{fault}: {example}")

    @property
    def holds(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks, and what is worth knowing without being a fault."""

    checks: tuple[Check, ...]
    notes: tuple[str, ...]
    events: int
    """Events said, each counted once."""
    seconds: float

    def count(self, fault: Fault) -> int:
        return sum(check.faults.get(fault, 0) for check in self.checks)

    @property
    def balances(self) -> bool:
        return all(check.holds for check in self.checks)
