"""A log is read whole or refused by line and column; its replay is the same at any speed."""

import csv
import gzip
import io
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from rich.console import Console
from typer.testing import CliRunner

from deploy.local.__main__ import app
from deploy.local.calls import Calls
from deploy.local.postgres import SERVICES
from deploy.local.replaying.command import Prepared, prepare, replay
from deploy.local.replaying.comparison import (
    EARLIER,
    LATER,
    NONE,
    SAME_DAY,
    SAME_MINUTE,
    compare,
    compare_with,
)
from deploy.local.replaying.limits import (
    promised_in_plain_days,
    promised_plain_days,
    promised_working_days,
    usual_limits,
)
from deploy.local.replaying.log import Case, LogError, read_log
from deploy.local.replaying.mapping import BOSTON, MappingError, read_mapping
from deploy.local.replaying.office import Office
from deploy.local.replaying.play import play, register
from deploy.local.replaying.script import (
    ScriptError,
    agency_codes,
    by_step,
    procedure_codes,
    write_script,
)
from deploy.local.replaying.tables import comparison_table
from deploy.local.stack import Stack
from deploy.local.tests.test_ledger import Record, read_records
from deploy.local.timekeeper import Timekeeper

MAPPING = read_mapping()
ZONE = ZoneInfo("America/New_York")
HEADER = "case_id,open_dt,target_dt,closed_dt,type,queue,department,source"
# Received, promised, closed; what, where, how. 16/2/2015 is a holiday.
LINES = (
    "1,2015-02-10T09:00:00,2015-02-13T09:00:00,2015-02-12T10:00:00,Pothole,Q1,PW,Constituent Call",
    "2,2015-02-10T20:00:00,2015-02-17T08:30:00,2015-02-13T16:59:00,Pothole,Q1,PW,Self Service",
    "3,2015-02-11T10:30:00,2015-02-17T10:30:00,2015-02-17T11:00:00,Pothole,Q2,PW,City Worker App",
    "4,2015-02-11T10:45:00,,2015-02-11T10:45:00,Question,Q1,INFO,Constituent Call",
    "5,2015-02-12T08:00:00,2015-02-12T17:00:00,2015-02-12T08:30:00,Wire down,Q2,PW,Constituent Call",
    "6,2015-02-12T14:00:00,2015-02-12T17:00:00,2015-02-13T09:00:00,Wire down,Q2,PW,Twitter",
    "7,2015-02-12T16:00:00,2015-02-12T17:00:00,,Wire down,Q2,PW,Constituent Call",
    "8,2015-02-13T12:00:00,2015-02-19T12:00:00,2015-02-13T11:59:00,Pothole,Q1,PW,Self Service",
    "9,2015-02-14T12:00:00,2015-02-20T08:30:00,,Pothole,Q1,PW,Self Service",
)


def log_file(directory: Path, *lines: str, header: str = HEADER) -> Path:
    file = directory / "log.csv.gz"
    file.write_bytes(gzip.compress("\n".join((header, *lines, "")).encode()))
    return file


def refused(file: Path) -> str:
    with pytest.raises(LogError) as error:
        read_log(file, MAPPING)
    return str(error.value)


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    return prepare(log_file(tmp_path, *LINES), BOSTON, None)


def test_a_log_is_read_in_the_order_of_receipt(tmp_path: Path) -> None:
    log = read_log(log_file(tmp_path, *reversed(LINES)), MAPPING)
    assert [case.reference for case in log.cases] == [str(n) for n in range(1, 10)]
    first = log.cases[0]
    assert first == Case(
        reference="1",
        unit="Q1",
        department="PW",
        procedure="Pothole",
        channel="counter",
        received_at=datetime(2015, 2, 10, 9, tzinfo=ZONE),
        promised_at=datetime(2015, 2, 13, 9, tzinfo=ZONE),
        resolved_at=datetime(2015, 2, 12, 10, tzinfo=ZONE),
    )
    assert log.cases[1].channel == "online"
    assert log.cases[2].channel == "post"


def test_a_plain_csv_is_read_as_well(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("\n".join((HEADER, *LINES)), encoding="utf-8-sig")
    assert len(read_log(file, MAPPING).cases) == len(LINES)


def test_a_case_closed_before_it_was_opened_is_resolved_at_receipt(tmp_path: Path) -> None:
    log = read_log(log_file(tmp_path, *LINES), MAPPING)
    assert log.closed_before_opened == 1
    assert log.cases[7].resolved_at == log.cases[7].received_at


def test_or_the_log_is_refused_where_the_mapping_says_so(tmp_path: Path) -> None:
    text = BOSTON.read_text().replace(
        "closed_before_opened: at_receipt", "closed_before_opened: refuse"
    )
    strict = tmp_path / "strict.yaml"
    strict.write_text(text)
    with pytest.raises(LogError, match=r"line 9: column closed_dt: 8 was resolved before"):
        read_log(log_file(tmp_path, *LINES), read_mapping(strict))


def test_missing_columns_are_named_with_what_they_are_for(tmp_path: Path) -> None:
    header = HEADER.replace("open_dt", "opened").replace("queue", "team")
    why = refused(log_file(tmp_path, *LINES, header=header))
    assert "line 1: the columns " in why
    assert "open_dt (received_at)" in why
    assert "queue (unit)" in why
    assert "log.csv.gz" in why
    assert "opened" in why


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("1,,2015-02-13T09:00:00,,Pothole,Q1,PW,x", "line 2: column open_dt is empty"),
        ("1,yesterday,,,Pothole,Q1,PW,x", "line 2: column open_dt is 'yesterday'"),
        ("1,2015-02-10T09:00:00,soon,,Pothole,Q1,PW,x", "line 2: column target_dt is 'soon'"),
        ("1,2015-02-10T09:00:00,,,,Q1,PW,x", "line 2: column type is empty"),
        ("1,2015-02-10T09:00:00,,,Pothole,,PW,x", "line 2: column queue is empty"),
        (",2015-02-10T09:00:00,,,Pothole,Q1,PW,x", "line 2: column case_id is empty"),
        ("1,2015-02-10T09:00:00,,", "line 2: it has not as many cells as the header"),
        ("1,2015-02-10T09:00:00,,,a,b,c,d,e", "line 2: it has not as many cells as the header"),
    ],
)
def test_a_bad_line_is_named_with_its_column(tmp_path: Path, line: str, complaint: str) -> None:
    assert complaint in refused(log_file(tmp_path, line))


def test_a_case_that_is_there_twice_is_named(tmp_path: Path) -> None:
    why = refused(log_file(tmp_path, *LINES, LINES[0]))
    assert "line 11: column case_id: 1 is on line 2 already" in why


def test_a_log_without_a_case_is_refused(tmp_path: Path) -> None:
    assert "there is no case in it" in refused(log_file(tmp_path))


@pytest.mark.parametrize("kept", [20, 60])
def test_a_broken_gzip_is_refused(tmp_path: Path, kept: int) -> None:
    file = log_file(tmp_path, *LINES)
    file.write_bytes(file.read_bytes()[:kept])
    assert "the gzip file is broken" in refused(file)


def test_what_only_says_it_is_gzip_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "log.csv.gz"
    file.write_text(HEADER)
    assert "it is named .gz, and is no gzip file" in refused(file)


def test_what_is_not_utf_8_is_named_by_line(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(f"{HEADER}\n{LINES[0]}\n".encode() + b"2,\xff\n")
    assert "line 3: it is not UTF-8 text" in refused(file)


def test_a_log_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("root: B15", "root: Boston", "agencies.root"),
        ("time_zone: America/New_York", "time_zone: America/Nowhere", "log.time_zone"),
        ("  other: counter\n", "", "channels: `other` is missing"),
        ("  received_at: open_dt\n", "", "columns.received_at"),
        ("Twitter: online", "Twitter: telepathy", "channels.Twitter"),
        ("limits:", "limits: [", "is not YAML"),
    ],
)
def test_a_bad_mapping_is_named_by_field(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    text = BOSTON.read_text()
    assert old in text
    file = tmp_path / "mapping.yaml"
    file.write_text(text.replace(old, new))
    with pytest.raises(MappingError, match=r"mapping\.yaml") as error:
        read_mapping(file)
    assert complaint in str(error.value)


@pytest.mark.parametrize("break_it", ["gzip", "column"])
def test_the_command_refuses_before_anything_is_started(tmp_path: Path, break_it: str) -> None:
    file = log_file(tmp_path, *LINES, header="a,b")
    if break_it == "gzip":
        file.write_bytes(file.read_bytes()[:40])
    answer = CliRunner().invoke(app, ["replay", str(file)])
    assert answer.exit_code == 2
    assert str(file) in answer.stderr
    assert "PostgreSQL" not in answer.output


def case_of(received: str, promised: str, *, reference: str = "1", procedure: str = "p") -> Case:
    received_at, promised_at = (
        datetime.fromisoformat(text).replace(tzinfo=ZONE) for text in (received, promised)
    )
    return Case(reference, "u", "d", procedure, "counter", received_at, promised_at, None)


def test_promises_are_counted_in_office_days() -> None:
    office = Office(MAPPING)

    def days(received: str, promised: str) -> int | None:
        return promised_working_days(case_of(received, promised), office)

    assert days("2015-02-10T09:00", "2015-02-13T09:00") == 3
    assert days("2015-02-13T09:00", "2015-02-17T09:00") == 1, "Presidents' Day is off"
    assert days("2015-02-10T20:00", "2015-02-12T08:30") == 1, "the evening counts to the next day"
    assert days("2015-02-10T07:00", "2015-02-10T17:00") == 0
    assert days("2015-02-10T09:00", "2015-02-03T09:00") is None, "a promise before the receipt"


def test_a_limit_is_the_promise_made_most_often(prepared: Prepared) -> None:
    limits = usual_limits(prepared.log.cases, prepared.office)
    assert limits == {"Pothole": 3, "Wire down": 0, "Question": None}


def test_plain_days_are_so_many_times_24_hours_by_the_clock_on_the_wall() -> None:
    def days(received: str, promised: str) -> int | None:
        return promised_plain_days(case_of(received, promised))

    assert days("2015-02-10T09:00", "2015-02-13T09:00") == 3
    assert days("2015-02-10T09:00:30", "2015-02-13T09:00") == 3
    assert days("2015-02-10T09:00", "2015-02-13T09:01") == 3
    assert days("2015-02-10T09:00", "2015-02-13T09:02") is None
    assert days("2015-03-07T23:00", "2015-03-08T23:00") == 1, "an hour shorter: summer time begins"
    assert days("2015-02-10T09:00", "2015-02-10T09:00") is None
    assert days("2015-02-10T09:00", "2015-02-07T09:00") is None, "a promise before the receipt"


def test_a_type_is_promised_plain_days_where_one_number_of_them_is_commoner() -> None:
    heat = [
        case_of(f"2015-02-{day:02}T09:00", f"2015-03-{day + 2:02}T09:00", procedure="Heat")
        for day in range(2, 20)
    ]
    litter = [
        case_of(f"2015-02-{day:02}T20:00", f"2015-02-{day + 2:02}T08:30", procedure="Litter")
        for day in range(2, 5)
    ]
    assert promised_in_plain_days([*heat, *litter], Office(MAPPING)) == {"Heat"}


@pytest.mark.parametrize(
    ("received", "promised", "limit", "due", "outcome", "reason"),
    [
        ("02-10T09:00:40", "02-13T09:00:00", 3, "02-13T09:00:40", SAME_MINUTE, None),
        ("02-10T09:00:00", "02-12T10:00:00", 2, "02-12T17:00:00", SAME_DAY, "ends the last day at closing"),
        ("02-10T09:00:00", "02-12T10:00:00", 2, "02-12T09:00:00", SAME_DAY, "another time of day"),
        ("02-10T09:00:00", "02-12T10:00:00", 3, "02-13T09:00:00", LATER, "another number of days"),
        ("02-10T20:00:00", "02-13T08:30:00", 2, "02-12T17:00:00", EARLIER, "came after closing"),
        ("02-10T16:00:00", "02-10T17:00:00", 0, "02-11T17:00:00", LATER, "too late for its day"),
        ("02-13T09:00:00", "02-14T10:00:00", 0, "02-13T17:00:00", EARLIER, "a day that is not worked"),
        ("02-13T09:00:00", "02-17T10:00:00", 1, "02-16T17:00:00", EARLIER, "calendars differ"),
        ("02-13T09:00:00", "02-17T10:00:00", None, None, NONE, "nothing sensible was promised"),
    ],
)  # fmt: skip
def test_a_difference_has_a_reason(
    received: str, promised: str, limit: int | None, due: str | None, outcome: str, reason: str
) -> None:
    case = case_of(f"2015-{received}", f"2015-{promised}")
    reckoned = due and datetime.fromisoformat(f"2015-{due}").replace(tzinfo=ZONE).astimezone(UTC)
    found = compare_with({"1": reckoned or None}, [case], {"p": limit}, Office(MAPPING))
    assert found.outcomes == {outcome: 1}
    reasons = [told for counter in found.reasons.values() for told in counter]
    assert len(reasons) == (reason is not None) and all(reason in told for told in reasons)


def test_the_summary_tells_how_far_the_regime_agrees_where_working_days_were_promised() -> None:
    # Three of a type promised in plain days, over a weekend; two of one in working days.
    cases = [
        *(case_of(f"2015-02-{10 + day}T09:00", f"2015-02-{14 + day}T09:00", reference=f"{day}", procedure="Heat")
          for day in range(3)),
        case_of("2015-02-10T20:00", "2015-02-12T08:30", reference="kept", procedure="Litter"),
        case_of("2015-02-10T20:00", "2015-02-13T08:30", reference="other", procedure="Litter"),
    ]  # fmt: skip
    due = datetime(2015, 2, 12, 8, 30, tzinfo=ZONE)
    dues = dict.fromkeys((case.reference for case in cases), due)
    found = compare_with(dues, cases, {"Heat": 4, "Litter": 1}, Office(MAPPING))
    assert found.compared == 5
    assert found.in_working_days == {SAME_MINUTE: 1, EARLIER: 1}
    assert [told for told in found.reasons[EARLIER] if "plain days" in told]
    out = io.StringIO()
    Console(file=out, width=80).print(comparison_table(found, "boston-311"))
    shown = " ".join(out.getvalue().split())
    assert "5 deadlines reckoned by boston-311 against the log's own promises" in shown
    assert "Of the 2 cases whose type is promised working days, boston-311 agrees" in shown
    assert "to the minute on 1 (50.0%): on 100.0% of those that were promised the usual" in shown


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


def test_the_boston_mapping_names_every_column_of_its_log() -> None:
    header = next(csv.reader([HEADER]))
    assert set(MAPPING.columns.all) == set(header)
