"""What deadline said, laid out by `shared.replaying`, and the calendars it counted by."""

from collections import deque
from collections.abc import Mapping, Sequence

import asyncpg

from services.deadline.adapters.directories import DECREE, DECREES, under_decree
from services.deadline.domain.rules import RuleBook
from services.deadline.domain.working_calendar import WorkingCalendar
from services.deadline.usecases.rebuild_clocks import Contradiction, SaidThen
from shared.events.deadlines import DeadlineRecomputed, DeadlineSet
from shared.replaying import staging

SOURCE = "thanthien/deadline/deadlines"

UNKNOWN_RULES = "counted by rules or a calendar that this version does not have"

# The words of a date's explanation, and its warnings, are counted; by other rules they would be others.
LEAVE_OUT = """
update replay_lives set left_because = $1
where left_because is null and code in (
    select subject from replay_said, lateral (select convert_from(body, 'UTF8')::json as body) as b
    where type = any($2::text[]) and not (
        b.body ->> 'rules_version' = any($3::text[]) and b.body ->> 'calendar_version' = any($4::text[]))
)"""

# A run whose record is gone: its dates were said, so they are kept; the words are not.
LOST_RUNS = """
insert into recomputations (recomputation, reason, asked_by, began_at) overriding system value
select (convert_from(body, 'UTF8')::json ->> 'recomputation')::bigint as run, $2, $2, min(time)
from replay_said where type = $1 group by run
on conflict do nothing"""

WORDS = (
    """select kind, code, generation, why from {live}.uncomputable where code = any($1::text[])"""
)


async def leave_out(
    connection: asyncpg.Connection, rule_book: RuleBook, calendars: Mapping[str, WorkingCalendar]
) -> None:
    """Mark the lives that today's rule book cannot count, and make room for what recomputations did."""
    await connection.execute(
        LEAVE_OUT,
        UNKNOWN_RULES,
        [DeadlineSet.TYPE, DeadlineRecomputed.TYPE],
        [regime.version for regime in rule_book.regimes.values()],
        list(calendars),
    )
    await connection.execute(LOST_RUNS, DeadlineRecomputed.TYPE, "the words are lost")


async def calendar_versions(
    connection: asyncpg.Connection, rule_book: RuleBook
) -> dict[str, WorkingCalendar]:
    """Every calendar as it is in the rule book, and as it was after each decree, by version."""
    latest = dict(rule_book.calendars)
    versions = {calendar.version: calendar for calendar in latest.values()}
    for row in await connection.fetch(f"{DECREES} order by version"):
        decree = DECREE.validate_json(row["body"])
        calendar = latest[decree.calendar] = under_decree(latest[decree.calendar], decree)
        versions[calendar.version] = calendar
    return versions


class PostgresAnnals:
    """The port `Annals`, on a connection whose search path is the new schema."""

    def __init__(self, connection: asyncpg.Connection, live: str) -> None:
        self._connection = connection
        self._live = live

    async def said_of(self, codes: Sequence[str]) -> dict[str, deque[SaidThen]]:
        found = await staging.said_of(self._connection, SOURCE, codes)
        return {code: deque(SaidThen(*one) for one in said) for code, said in found.items()}

    async def account(self, numbers: Mapping[str, int]) -> None:
        await staging.account(self._connection, SOURCE, numbers)

    async def contradict(self, found: Sequence[Contradiction]) -> None:
        await staging.contradict(self._connection, found)

    async def words_of(self, codes: Sequence[str]) -> dict[tuple[str, str, int], str]:
        rows = await self._connection.fetch(WORDS.format(live=self._live), list(codes))
        return {(row["kind"], row["code"], row["generation"]): row["why"] for row in rows}
