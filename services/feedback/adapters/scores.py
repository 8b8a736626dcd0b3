"""Scored cases and their sums in PostgreSQL."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import zip_longest

import asyncpg
from pydantic import TypeAdapter

from services.feedback.domain.scores.cases import (
    NO_FACTS,
    AnswerFacts,
    DossierFacts,
    Facts,
    LegFacts,
    RatingFacts,
    ReportFacts,
)
from services.feedback.domain.scores.counting import Case, Place
from services.feedback.domain.scores.figures import FIGURES, Count, Counts, Figure
from services.feedback.domain.scores.news import CaseKind, CaseName
from services.feedback.domain.scores.periods import Span
from services.feedback.usecases.ports import CountedCase
from shared.inbox import HeardElsewhereError

SLOTS = 8
"""Rows per unit and day that connections share. More would wait less, and cost more to read."""

PLACES: Mapping[Figure, int] = {figure: place for place, figure in enumerate(FIGURES)}

FACTS: Mapping[CaseKind, TypeAdapter[Facts]] = {
    CaseKind.DOSSIER: TypeAdapter(DossierFacts),
    CaseKind.LEG: TypeAdapter(LegFacts),
    CaseKind.RATING: TypeAdapter(RatingFacts),
    CaseKind.REPORT: TypeAdapter(ReportFacts),
    CaseKind.ANSWER: TypeAdapter(AnswerFacts),
}

# Both take their rows in the order of the names, so that two batches cannot deadlock.
LOCK = """
select name, facts, agency, officer, counted_on, sums, counts
from score_cases where name = any($1::text[]) order by name for update
"""

BEGIN = """
insert into score_cases (name, kind, code, facts, agency, officer, counted_on, sums, counts)
select name, kind, code, facts::json, agency, officer, counted_on, sums::smallint[], counts::smallint[]
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::text[],
            $8::text[], $9::text[])
    as u (name, facts, agency, officer, counted_on, sums, counts, kind, code)
order by name on conflict (name) do nothing
"""

KEEP = """
update score_cases c
set facts = u.facts::json, agency = u.agency, officer = u.officer, counted_on = u.counted_on,
    sums = u.sums::smallint[], counts = u.counts::smallint[]
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::text[])
    as u (name, facts, agency, officer, counted_on, sums, counts)
where c.name = u.name
"""

# Places are locked in order; unnest would flatten an array of arrays, so each travels as a text.
# Whoever shows the town is told once per transaction that something has changed.
CHANNEL = "feedback_scores"
ADD = f"""
with added as (
insert into score_sums as s (agency, counted_on, officer, slot, sums, counts)
select agency, counted_on, officer, pg_backend_pid() % {SLOTS}, sums::bigint[], counts::bigint[]
from unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[])
    as u (agency, counted_on, officer, sums, counts)
order by 1, 2, 3
on conflict (agency, counted_on, officer, slot) do update set
    sums = array(
        select coalesce(had, 0) + coalesce(added, 0)
        from unnest(s.sums, excluded.sums) with ordinality as u (had, added, place) order by place),
    counts = array(
        select coalesce(had, 0) + coalesce(added, 0)
        from unnest(s.counts, excluded.counts) with ordinality as u (had, added, place) order by place)
)
select pg_notify('{CHANNEL}', '')
"""

SUMS = """
select place, sum(added)::bigint as sum, sum(counted)::bigint as count
from score_sums, unnest(sums, counts) with ordinality as u (added, counted, place)
where counted_on between $1 and $2 {} group by place having sum(added) <> 0 or sum(counted) <> 0
"""
SUMS_OF_ALL = SUMS.format("and ($3::text is null or officer = $3)")
SUMS_OF_ONE = SUMS.format("and ($3::text is null or officer = $3) and agency = $4")

SUMS_BY_AGENCY = """
select agency, place, sum(added)::bigint as sum, sum(counted)::bigint as count
from score_sums, unnest(sums, counts) with ordinality as u (added, counted, place)
where counted_on between $1 and $2 group by agency, place
having sum(added) <> 0 or sum(counted) <> 0
"""

WEEKS = """
select agency, counted_on - (extract(isodow from counted_on)::integer - 1) as monday,
    coalesce(sum(sums[$3]), 0)::bigint as sum, coalesce(sum(counts[$3]), 0)::bigint as count
from score_sums where counted_on between $1 and $2 group by 1, 2
"""

TABLE = re.compile(r"\b(score_cases|score_sums)\b")

CASES = """
select name, kind, code, counted_on, sums[$4] as sum, counts[$4] as count
from score_cases
where agency = $1 and counted_on between $2 and $3 and (counted_on, name) > ($5::date, $6::text)
  and counts[$4] <> 0
order by counted_on, name limit $7
"""


class PostgresScores:
    """`Scores` on one connection, within its transaction."""

    def __init__(self, connection: asyncpg.Connection, suffix: str = "") -> None:
        """With a suffix, in tables of the same shape whose names end in it."""
        self._connection = connection
        self._suffix = suffix
        self._locked: set[CaseName] = set()

    async def lock(self, names: Collection[CaseName]) -> dict[CaseName, Case]:
        keys = {_key(name): name for name in names}
        rows = await self._connection.fetch(self._own(LOCK), list(keys))
        known = {(name := keys[row["name"]]): _case(name, row) for row in rows}
        self._locked.update(known)
        return {name: known.get(name) or Case(name, NO_FACTS[name.kind]) for name in names}

    async def store(self, cases: Sequence[Case], changes: Mapping[Place, Counts]) -> None:
        await self._begin([case for case in cases if case.name not in self._locked])
        await self._keep([case for case in cases if case.name in self._locked])
        if changes:
            await self._add(changes)

    async def _begin(self, cases: Sequence[Case]) -> None:
        """Cases nobody had told of. What tells of a dossier comes on two topics: where both tell first and
        at once, one of them hears again."""
        if not cases:
            return
        kinds, codes = [case.name.kind.value for case in cases], [case.name.code for case in cases]
        done = await self._connection.execute(self._own(BEGIN), *_columns(cases), kinds, codes)
        if done != f"INSERT 0 {len(cases)}":
            raise HeardElsewhereError(
                f"some of {len(cases)} new cases are told of elsewhere: {done}"
            )

    async def _keep(self, cases: Sequence[Case]) -> None:
        if cases:
            await self._connection.execute(self._own(KEEP), *_columns(cases))

    async def _add(self, changes: Mapping[Place, Counts]) -> None:
        await self._connection.execute(
            self._own(ADD),
            [place.agency for place in changes],
            [place.on for place in changes],
            [place.officer for place in changes],
            [_sums_text(counts) for counts in changes.values()],
            [_counts_text(counts) for counts in changes.values()],
        )

    async def sums(self, span: Span, agency: str | None, officer: str | None) -> Counts:
        between = (span.first_on, span.last_on, officer)
        if agency is None:
            rows = await self._connection.fetch(self._own(SUMS_OF_ALL), *between)
        else:
            rows = await self._connection.fetch(self._own(SUMS_OF_ONE), *between, agency)
        return dict(_figure(row) for row in rows)

    async def sums_by_agency(self, span: Span) -> dict[str, dict[Figure, Count]]:
        found: dict[str, dict[Figure, Count]] = {}
        for row in await self._connection.fetch(
            self._own(SUMS_BY_AGENCY), span.first_on, span.last_on
        ):
            figure, count = _figure(row)
            found.setdefault(row["agency"], {})[figure] = count
        return found

    async def weeks(
        self, figure: Figure, first_on: date, last_on: date
    ) -> dict[str, dict[date, Count]]:
        found: dict[str, dict[date, Count]] = {}
        for row in await self._connection.fetch(
            self._own(WEEKS), first_on, last_on, PLACES[figure] + 1
        ):
            found.setdefault(row["agency"], {})[row["monday"]] = Count(row["sum"], row["count"])
        return found

    async def cases(
        self, span: Span, agency: str, figure: Figure, after: tuple[date, str] | None, limit: int
    ) -> list[CountedCase]:
        on, name = after or (span.first_on, "")
        place = FIGURES.index(figure) + 1
        rows = await self._connection.fetch(
            self._own(CASES), agency, span.first_on, span.last_on, place, on, name, limit
        )
        return [
            CountedCase(
                name=row["name"],
                kind=CaseKind(row["kind"]),
                code=row["code"],
                counted_on=row["counted_on"],
                added=Count(row["sum"], row["count"]),
            )
            for row in rows
        ]

    async def clear(self) -> None:
        await self._connection.execute(self._own("truncate score_cases, score_sums"))

    def _own(self, statement: str) -> str:
        return TABLE.sub(rf"\1{self._suffix}", statement) if self._suffix else statement


def _columns(cases: Sequence[Case]) -> tuple[Sequence[object], ...]:
    """Name, facts, agency, officer, day, sums and counts, as BEGIN and KEEP take them."""
    return (
        [_key(case.name) for case in cases],
        [_facts_text(case) for case in cases],
        [case.place and case.place.agency for case in cases],
        [case.place.officer if case.place else "" for case in cases],
        [case.place and case.place.on for case in cases],
        [_sums_text(case.counts) for case in cases],
        [_counts_text(case.counts) for case in cases],
    )


def _key(name: CaseName) -> str:
    return f"{name.kind.value}/{name.code}/{name.part}" if name.part else f"{name.kind}/{name.code}"


def _case(name: CaseName, row: asyncpg.Record) -> Case:
    text = row["facts"]
    facts = NO_FACTS[name.kind] if text == "{}" else FACTS[name.kind].validate_json(text)
    if row["agency"] is None:
        return Case(name, facts)
    place = Place(row["agency"], row["counted_on"], row["officer"])
    return Case(name, facts, place, _counts(tuple(row["sums"]), tuple(row["counts"])))


@lru_cache(maxsize=4_096)
def _counts(sums: tuple[int, ...], counts: tuple[int, ...]) -> Counts:
    """Most cases count alike."""
    added = enumerate(zip_longest(sums, counts, fillvalue=0))
    return {FIGURES[place]: Count(one, of) for place, (one, of) in added if one or of}


def _facts_text(case: Case) -> str:
    """What is not known is left out: a new field needs no migration."""
    return FACTS[case.name.kind].dump_json(case.facts, exclude_defaults=True).decode()


def _sums_text(counts: Counts) -> str:
    return _array({PLACES[figure]: one.sum for figure, one in counts.items()})


def _counts_text(counts: Counts) -> str:
    return _array({PLACES[figure]: one.count for figure, one in counts.items()})


def _array(numbers: Mapping[int, int]) -> str:
    """As PostgreSQL writes it, as short as the numbers allow: what is left out at the end is null, not 0."""
    if not numbers:
        return "{}"
    cells = ["0"] * (max(numbers) + 1)
    for place, number in numbers.items():
        cells[place] = str(number)
    return f"{{{','.join(cells)}}}"


def _figure(row: asyncpg.Record) -> tuple[Figure, Count]:
    return FIGURES[row["place"] - 1], Count(row["sum"], row["count"])
