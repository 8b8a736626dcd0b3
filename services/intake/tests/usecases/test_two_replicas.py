"""Two processes take dossiers at the same moment: each has its own memory, both one database."""

import asyncio
from datetime import timedelta

import asyncpg

from services.intake.adapters.rules import eras
from services.intake.adapters.transactions import PostgresTransactions
from services.intake.domain.life import Move, Verb
from services.intake.tests.town import DAY, FRIDAY, NEIGHBOUR, PROCEDURE, UNIT, Town
from services.intake.usecases.directory import Directory
from services.intake.usecases.move_dossiers import Moved, move_dossiers
from services.intake.usecases.ports import Actor, Applicant, Key, MoveRequest, Submission
from services.intake.usecases.refusals import KeyReusedError
from services.intake.usecases.submit_dossiers import Taken, Verdict, submit_dossiers
from services.intake.usecases.transact import transact

OFFICER = Actor("subject-1", "officer", UNIT)


def submission(
    agency: str = UNIT, reference: str | None = None, key: Key | None = None
) -> Submission:
    return Submission(
        agency=agency,
        procedure=PROCEDURE,
        channel="counter",
        is_complete=True,
        applicant=Applicant("Không nêu tên"),
        documents=[],
        actor=OFFICER,
        asked_at=FRIDAY,
        reference=reference,
        key=key,
    )


class Replica:
    """One process: its own directory."""

    def __init__(self, transactions: PostgresTransactions) -> None:
        self._transactions = transactions
        self._directory = Directory()

    async def submit(self, *submissions: Submission) -> list[Verdict]:
        return await transact(
            self._transactions,
            lambda transaction: submit_dossiers(submissions, transaction, self._directory, eras()),
        )

    async def move(self, *requests: MoveRequest) -> list[Moved | Exception]:
        return await transact(
            self._transactions,
            lambda transaction: move_dossiers(requests, transaction, self._directory),
        )


def codes(verdicts: list[Verdict]) -> list[str]:
    return [verdict.code for verdict in verdicts if isinstance(verdict, Taken)]


async def test_rule_14_codes_are_distinct_and_consecutive_across_replicas(
    town: Town, transactions: PostgresTransactions
) -> None:
    one, other = Replica(transactions), Replica(transactions)
    batch = [submission(agency) for agency in (UNIT, NEIGHBOUR) * 10]
    taken = await asyncio.gather(
        *(replica.submit(*order) for replica in (one, other) for order in (batch, batch[::-1]) * 5)
    )
    every = sorted(code for verdicts in taken for code in codes(verdicts))
    assert every == [
        f"{agency}-{DAY}-{order:04d}" for agency in (UNIT, NEIGHBOUR) for order in range(1, 201)
    ]


async def test_one_key_on_two_replicas_takes_one_dossier(
    town: Town, transactions: PostgresTransactions, pool: asyncpg.Pool
) -> None:
    one, other = Replica(transactions), Replica(transactions)
    for number in range(10):
        key = Key("subject-1", f"slip-{number}", b"same")
        (first,), (second,) = await asyncio.gather(
            one.submit(submission(key=key)), other.submit(submission(key=key))
        )
        assert isinstance(first, Taken) and isinstance(second, Taken)
        assert first.code == second.code
        assert {first.is_new, second.is_new} == {True, False}
        (reused,) = await one.submit(submission(key=Key("subject-1", key.key, b"other")))
        assert isinstance(reused, KeyReusedError)
    assert await pool.fetchval("select count(*) from dossiers") == 10


async def test_one_reference_on_two_replicas_takes_one_dossier(
    town: Town, transactions: PostgresTransactions
) -> None:
    one, other = Replica(transactions), Replica(transactions)
    references = [submission(reference=f"A-{number}") for number in range(20)]
    first, second = await asyncio.gather(one.submit(*references), other.submit(*references))
    assert codes(first) == codes(second)


async def test_a_dossier_moved_on_two_replicas_moves_once(
    town: Town, transactions: PostgresTransactions, pool: asyncpg.Pool
) -> None:
    one, other = Replica(transactions), Replica(transactions)
    taken = codes(await one.submit(*(submission() for _ in range(10))))
    later = FRIDAY + timedelta(minutes=1)
    requests = [MoveRequest(code, Move(Verb.RESOLVE, later), OFFICER, later) for code in taken]
    verdicts = await asyncio.gather(one.move(*requests), other.move(*requests[::-1]))
    moved = [verdict for batch in verdicts for verdict in batch if isinstance(verdict, Moved)]
    assert sorted(one.code for one in moved) == sorted(taken)
    last = await pool.fetch(
        "select distinct last_sequence from said where subject = any($1)", taken
    )
    assert [row["last_sequence"] for row in last] == [3]


async def test_a_registration_at_another_replica_is_found_at_once(
    town: Town, transactions: PostgresTransactions
) -> None:
    replica = Replica(transactions)
    (refused,) = await replica.submit(submission("H19.03"))
    assert isinstance(refused, Exception)
    answer = await town.http.put(
        "/agencies/H19.03",
        json={"name": "Xã Nha Bích", "valid_from": "2025-07-01"},
        headers=town.operator,
    )
    assert answer.status_code == 200
    (taken,) = await replica.submit(submission("H19.03"))
    assert isinstance(taken, Taken)
