"""The whole proof: one snapshot of the tables, the topics to their end, every check."""

from time import perf_counter

import asyncpg

from deploy.local.ledger import tables, topics
from deploy.local.ledger.account import Account
from deploy.local.ledger.agreement import check_agreement
from deploy.local.ledger.findings import Verdict


async def audit(dsn: str, bootstrap_servers: str) -> Verdict:
    """Prove, or show what contradicts. `dsn` is the role ledger's.

    What is under way counts as stuck: run it when nobody works. Raises `topics.HistoryError`,
    `asyncpg.PostgresError`, `OSError` and aiokafka's errors.
    """
    began = perf_counter()
    connection = await asyncpg.connect(dsn, server_settings={"jit": "off"})
    try:
        async with (
            topics.open_topics(bootstrap_servers) as said,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            # The snapshot is taken by the first query: before the topics are read, so that
            # nothing in the tables can be newer than what the topics show.
            await connection.execute("select 1 from intake.said limit 1")
            account, ends = await said.read_all()
            behind = await tables.read_behind(connection, ends)
            waiting, notes = await tables.check_waiting(connection)
            checks = (
                account.order,
                account.explained,
                account.check_told(),
                *await check_agreement(connection, account),
                *await tables.check_hearing(connection, behind),
                *await tables.check_rules(connection),
                *waiting,
            )
    finally:
        await connection.close()
    return Verdict(checks, (*_notes(account), *notes), account.sayings, perf_counter() - began)


def _notes(account: Account) -> list[str]:
    notes = []
    if account.sayings == 0:
        notes.append("nothing has been said yet, so there is nothing to prove")
    if account.doubled_on_the_wire:
        notes.append(
            f"{account.doubled_on_the_wire} records lie twice on the topics: a relay was killed"
            " between sending and noting it; hearers passed them over"
        )
    notes += [f"{count} records on {why}" for why, count in account.foreign.items()]
    return notes
