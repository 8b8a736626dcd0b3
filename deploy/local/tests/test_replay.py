"""A replay is told step by step, and is the same at any speed."""

import io
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from rich.console import Console

from deploy.local.calls import Calls
from deploy.local.postgres import SERVICES
from deploy.local.replaying.command import Prepared, replay
from deploy.local.replaying.comparison import (
    SAME_MINUTE,
    compare,
)
from deploy.local.replaying.log import Case
from deploy.local.replaying.play import play, register
from deploy.local.replaying.script import (
    ScriptError,
    agency_codes,
    by_step,
    procedure_codes,
    write_script,
)
from deploy.local.stack import Stack
from deploy.local.tests.ledger_world import Record, read_records
from deploy.local.tests.replayed_logs import LINES, ZONE
from deploy.local.timekeeper import Timekeeper


def test_codes_are_legal_and_follow_the_names(prepared: Prepared) -> None:
    assert agency_codes(prepared.log.cases, "B15") == {
        ("INFO", "Q1"): "B15.01.01",
        ("PW", "Q1"): "B15.02.01",
        ("PW", "Q2"): "B15.02.02",
    }
    assert procedure_codes(["A & B", "A/B", "?!", "x" * 80]) == {
        "A & B": "A-B",
        "A/B": "A-B-2",
        "?!": "x",
        "x" * 80: "x" * 64,
    }


def test_more_units_than_codes_are_refused(prepared: Prepared) -> None:
    case = prepared.log.cases[0]
    many = [
        Case(str(n), f"unit {n}", "PW", "p", "counter", case.received_at, None, None)
        for n in range(100)
    ]
    with pytest.raises(ScriptError, match="'PW' is the 1th, with 100 units"):
        agency_codes(many, "B15")


def test_each_step_has_what_happened_in_it(prepared: Prepared) -> None:
    for days in (1, 3, 30):
        begins_at = prepared.script.begins_at
        sent = []
        for ends_at, lines in by_step(prepared.script, days):
            assert all(begins_at <= line.at < ends_at for line in lines)
            begins_at = ends_at
            sent += lines
        assert tuple(sent) == prepared.script.lines
        assert begins_at == datetime(2015, 2, 18, tzinfo=ZONE)


def test_a_case_is_told_in_its_order(prepared: Prepared) -> None:
    def told(reference: str) -> list[str]:
        return [
            line.body["do"] for line in prepared.script.lines if line.body["reference"] == reference
        ]

    assert told("4") == ["submit", "resolve", "return"]
    assert told("2") == ["submit", "accept", "resolve", "return"]
    assert told("9") == ["submit", "accept"]
    assert write_script(prepared.log, prepared.mapping, prepared.office) == prepared.script


def _headers(record: Record) -> tuple[tuple[str, bytes], ...]:
    """All of them; but feedback hears of one dossier from two topics, and which it hears first
    decides what it says first: its numbers are left out, what it says is not."""
    is_ordered = record.topic != "thanthien.feedback.v1"
    return tuple(
        entry for entry in record.headers if is_ordered or entry[0] not in ("ce_id", "ce_sequence")
    )


async def replayed(prepared: Prepared, days: int, directory: Path) -> dict[str, Any]:
    """All that a replay leaves in tables and topics, but when it was written down."""
    async with Stack("test", clock="virtual", parent=directory, is_durable=False) as stack:
        urls = {service: stack.url(service) for service in SERVICES}
        ledger = stack.dsn("ledger")
        async with (
            Calls(urls, stack.token) as calls,
            Timekeeper.driving(urls, ledger, stack.kafka) as keeper,
        ):
            await keeper.act_at(prepared.script.begins_at)
            await register(prepared.script, prepared.mapping, calls)
            await keeper.ring_until(prepared.script.begins_at)
            sent = await play(prepared.script, calls, keeper, days)
            assert not sent.refused
        connection = await asyncpg.connect(ledger)
        try:
            tables = {
                name: sorted(map(tuple, await connection.fetch(f"select {what} from {name}")))
                for name, what in {
                    "intake.dossiers": "code, reference, state, agency",
                    "deadline.clocks": "code, kind, state, legal_due, resolved_at, generation, steps",
                    "deadline.alarms": "code, rung, due_at, rang_at, is_late",
                    "feedback.notices": "dossier, notice, sent_at, text_vi, text_en",
                }.items()
            }
        finally:
            await connection.close()
        limits = dict(prepared.script.procedures.values())
        comparison = await compare(prepared.log.cases, limits, prepared.office, ledger)
        records = {
            (record.topic, record.key, record.value, _headers(record))
            for record in await read_records(stack.kafka)
            # How often intake had registered before the first look is not the log's.
            if "agencies" not in record.topic
        }
        return {**tables, "records": records, "outcomes": dict(comparison.outcomes)}


@pytest.mark.broker
@pytest.mark.timeout(300)
async def test_the_same_log_gives_the_same_bytes_at_any_speed(
    prepared: Prepared, open_directory: Path
) -> None:
    slow = await replayed(prepared, 1, open_directory)
    fast = await replayed(prepared, 60, open_directory)
    assert slow == fast
    assert len(slow["records"]) > 3 * len(LINES)
    kinds = Counter(row[1] for row in slow["deadline.clocks"])
    assert kinds == {"dossier": len(LINES), "online_check": kinds["online_check"]}
    assert slow["outcomes"] == {SAME_MINUTE: 8}, "the city's regime, told by the mapping"
    states = {row[2] for row in slow["deadline.clocks"]}
    # None is out of sync: the driver is punctual.
    assert states == {"met", "missed", "breached", "running"}


@pytest.mark.broker
@pytest.mark.timeout(300)
async def test_a_replay_ends_with_tables_and_a_ledger_that_balances(prepared: Prepared) -> None:
    out = io.StringIO()
    done = await replay(prepared, 30, Console(file=out, width=80))
    assert done.is_whole
    shown = out.getvalue()
    assert f"All {len(prepared.script.lines)} lines were taken." in shown
    assert "The ledger balances" in shown
    assert "a second through all three services" in " ".join(shown.split())
