"""What doctor has found: a line per thing looked at."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what it is like, and what to do unless it is good."""

    part: str
    """The section of docs/runbooks/doctor.md."""
    says: str
    do: str | None = None
    passes: bool = False
    """It comes and goes without anybody's doing (a broker that restarts): no reason to stop taking
    dossiers, which wait in the outbox meanwhile."""

    @property
    def is_good(self) -> bool:
        return self.do is None


def in_words(findings: Sequence[Finding]) -> dict[str, str]:
    """What is wrong and stays so, by part, as readiness tells it."""
    wrong: dict[str, list[str]] = {}
    for finding in findings:
        if not (finding.is_good or finding.passes):
            wrong.setdefault(finding.part, []).append(finding.says)
    return {part: "; ".join(lines) for part, lines in wrong.items()}
