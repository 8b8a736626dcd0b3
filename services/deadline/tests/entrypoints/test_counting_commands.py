"""`regimes`, `due` and `audit` as people type them."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from services.deadline.main import add_commands

LOG = """case_id,received_at,limit,promised_due_at,closed_at,closed_message_at,note
A,2026-11-09T09:00:00,3d,2026-11-12T17:00:00,2026-11-12T16:00:00,2026-11-13T08:00:00,x
B,2026-11-13T15:01:00,same-day,2026-11-13T17:00:00,2026-11-16T18:00:00,,y
"""


def run(*arguments: str) -> Result:
    app = typer.Typer()
    add_commands(app)
    return CliRunner().invoke(app, list(arguments))


def data(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def due(regime: str, received: str, limit: str, *more: str) -> Any:
    return data("due", "--regime", regime, "--received", received, "--limit", limit, *more)


def test_the_regimes_are_listed_with_their_periods_and_sources() -> None:
    listed = {one["regime"]: one for one in data("regimes")}
    assert set(listed) == {"nd61", "qd766", "ho-tich", "chung-thuc", "boston-311"}
    assert listed["qd766"]["periods"][0]["supplement"] == "subtract"
    assert "NĐ 61/2018/NĐ-CP art. 18" in listed["nd61"]["periods"][0]["sources"]
    assert "Luật Hộ tịch" in run("regimes").stdout


def test_due_prints_one_object_with_the_dates_their_versions_and_their_steps() -> None:
    told = due("nd61", "2026-08-21T15:01:00", "same-day", "--pledge", "same-day")
    assert told["legal_due"] == "2026-08-22T17:00:00+07:00"
    assert told["pledge_due"] == "2026-08-21T17:00:00+07:00"
    assert told["regime"] == "nd61" and told["calendar_version"].startswith("vn-")
    assert [step["rule"] for step in told["steps"]] == ["after_cut_off", "close", "pledge_friday"]
    assert all(step["vi"] and step["en"] and step["source"] for step in told["steps"])
    assert due("nd61", "2026-08-21T08:01:00+00:00", "3d")["pledge_due"] is None


def test_a_regime_cites_its_own_law() -> None:
    told = due("ho-tich", "2026-08-21T15:01:00", "same-day")
    assert told["steps"][0]["source"] == "Luật Hộ tịch art. 5.3"


def test_a_unit_has_its_own_hours(tmp_path: Path) -> None:
    unit = tmp_path / "unit.yaml"
    unit.write_text('hours: {monday: [["08:00", "12:00"]], tuesday: [["08:00", "10:00"]]}')
    told = due("nd61", "2026-11-09T09:00:00", "1d", "--unit", str(unit))
    assert told["legal_due"] == "2026-11-10T10:00:00+07:00"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            "hours: {monday: [['12:00', '08:00']]}",
            "hours: monday: 12:00:00 to 08:00:00 ends before",
        ),
        ("hours: {mon: [['08:00', '12:00']]}", "hours: 'mon' is not a weekday"),
        ("opening: 8", "opening: Extra inputs are not permitted"),
        ("time_zone: Mars/Phobos", "time_zone: 'Mars/Phobos' is no IANA time zone"),
        ("hours: [", "file: is not YAML"),
    ],
)
def test_a_units_file_that_is_wrong_is_named_with_field_and_rule(
    tmp_path: Path, text: str, mistake: str
) -> None:
    unit = tmp_path / "unit.yaml"
    unit.write_text(text)
    result = run(
        "due", "--regime", "nd61", "--received", "2026-11-09T09:00", "--limit", "1d", "--unit", str(unit)
    )  # fmt: skip
    assert result.exit_code == 2 and f"unit.yaml: {mistake}" in result.stderr


@pytest.mark.parametrize(
    ("regime", "received", "limit", "mistake"),
    [
        ("nd999", "2026-11-09T09:00", "1d", "regime 'nd999' is not in the rule book; boston-311,"),
        ("nd61", "2026-11-09T09:00", "soon", "'soon' is no limit; same-day, 3d"),
        ("ho-tich", "2026-11-09T09:00", "8h", "'ho-tich' counts no 'hours'"),
        ("nd61", "2041-01-01T09:00", "1d", "calendar 'vn' reaches from"),
        ("nd61", "2009-01-01T09:00", "1d", "regime 'nd61' has no figures for 2009-01-01"),
        ("boston-311", "2015-03-08T02:30", "1d", "does not exist in America/New_York"),
        ("nd61", "tomorrow", "1d", "'tomorrow' is no ISO 8601"),
    ],
)
def test_what_cannot_be_counted_is_refused_in_words(
    regime: str, received: str, limit: str, mistake: str
) -> None:
    result = run("due", "--regime", regime, "--received", received, "--limit", limit)
    assert result.exit_code == 2
    assert mistake in " ".join(result.stderr.replace("│", " ").split())


def test_an_audit_writes_the_log_again_with_its_verdicts(tmp_path: Path) -> None:
    log, out = tmp_path / "log.csv", tmp_path / "out.csv"
    log.write_text(LOG)
    told = data("audit", str(log), "--regime", "nd61", "--out", str(out), "--language", "en")
    assert told["total"]["cases"] == 2 and told["limits"]["3d"]["late_by_sync"] == 1
    assert told["largest_disagreements"][0]["case_id"] == "B"
    assert told["largest_disagreements"][0]["minutes_apart"] == 3 * 24 * 60
    with out.open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["note"], first["agrees"], first["minutes_late"]) == ("x", "true", "0")
    assert (first["due_at"], first["late_by_sync"]) == ("2026-11-12T17:00:00+07:00", "true")
    assert (second["agrees"], second["minutes_late"], second["late_by_sync"]) == ("false", "60", "")
    assert "forwarded on the next working day" in second["explanation"]


def test_an_audit_leaves_no_bad_row_unsaid_and_ends_with_1(tmp_path: Path) -> None:
    log, out = tmp_path / "log.csv", tmp_path / "out.csv"
    log.write_text(LOG + "C,2026-11-09T09:00:00,soon,,,,\n")
    result = run("audit", str(log), "--regime", "nd61", "--out", str(out))
    assert result.exit_code == 1
    assert "1 rows were not counted" in result.stdout and "row 4: limit: 'soon'" in result.stdout
    with out.open(newline="") as file:
        *_, last = csv.DictReader(file)
    assert last["explanation"].startswith("not counted: limit: 'soon' is no limit")


def test_a_log_that_cannot_be_read_ends_with_2(tmp_path: Path) -> None:
    log = tmp_path / "log.csv.gz"
    log.write_text("case_id\n")
    result = run("audit", str(log), "--regime", "nd61")
    assert result.exit_code == 2 and "log.csv.gz: file: is not gzipped" in result.stderr


def test_what_if_tells_two_pledges_apart(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "case_id,received_at,limit,closed_at,unit\n"
        "A,2026-11-13T15:01:00,same-day,2026-11-13T16:30:00,Minh Hưng\n"
        "B,2026-11-12T09:00:00,3d,2026-11-12T16:30:00,Nha Bích\n"
    )
    options = ("--regime", "nd61", "--pledge", "none", "--pledge", "same-day")
    law, pledged = data("what-if", str(log), *options)["scenarios"]
    assert (law["same_day"], pledged["same_day"], pledged["same_day_kept"]) == (0, 2, 2)
    assert law["fridays"] == {"Minh Hưng": {"dossiers": 1, "put_off": 1, "closed_later": 0}}
    assert pledged["busiest_hours"][0] == {"hour": "2026-11-12 17:00", "appointments": 1}
    told = run("what-if", str(log), *options)
    assert told.exit_code == 0 and "Minh Hưng" in told.stdout


def test_what_if_asks_for_two_of_something(tmp_path: Path) -> None:
    result = run("what-if", str(tmp_path / "log.csv"), "--regime", "nd61")
    assert result.exit_code == 2 and "two of one of them are asked" in result.stderr


def test_a_log_that_breaks_off_leaves_no_half_of_an_answer(tmp_path: Path) -> None:
    log, out = tmp_path / "log.csv.gz", tmp_path / "out.csv"
    rows = "".join(f"C{n},2026-11-09T09:00:{n % 60:02},3d,,,,{n}\n" for n in range(20_000))
    log.write_bytes(gzip.compress((LOG + rows).encode())[:-100])
    result = run("audit", str(log), "--regime", "nd61", "--out", str(out))
    assert result.exit_code == 2 and "the gzip is broken" in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["log.csv.gz"]


def test_the_answer_may_take_the_place_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(LOG)
    assert run("audit", str(log), "--regime", "nd61", "--out", str(log)).exit_code == 0
    with log.open(newline="") as file:
        assert [row["agrees"] for row in csv.DictReader(file)] == ["true", "false"]
