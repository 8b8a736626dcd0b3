"""What the load was promised, written down as it was answered; at the end compared with the tables."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import asyncpg

Kept = tuple[list[str], str, int, str]
"""The codes of a name, and the state, moves and agency of one of them."""

DOSSIERS = """
select documents -> 0 ->> 'name', array_agg(code), min(state), min(moves), min(agency)
from intake.dossiers group by 1
"""


@dataclass(slots=True)
class Entry:
    """One dossier as its submitter knows it; `code` is None until the submission was answered."""

    name: str
    """What its first document is called: no other dossier's is called so."""
    agency: str
    code: str | None = None
    state: str = ""
    moves: int = 0


@dataclass(slots=True)
class Notebook:
    """Everything that was asked and answered."""

    entries: dict[str, Entry] = field(default_factory=dict)
    ratings: set[str] = field(default_factory=set)
    reports: set[str] = field(default_factory=set)
    strange: list[str] = field(default_factory=list)
    """Answers that no fault excuses."""
    answers: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    """Requests whose connection broke; they were asked again."""
    not_now: int = 0
    """Requests answered with 503; they were asked again."""
    in_the_log: int = 0
    """Lines of agencies' logs that were taken."""

    def begin(self, agency: str) -> Entry:
        """A new dossier, before it is handed in."""
        entry = Entry(f"phiếu {len(self.entries) + 1}", agency)
        self.entries[entry.name] = entry
        return entry

    def taken(self, entry: Entry, code: str, state: str) -> None:
        """Its submission was answered. One and the same dossier must get one and the same code."""
        if entry.code is None:
            entry.code, entry.state = code, state
            entry.moves = 2 if state == "accepted" else 1
        elif entry.code != code:
            self.strange.append(f"{entry.name} was {entry.code}, and asked again {code}")

    def moved(self, entry: Entry, state: str, agency: str) -> None:
        """A move of it was answered."""
        entry.state, entry.agency = state, agency
        entry.moves += 1

    @property
    def dossiers(self) -> int:
        return sum(entry.code is not None for entry in self.entries.values())

    async def compare(self, dsn: str) -> list[str]:
        """What contradicts the tables, in words; `dsn` is the administrator's."""
        connection = await asyncpg.connect(dsn)
        try:
            rows = await connection.fetch(DOSSIERS)
            rated = await connection.fetch("select dossier from feedback.ratings")
            reported = await connection.fetch("select report from feedback.reports")
        finally:
            await connection.close()
        found: dict[str, Kept] = {name: (codes, *last) for name, codes, *last in rows}
        wrong = contradictions(self.entries, found)
        ratings = {row[0] for row in rated}
        wrong += [f"the rating of {code} is gone" for code in self.ratings - ratings]
        wrong += [f"nobody rated {code}" for code in ratings - self.ratings]
        reports = {row[0] for row in reported}
        wrong += [f"report {report} is gone" for report in self.reports - reports]
        return wrong


def contradictions(entries: Mapping[str, Entry], found: Mapping[str, Kept]) -> list[str]:
    """Where what was answered differs from what is kept, by the dossiers' names."""
    wrong = [why for entry in entries.values() if (why := _contradiction(entry, found))]
    return wrong + [f"nobody handed in {name}" for name in found.keys() - entries.keys()]


def _contradiction(entry: Entry, found: Mapping[str, Kept]) -> str | None:
    if entry.name not in found:
        return None if entry.code is None else f"{entry.name}: {entry.code} is gone"
    codes, state, moves, agency = found[entry.name]
    if len(codes) > 1:
        return f"{entry.name} was handed in once and is {', '.join(sorted(codes))}"
    if entry.code is None:
        return f"{entry.name} was never answered, and is {codes[0]}"
    kept, told = (
        (codes[0], state, moves, agency),
        (entry.code, entry.state, entry.moves, entry.agency),
    )
    return None if kept == told else f"{entry.name} is kept as {kept}, and was answered as {told}"
