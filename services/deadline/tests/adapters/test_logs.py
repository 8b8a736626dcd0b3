"""Logs of old systems: what is read, and how what cannot be is named."""

import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.deadline.adapters.logs import LogError, open_log
from services.deadline.tests.offices import local
from services.deadline.usecases.audit import Case, Mistake

GOOD = "case_id,received_at,limit\nA,2026-11-09T09:00:00,3d\n"


def read(
    file: Path, names: Mapping[str, str] | None = None, bare_limit: str | None = None
) -> list[Case | Mistake]:
    with open_log(file, names or {}, bare_limit, lambda _: None) as log:
        return [case for _, case in log]


def write(tmp_path: Path, text: str | bytes, name: str = "log.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_csv_and_gzipped_csv_are_read_alike_whatever_the_name(tmp_path: Path) -> None:
    plain, packed = write(tmp_path, GOOD), write(tmp_path, gzip.compress(GOOD.encode()), "log")
    assert read(plain) == read(packed) == [Case(2, "A", local("2026-11-09 09:00"), "3d")]


def test_columns_may_have_other_names_and_limits_be_bare_numbers(tmp_path: Path) -> None:
    text = "\ufeffid,open,days,done\nA,2026-11-09T09:00:00,3,2026-11-10T10:00:00\n"
    names = {"case_id": "id", "received_at": "open", "limit": "days", "closed_at": "done"}
    (case,) = read(write(tmp_path, text), names, "d")
    assert isinstance(case, Case)
    assert (case.limit, case.closed_at) == ("3d", local("2026-11-10 10:00"))


@pytest.mark.parametrize(
    ("content", "name", "mistake"),
    [
        ("case_id,limit\n", "a.csv", r"a\.csv: column received_at: is missing; there is case_id, limit"),
        ("", "a.csv", r"a\.csv: column case_id: is missing; there is nothing"),
        (GOOD, "a.csv.gz", r"a\.csv\.gz: file: is not gzipped"),
        (gzip.compress(GOOD.encode() * 500)[:-20], "a.csv.gz", r"after line \d+: the gzip is broken"),
        (GOOD.encode() + b"\xff\xfe,x,y\n", "a.csv", r"after line \d+: is not UTF-8"),
        (GOOD + '"' + "x" * 200_000, "a.csv", r"after line \d+: is not CSV"),
    ],
)  # fmt: skip
def test_a_log_that_cannot_be_read_names_the_file_where_and_why(
    tmp_path: Path, content: str | bytes, name: str, mistake: str
) -> None:
    with pytest.raises(LogError, match=mistake):
        read(write(tmp_path, content, name))


def test_a_file_that_is_not_there_and_a_column_nobody_knows_are_named(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"none\.csv: file: No such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(LogError, match=r"column closing: is none of ours: case_id"):
        read(write(tmp_path, GOOD), {"closing": "case_id"})
    with pytest.raises(LogError, match=r"column done: is missing"):
        read(write(tmp_path, GOOD), {"closed_at": "done"})


@pytest.mark.parametrize(
    ("row", "field", "why"),
    [
        ("B,2026-02-30T09:00:00,3d", "received_at", "'2026-02-30T09:00:00' is no ISO 8601"),
        ("B,yesterday,3d", "received_at", "'yesterday' is no ISO 8601"),
        ("B,,3d", "received_at", "is empty"),
        ("B,2026-11-09T09:00:00", "row", "has 2 fields; the heading has 3"),
        ("B,2026-11-09T09:00:00+07:00,3d", "received_at", "has an offset, unlike the times before"),
    ],
)
def test_a_row_that_cannot_be_read_is_a_mistake_with_its_row_field_and_rule(
    tmp_path: Path, row: str, field: str, why: str
) -> None:
    good, bad, after = read(write(tmp_path, f"{GOOD}{row}\nC,2026-11-09T09:00:00,3d\n"))
    assert isinstance(good, Case) and isinstance(after, Case)
    assert isinstance(bad, Mistake)
    assert (bad.row, bad.field) == (3, field) and why in bad.why
