"""The ledger balances over a world the services made, and does not once anything in it is touched."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.ledger.audit import audit
from deploy.local.ledger.command import LedgerError, find_stack, prove
from deploy.local.ledger.findings import Fault, Verdict
from deploy.local.ledger.report import as_json
from deploy.local.quiesce import NotQuietError, Quiet
from deploy.local.stack import DATABASE
from deploy.local.tests.ledger_damage import DAMAGE
from deploy.local.tests.ledger_world import (
    DOSSIERS_PER_UNIT,
    NUMBERS,
    World,
    blamed,
)

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]


@pytest.fixture
async def touched(world: World) -> AsyncIterator[Callable[[str], Any]]:
    """`await touched(sql)`: the verdict over a copy of the database where `sql` was run."""
    names: list[str] = []

    async def touch(sql: str) -> Verdict:
        name = f"touched_{next(NUMBERS)}"
        await world.postgres.clone_database(DATABASE, name)
        names.append(name)
        connection = await asyncpg.connect(world.postgres.dsn(name, "postgres"))
        try:
            # Whoever damages a database does not keep its rules either.
            await connection.execute("set session_replication_role = replica")
            status = await connection.execute(sql)
            assert not status.endswith(" 0"), f"nothing was touched: {sql}"
        finally:
            await connection.close()
        return await audit(world.postgres.dsn(name, "ledger"), world.kafka)

    yield touch
    for name in names:
        await world.postgres.drop_database(name)


async def test_a_world_the_services_made_balances(world: World) -> None:
    verdict = await audit(world.postgres.dsn(DATABASE, "ledger"), world.kafka)
    assert verdict.balances, as_json(verdict)
    assert verdict.events == len(world.records)
    assert all(verdict.count(fault) == 0 for fault in Fault)
    empty = {check.sentence for check in verdict.checks if check.examined == 0}
    assert empty == {"the outboxes are empty", "nothing is set aside"}


async def test_every_kind_of_event_is_in_that_world(world: World) -> None:
    kinds = {record.kind for record in world.records}
    assert {"SupplementRequested", "DossierSupplemented", "DossierReturned"} <= kinds
    assert {"DeadlineSet", "ClockStopped", "AlarmRung", "DeadlineMet", "DeadlineMissed"} <= kinds
    assert {"NoticeSent", "RatingGiven", "ConductReported"} <= kinds
    assert {"ComplaintReceived", "DenunciationReceived", "ReportMoved"} <= kinds


@pytest.mark.parametrize(
    "private",
    [
        "words from feedback.reports",
        "dossier from feedback.reports",
        "words from feedback.report_steps",
        "sealed from feedback.sealed_identities",
        "reason from feedback.openings",
        "content from feedback.report_attachments",
    ],
)
async def test_the_ledger_proves_without_reading_a_word(world: World, private: str) -> None:
    connection = await asyncpg.connect(world.postgres.dsn(DATABASE, "ledger"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"select {private}")
    finally:
        await connection.close()


async def test_the_played_friday_is_told_in_numbers_and_as_a_story(world: World) -> None:
    received = sum(numbers.received for numbers in world.tallies.values())
    assert received == world.plan.dossiers == DOSSIERS_PER_UNIT * len(world.town.units)
    assert sum(numbers.reports for numbers in world.tallies.values()) == len(world.town.reports)
    keeping = [unit.code for unit in world.town.units.values() if unit.keeps_friday]
    assert all(world.tallies[code].put_off == 0 for code in keeping)
    assert "handed in" in world.story
    assert "xin chào" in world.story
    assert "What was promised, and why" in world.story


@pytest.mark.parametrize("damage", DAMAGE)
async def test_it_does_not_balance_when(damage: str, touched: Callable[[str], Any]) -> None:
    sql, sentence, fault = DAMAGE[damage]
    verdict: Verdict = await touched(sql)
    assert not verdict.balances
    found = blamed(verdict)
    assert fault in found.get(sentence, set()), found


async def test_what_is_set_aside_is_listed_with_its_reason(touched: Callable[[str], Any]) -> None:
    verdict: Verdict = await touched(DAMAGE["a letter is set aside"][0])
    (check,) = (check for check in verdict.checks if check.sentence == "nothing is set aside")
    assert "H10.40.21-240322-0001" in check.examples[0]
    assert "it cannot be" in check.examples[0]


async def test_what_waits_in_an_outbox_is_stuck_and_not_lost(
    world: World, touched: Callable[[str], Any], tmp_path: Path
) -> None:
    verdict: Verdict = await touched(
        "with one as (update intake.said set last_sequence = last_sequence + 1 where ctid ="
        " (select min(ctid) from intake.said where source = 'thanthien/intake/agencies')"
        " returning source, subject, last_sequence)"
        " insert into intake.outbox (topic, source, subject, sequence, type, time, body)"
        " select 'thanthien.agencies.v1', source, subject, last_sequence, 'z', now(), '' from one"
    )
    assert blamed(verdict)["the outboxes are empty"] == {"stuck"}
    assert "agencies: all that intake said is on the topic" not in blamed(verdict)


async def test_it_waits_for_quiet_and_says_what_is_under_way(
    world: World, touched: Callable[[str], Any]
) -> None:
    dsn = world.postgres.dsn(DATABASE, "ledger")
    async with Quiet.watching(dsn, world.kafka) as quiet:
        await quiet.wait(rung_by=world.town.instant(world.town.until), patience_seconds=10)
        far = world.town.instant(datetime(2030, 1, 1))  # noqa: DTZ001 - made aware by the town
        with pytest.raises(NotQuietError, match="an alarm is due"):
            await quiet.wait(rung_by=far, patience_seconds=0.2)
    verdict = await prove(dsn, world.kafka, patience_seconds=5)
    assert verdict.balances


async def test_no_stack_no_proof() -> None:
    with pytest.raises(LedgerError, match="no stack named nobody runs"):
        find_stack("nobody")
    with pytest.raises(LedgerError, match="cannot be read"):
        await prove("postgresql://ledger@127.0.0.1:1/none", "127.0.0.1:1", 1)
