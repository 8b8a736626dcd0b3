"""A log is read whole, or refused by line and column before anything is started."""

import csv
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.local.__main__ import app
from deploy.local.replaying.log import Case, LogError, read_log
from deploy.local.replaying.mapping import BOSTON, MappingError, read_mapping
from deploy.local.tests.replayed_logs import HEADER, LINES, MAPPING, ZONE, log_file


def refused(file: Path) -> str:
    with pytest.raises(LogError) as error:
        read_log(file, MAPPING)
    return str(error.value)


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


def test_the_boston_mapping_names_every_column_of_its_log() -> None:
    header = next(csv.reader([HEADER]))
    assert set(MAPPING.columns.all) == set(header)
