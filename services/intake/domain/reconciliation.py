"""Which codes two systems differ on (rule 30). Neither is taken to be right."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a dossier has come, as one system has it: its national status, 1–10."""

    code: str
    status: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A code on which the two differ; None where a system does not have it at all.

    `kind` is `only_here`, `only_there`, or `status`: both have it, and differ on its status.
    """

    code: str
    kind: Literal["only_here", "only_there", "status"]
    here: int | None
    there: int | None


def reconcile(
    expected: Iterable[Standing], elsewhere: Iterable[Standing], there: Mapping[str, int]
) -> list[Difference]:
    """Every code on which the two differ, by code.

    `expected` are our dossiers that the other system should have, `elsewhere` any others of ours
    that it has; `there` is the status of each code it has.
    """
    here = {standing.code: standing.status for standing in elsewhere}
    found = []
    for standing in expected:
        here[standing.code] = standing.status
        if standing.code not in there:
            found.append(Difference(standing.code, "only_here", standing.status, None))
    for code, status in there.items():
        if code not in here:
            found.append(Difference(code, "only_there", None, status))
        elif here[code] != status:
            found.append(Difference(code, "status", here[code], status))
    return sorted(found, key=lambda difference: difference.code)
