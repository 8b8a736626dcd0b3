"""Reads a log whole before anything is done with it: what is wrong is named by line and column."""

import csv
import gzip
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.local.replaying.mapping import Channel, LogMapping

GZIP_MAGIC = b"\x1f\x8b"
LONGEST_REFERENCE = 100


class LogError(ValueError):
    """The log cannot be replayed; the message names the file, the line and the column."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the log. Instants are aware, in the log's time zone."""

    reference: str
    unit: str
    department: str
    procedure: str
    channel: Channel
    received_at: datetime
    promised_at: datetime | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Log:
    """All cases, in the order they were received, and what had to be mended."""

    cases: tuple[Case, ...]
    closed_before_opened: int


def read_log(file: Path, mapping: LogMapping) -> Log:
    """Read every line, or none. Raises `LogError`."""
    text = io.StringIO(_decode(file, _unpack(file)), newline="")
    reader = csv.DictReader(text, strict=True)
    try:
        header = reader.fieldnames or []
        missing = [
            f"{column} ({meaning})"
            for column, meaning in mapping.columns.all.items()
            if column not in header
        ]
        if missing:
            raise LogError(
                f"{file}: line 1: the columns {', '.join(missing)} are missing; there are:"
                f" {', '.join(header) or 'none'}"
            )
        return _gather(file, reader, mapping)
    except csv.Error as error:
        raise LogError(f"{file}: line {reader.line_num}: {error}") from error


def _unpack(file: Path) -> bytes:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise LogError(f"{file}: {error.strerror}") from error
    if not raw.startswith(GZIP_MAGIC):
        if file.suffix == ".gz":
            raise LogError(f"{file}: it is named .gz, and is no gzip file")
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LogError(f"{file}: the gzip file is broken: {error}") from error


def _decode(file: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise LogError(f"{file}: line {line}: it is not UTF-8 text ({error.reason})") from error


def _gather(file: Path, reader: "csv.DictReader[str]", mapping: LogMapping) -> Log:
    cases: list[Case] = []
    first_lines: dict[str, int] = {}
    mended = 0
    for row in reader:
        where = f"{file}: line {reader.line_num}"
        # DictReader puts what is too much under None, and None where something is missing.
        if None in row or None in row.values():
            raise LogError(f"{where}: it has not as many cells as the header")
        case = _case(where, row, mapping)
        if case.reference in first_lines:
            raise LogError(
                f"{where}: column {mapping.columns.reference}: {case.reference} is on line"
                f" {first_lines[case.reference]} already"
            )
        first_lines[case.reference] = reader.line_num
        if case.resolved_at is not None and case.resolved_at < case.received_at:
            case = _mended(where, case, mapping)
            mended += 1
        cases.append(case)
    if not cases:
        raise LogError(f"{file}: there is no case in it")
    cases.sort(key=lambda case: (case.received_at, case.reference))
    return Log(tuple(cases), mended)


def _case(where: str, row: Mapping[str, str], mapping: LogMapping) -> Case:
    columns = mapping.columns
    department = row[columns.department].strip() if columns.department else ""
    received_at = _instant(where, row, columns.received_at, mapping)
    if received_at is None:
        raise LogError(f"{where}: column {columns.received_at} is empty")
    reference = _text(where, row, columns.reference)
    if len(reference) > LONGEST_REFERENCE:
        raise LogError(
            f"{where}: column {columns.reference}: more than {LONGEST_REFERENCE} letters"
        )
    return Case(
        reference=reference,
        unit=_text(where, row, columns.unit),
        department=department,
        procedure=_text(where, row, columns.procedure),
        channel=mapping.channel(row[columns.channel].strip()),
        received_at=received_at,
        promised_at=_instant(where, row, columns.promised_at, mapping),
        resolved_at=_instant(where, row, columns.resolved_at, mapping),
    )


def _text(where: str, row: Mapping[str, str], column: str) -> str:
    text = row[column].strip()
    if not text or "\x00" in text:
        raise LogError(f"{where}: column {column} is {'not text' if text else 'empty'}")
    return text


def _instant(
    where: str, row: Mapping[str, str], column: str | None, mapping: LogMapping
) -> datetime | None:
    text = row[column].strip() if column else ""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise LogError(
            f"{where}: column {column} is {text!r}; a date and time as 2015-01-31T09:30:00 is asked"
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=mapping.zone)


def _mended(where: str, case: Case, mapping: LogMapping) -> Case:
    if mapping.refuses_closed_before_opened:
        raise LogError(
            f"{where}: column {mapping.columns.resolved_at}: {case.reference} was resolved before"
            f" it was received ({mapping.columns.received_at})"
        )
    return Case(
        case.reference,
        case.unit,
        case.department,
        case.procedure,
        case.channel,
        case.received_at,
        case.promised_at,
        case.received_at,
    )
