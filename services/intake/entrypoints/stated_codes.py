"""Reads another system's list of codes and statuses: CSV or NDJSON."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from services.intake.domain.codes import Era, parse
from services.intake.domain.refused import RefusedError

STATUSES = {str(status): status for status in range(1, 11)}
SUFFIXES = (".csv", ".ndjson", ".jsonl")


class LineError(ValueError):
    """A line that cannot be compared: which, and the field, value and rule."""

    def __init__(self, line: int, refused: RefusedError) -> None:
        super().__init__(f"line {line}: {refused}")


def read_stated(file: Path, eras: Sequence[Era]) -> dict[str, int]:
    """The national status of each code in a file that has `code` and `status`; other columns are not
    read. Raises `LineError`, and `RefusedError` where it is the file itself that is wrong.
    """
    if file.suffix not in SUFFIXES:
        raise RefusedError("file", file.name, f"its name ends in {', '.join(SUFFIXES)}")
    stated: dict[str, int] = {}
    # utf-8-sig: spreadsheets begin their CSV with a byte order mark.
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = _csv_rows(lines) if file.suffix == ".csv" else _json_rows(lines)
        for number, row in rows:
            try:
                code, status = _standing(row, eras)
                if stated.setdefault(code, status) != status:
                    rule = f"one status per code; an earlier line gave {stated[code]}"
                    raise RefusedError("status", status, f"{rule} for {code}")
            except RefusedError as refused:
                raise LineError(number, refused) from refused
    return stated


def _standing(row: dict[str, Any], eras: Sequence[Era]) -> tuple[str, int]:
    code, status = str(row.get("code") or "").strip(), str(row.get("status") or "").strip()
    parse(code, eras)
    if status not in STATUSES:
        raise RefusedError("status", status, "a national status is 1 to 10")
    return code, STATUSES[status]


def _csv_rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(lines)
    for column in ("code", "status"):
        if column not in (reader.fieldnames or ()):
            raise RefusedError("header", reader.fieldnames, f"a column is called {column}")
    for row in reader:
        yield reader.line_num, row


def _json_rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise LineError(
                number, RefusedError("line", line[:80].strip(), f"not JSON: {error}")
            ) from error
        if not isinstance(row, dict):
            raise LineError(
                number,
                RefusedError("line", line[:80].strip(), "a JSON object with code and status"),
            )
        yield number, row
