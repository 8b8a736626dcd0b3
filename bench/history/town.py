"""The three services in one process, without Kafka: what one says is handed at once to those who hear it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from itertools import count

import asyncpg

from bench.submissions import PROCEDURES, UNITS
from deploy.local.ledger.parties import HEARERS, SERVICES
from services.deadline.adapters.books import books_on as deadline_books_on
from services.deadline.adapters.directories import Memory
from services.deadline.adapters.rule_book import read_rule_book
from services.deadline.entrypoints import subscribers as deadline
from services.feedback.adapters.books import books_on as feedback_books_on
from services.feedback.adapters.notice_texts import NoticeTexts
from services.feedback.entrypoints import subscribers as feedback
from services.feedback.entrypoints.chance import draw_token
from services.intake.adapters.promises import PostgresPromises
from services.intake.adapters.rules import eras
from services.intake.adapters.transactions import PostgresTransactions
from services.intake.domain.agencies import Agency
from services.intake.domain.life import Move, Verb
from services.intake.domain.procedures import Limit, Procedure
from services.intake.entrypoints import subscribers as intake
from services.intake.usecases.directory import Directory
from services.intake.usecases.move_dossiers import Moved, move_dossiers
from services.intake.usecases.ports import Actor, Applicant, Document, MoveRequest, Submission
from services.intake.usecases.register_agency import register_agency
from services.intake.usecases.register_procedures import register_procedures
from services.intake.usecases.submit_dossiers import Taken, submit_dossiers
from shared.clock import SystemClock
from shared.events.envelope import headers_of
from shared.hearing import Hearing
from shared.letters import Letter, Opener
from shared.outbox import short_name
from shared.postgres import open_pool
from shared.telemetry import HearingMetrics

RATING_DAYS = 30
SINCE = date(2000, 1, 1)
OPERATOR = Actor("bench", "operator", None)

READ = """select id, topic, source, subject, sequence, type, time, traceparent, body
from outbox order by id limit 5000"""


class Town:
    """Open it with `open_town`."""

    def __init__(self, pools: dict[str, asyncpg.Pool]) -> None:
        self._pools = pools
        self._clock = SystemClock()
        self._directory = Directory()
        self._transactions = PostgresTransactions(lambda: pools["intake"])
        self._offsets = count()
        rule_book = read_rule_book()
        deadline_books = deadline_books_on(Memory(rule_book))
        applies = {
            "intake": (intake.EVENTS, intake.keeping(PostgresPromises)),
            "deadline": (
                deadline.EVENTS,
                deadline.keeping(deadline_books, self._clock, rule_book),
            ),
            "feedback": (
                feedback.EVENTS,
                feedback.telling(
                    feedback_books_on, NoticeTexts(), draw_token, RATING_DAYS, self._clock
                ),
            ),
        }
        self._ears = {
            name: Hearing(pools[name], Opener(events), apply, self._clock, HearingMetrics())
            for name, (events, apply) in applies.items()
        }

    async def found(self) -> None:
        """Register the units and procedures; no limit is so short that an alarm would ring."""
        now = self._clock.now()
        async with self._transactions.begin() as transaction:
            for unit in UNITS:
                await register_agency(Agency(unit, 1, unit, SINCE), OPERATOR, transaction, now)
            limited = [
                Procedure(code, 1, code, (Limit(SINCE, None, "working_days", 5 + number),))
                for number, code in enumerate(PROCEDURES)
            ]
            await register_procedures(limited, OPERATOR, transaction, now)
        await self.settle()

    async def live(self, dossiers: int) -> None:
        """So many dossiers from submission to return, a transaction for each step of all of them. Raises
        `RuntimeError` where one was not taken, not moved, or not heard of."""
        now = self._clock.now()
        submissions = [
            Submission(
                agency=(unit := UNITS[number % len(UNITS)]),
                procedure=PROCEDURES[number % len(PROCEDURES)],
                channel="counter",
                is_complete=True,
                applicant=Applicant(f"Applicant {number}"),
                documents=[Document("Tờ khai")],
                actor=Actor("bench", "officer", unit),
                asked_at=now,
            )
            for number in range(dossiers)
        ]
        async with self._transactions.begin() as transaction:
            taken = await submit_dossiers(submissions, transaction, self._directory, eras())
        codes = [one.code for one in taken if isinstance(one, Taken)]
        if len(codes) != dossiers:
            raise RuntimeError(f"of {dossiers} dossiers {len(codes)} were taken: {taken[:3]}")
        await self.settle()
        for verb in (Verb.RESOLVE, Verb.RETURN):
            await self._move(verb, list(zip(codes, submissions, strict=True)))
        await self._check(codes)

    async def _move(self, verb: Verb, dossiers: Sequence[tuple[str, Submission]]) -> None:
        now = self._clock.now()
        asked = [MoveRequest(code, Move(verb, now), one.actor, now) for code, one in dossiers]
        async with self._transactions.begin() as transaction:
            verdicts = await move_dossiers(asked, transaction, self._directory)
        if wrong := [one for one in verdicts if not isinstance(one, Moved)]:
            raise RuntimeError(f"{len(wrong)} of {len(asked)} were not moved: {wrong[:3]}")
        await self.settle()

    async def settle(self) -> None:
        """Until nobody has anything left to say."""
        while any([await self._relay(service) for service in SERVICES]):
            pass

    async def _relay(self, service: str) -> bool:
        rows = await self._pools[service].fetch(READ)
        letters: defaultdict[str, list[Letter]] = defaultdict(list)
        for row in rows:
            for hearer in HEARERS[short_name(row["topic"])]:
                letters[hearer].append(self._letter(hearer, row))
        for hearer, every in letters.items():
            await self._ears[hearer].hear(every)
        if rows:
            ids = [row["id"] for row in rows]
            await self._pools[service].execute("delete from outbox where id = any($1)", ids)
        return bool(rows)

    def _letter(self, hearer: str, row: asyncpg.Record) -> Letter:
        subject, sequence = row["subject"], row["sequence"]
        headers = headers_of(
            f"{subject}/{sequence}", row["source"], row["type"], subject, row["time"], sequence,
            row["traceparent"],
        )  # fmt: skip
        return self._ears[hearer].opener.open(
            row["topic"], 0, next(self._offsets), subject.encode(), headers, row["body"]
        )

    async def _check(self, codes: Sequence[str]) -> None:
        """Whoever skips work is quicker."""
        met = "select count(*) from clocks where code = any($1) and state = 'met'"
        thanked = "select count(*) from notices where dossier = any($1) and notice = 'thanks'"
        for service, query in (("deadline", met), ("feedback", thanked), ("intake", thanked)):
            found = await self._pools[service].fetchval(query, codes)
            if found != len(codes):
                raise RuntimeError(f"{service} knows {found} of {len(codes)} dossiers to their end")


@asynccontextmanager
async def open_town(dsns: dict[str, str]) -> AsyncIterator[Town]:
    """The services' addresses by name."""
    async with AsyncExitStack() as stack:
        pools = {}
        for name, dsn in dsns.items():
            pools[name] = await open_pool(dsn, size=2)
            stack.push_async_callback(pools[name].close)
        yield Town(pools)
