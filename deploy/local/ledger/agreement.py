"""Checks of tables against topics: what the rows say, and what the events say."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import asyncpg

from deploy.local.ledger import lives
from deploy.local.ledger.account import Account, ClockLife, DossierLife, ReportLife
from deploy.local.ledger.findings import Check, Fault
from deploy.local.ledger.parties import COMPACTED, SPEAKERS, source_of
from deploy.local.ledger.tables import CLOCKS

ROWS_AT_ONCE = 5_000


async def check_agreement(connection: asyncpg.Connection, account: Account) -> list[Check]:
    """Everything the topics and the tables must agree on."""
    checks = [await _check_said(connection, topic, account) for topic in SPEAKERS]
    checks.append(await _check_dossiers(connection, account.dossiers))
    checks += await _check_clocks(connection, account)
    checks.append(
        await _check_once(
            connection,
            "every alarm rang once",
            "select kind, code, generation, rung from deadline.alarms",
            await _without_archived(connection, account.alarms),
        )
    )
    forgotten = await _forgotten(connection, "feedback")
    checks.append(
        await _check_once(
            connection,
            "every notice was sent once",
            "select dossier, notice, number from feedback.notices",
            Counter({one: n for one, n in account.notices.items() if one[0] not in forgotten}),
        )
    )
    checks.append(
        await _check_once(
            connection,
            "every rating counts once",
            "select dossier from feedback.ratings",
            Counter({(dossier,): times for dossier, times in account.ratings.items()}),
        )
    )
    checks.append(
        await _check_once(
            connection,
            "every report was told once",
            "select report from feedback.reports",
            Counter({(report,): times for report, times in account.reports.items()}),
        )
    )
    checks.append(await _check_reports(connection, account.report_lives))
    return checks


async def _rows(connection: asyncpg.Connection, query: str, *args: Any) -> AsyncIterator[Any]:
    async for row in connection.cursor(query, *args, prefetch=ROWS_AT_ONCE):
        yield row


async def _check_said(connection: asyncpg.Connection, topic: str, account: Account) -> Check:
    """As far as a service counted, so far the topic goes; what is in the outbox is still to come."""
    service, source = SPEAKERS[topic], source_of(topic)
    check = Check(f"{topic}: all that {service} said is on the topic")
    waiting: Counter[str] = Counter()
    query = f"select subject, count(*) from {service}.outbox where source = $1 group by subject"
    for subject, rows in await connection.fetch(query, source):
        waiting[subject] = rows
    on_topic = dict(account.sequences[topic])
    query = f"select subject, last_sequence from {service}.said where source = $1"
    async for subject, counted in _rows(connection, query, source):
        check.examined += counted
        sequence = on_topic.pop(subject, None)
        seen = sequence.last if sequence is not None else 0
        if seen > counted:
            check.blame(
                Fault.UNEXPLAINED, f"{subject}: {seen} on the topic, {counted} said", seen - counted
            )
        elif topic in COMPACTED and seen < counted and not waiting[subject]:
            check.blame(Fault.LOST, f"{subject}: the last is {seen}, {counted} were said")
        elif topic not in COMPACTED and seen + waiting[subject] < counted:
            lost = counted - seen - waiting[subject]
            check.blame(Fault.LOST, f"{subject}: {seen} on the topic, {counted} said", lost)
    for subject in on_topic:
        check.blame(Fault.UNEXPLAINED, f"{subject} is on the topic, and {service} never said so")
    return check


async def _check_dossiers(connection: asyncpg.Connection, told: Mapping[str, DossierLife]) -> Check:
    check = Check("every dossier is where its events lead")
    left = dict(told)
    query = "select code, state, agency from intake.dossiers"
    async for code, state, agency in _rows(connection, query):
        check.examined += 1
        life = left.pop(code, None)
        if life is None:
            check.blame(Fault.LOST, f"{code} is {state}, and no event tells of it")
        elif (life.state, life.agency) != (state, agency):
            check.blame(
                Fault.UNEXPLAINED,
                f"{code} is {state} at {agency}; its events lead to {life.state} at {life.agency}",
            )
    for code, life in left.items():
        check.blame(Fault.LOST, f"{code}: its events lead to {life.state}, and it has no row")
    return check


REPORTS = """
select r.report, r.kind, r.state, r.verdict,
       array(select s.step from feedback.report_steps s where s.report = r.report
             order by s.number) as steps
from feedback.reports r
"""


async def _check_reports(connection: asyncpg.Connection, told: Mapping[str, ReportLife]) -> Check:
    """Which report has no event at all, or no row, another check says."""
    check = Check("every report is where its events lead, by the steps and the verdict they tell")
    async for code, kind, state, verdict, steps in _rows(connection, REPORTS):
        check.examined += 1
        if (life := told.get(code)) is None:
            continue
        if life.state != f"{kind} {state}" or life.steps != steps:
            check.blame(
                Fault.UNEXPLAINED,
                f"{code} is a {kind} {state} after {', '.join(steps) or 'no step'}; its events"
                f" lead to {life.state} after {', '.join(life.steps) or 'no step'}",
            )
        said = None if kind == "denunciation" else verdict
        if life.verdict != said:
            check.blame(
                Fault.UNEXPLAINED,
                f"{code} was found {verdict}; {said} was to be said of it, and {life.verdict} was",
            )
    return check


async def _check_clocks(connection: asyncpg.Connection, account: Account) -> list[Check]:
    one_each = Check(
        "every accepted dossier and report has one clock, and what waits besides its own"
    )
    explained = Check("every clock is where its events lead")
    owners = {("dossier", code) for code, life in account.dossiers.items() if life.is_accepted}
    owners |= {(wait, code) for code, life in account.report_lives.items() for wait in life.clocks}
    owners |= {(wait, code) for code, life in account.dossiers.items() for wait in life.waits}
    told = dict(account.clocks)
    query = f"select kind, code, agency, generation, state, resolved_at from {CLOCKS} c"
    async for row in _rows(connection, query):
        key = (row["kind"], row["code"])
        one_each.examined += 1
        explained.examined += 1
        kind, code = key
        if key not in owners and not _may_be_forwarded(key, account):
            one_each.blame(
                Fault.UNEXPLAINED, f"{code} has a {kind} clock, and nothing that waits for it"
            )
        owners.discard(key)
        clock = told.pop(key, None)
        if (why := _contradiction(row, clock)) is not None:
            explained.blame(Fault.UNEXPLAINED, f"the {kind} clock of {code} {why}")
        life = account.dossiers.get(code) if kind == "dossier" else None
        if life is not None and (why := _disagreement(row, clock, life)):
            explained.blame(Fault.UNEXPLAINED, f"the clock of {code} {why}")
    for kind, code in sorted(owners):
        one_each.blame(Fault.LOST, f"{code} waits, and has no {kind} clock")
    for kind, code in sorted(told):
        explained.blame(Fault.LOST, f"events tell of a {kind} clock of {code}, and it has no row")
    return [one_each, explained]


def _may_be_forwarded(key: tuple[str, str], account: Account) -> bool:
    """Whether a unit forwards is in its pledge, which the topics of dossiers do not tell."""
    life = account.dossiers.get(key[1])
    return key[0] == "forwarding" and life is not None and life.is_accepted


def _contradiction(row: Any, told: ClockLife | None) -> str | None:
    """Where a clock's row differs from what deadline said of it."""
    if told is None:
        return "was never told of"
    if (row["state"], row["generation"]) != (told.state, told.generation):
        return (
            f"is {row['state']} in generation {row['generation']}; "
            f"its events lead to {told.state} in {told.generation}"
        )
    return None


def _disagreement(row: Any, clock: ClockLife | None, life: DossierLife) -> str | None:
    """Where a clock's row does not fit the dossier's own events."""
    if row["state"] not in lives.CLOCK_STATES_AFTER.get(life.state, frozenset()):
        return f"is {row['state']}, and the dossier {life.state}"
    recomputed = 0 if clock is None else clock.recomputed
    if row["generation"] != life.generations + recomputed:
        return f"counts its generation {row['generation']}, the dossier {life.generations}"
    if row["agency"] != life.agency:
        return f"calls {row['agency']}, and the dossier is at {life.agency}"
    resolved_at = None if life.resolved_at is None else datetime.fromisoformat(life.resolved_at)
    if row["resolved_at"] != resolved_at:
        return f"was resolved at {row['resolved_at']}, and the dossier at {resolved_at}"
    return None


async def _forgotten(connection: asyncpg.Connection, service: str) -> set[str]:
    """Subjects of which `prune` has deleted what the policy no longer keeps."""
    query = f"select subject from {service}.endings where forgotten_at is not null"
    return {row[0] for row in await connection.fetch(query)}


async def _without_archived(connection: asyncpg.Connection, told: Counter[Any]) -> Counter[Any]:
    """Alarms that must still have their row. Of an archived clock the number of the others was kept: where it is
    not as many as were told of, all are asked for, and found to be lost."""
    query = "select kind, code, alarms from deadline.archived_clocks"
    kept = {(row[0], row[1]): row[2] for row in await connection.fetch(query)}
    gone = [one for one in told if one[:2] in kept and one[3] != "breach"]
    counts = Counter(one[:2] for one in gone)
    explained = {one for one in gone if counts[one[:2]] == kept[one[:2]]}
    return Counter({one: times for one, times in told.items() if one not in explained})


async def _check_once(
    connection: asyncpg.Connection, sentence: str, query: str, told: Counter[Any]
) -> Check:
    """Each row was told of exactly once, and nothing was told of without a row."""
    check = Check(sentence)
    left = dict(told)
    async for row in _rows(connection, query):
        check.examined += 1
        times = left.pop(tuple(row), 0)
        if times == 0:
            check.blame(Fault.UNEXPLAINED, f"{_words(row)} has a row, and was never told")
        elif times > 1:
            check.blame(Fault.DUPLICATED, f"{_words(row)} was told {times} times", times - 1)
    for key, times in left.items():
        check.blame(Fault.LOST, f"{_words(key)} was told {times} times, and has no row", times)
    return check


def _words(key: Any) -> str:
    return " ".join(str(part) for part in tuple(key))
