"""Reads an old system's log, CSV or gzipped CSV, a row at a time, and writes it with verdicts."""

import csv
import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import IO, cast

from services.deadline.usecases.audit import Case, Mistake

REQUIRED = ("case_id", "received_at", "limit")
TIMES = ("received_at", "promised_due_at", "closed_at", "closed_message_at")
GZIP = b"\x1f\x8b"
"""How a gzipped file begins."""

KNOWN = (*REQUIRED, *TIMES[1:], "unit")


class LogError(ValueError):
    """A log that cannot be read at all: the file, where, and why."""

    def __init__(self, file: Path, where: str, why: str) -> None:
        super().__init__(f"{file}: {where}: {why}")


@contextmanager
def open_log(
    file: Path,
    names: Mapping[str, str],
    bare_limit: str | None,
    read_bytes: Callable[[int], None],
) -> Iterator["CaseLog"]:
    """Open a log, gzipped or not.

    `names`: our column -> theirs. `bare_limit` (d or h) is the unit of limits given as bare numbers.
    `read_bytes` is told how far in the file we are. Raises `LogError`, here or at any row.
    """
    try:
        raw = file.open("rb")
    except OSError as error:
        raise LogError(file, "file", error.strerror or repr(error)) from error
    with raw:
        is_packed = raw.read(2) == GZIP
        raw.seek(0)
        if file.suffix == ".gz" and not is_packed:
            raise LogError(file, "file", "is not gzipped, as its name says")
        with (
            gzip.GzipFile(fileobj=raw) if is_packed else nullcontext(raw) as unpacked,
            io.TextIOWrapper(cast(IO[bytes], unpacked), "utf-8-sig", newline="") as lines,
        ):
            yield CaseLog(file, lines, names, bare_limit, lambda: read_bytes(raw.tell()))


class CaseLog:
    """One log, open. Iterate over it once: its rows as they stand, with the case or mistake in each."""

    def __init__(
        self,
        file: Path,
        lines: Iterable[str],
        names: Mapping[str, str],
        bare_limit: str | None,
        tell_progress: Callable[[], None],
    ) -> None:
        """Reads the heading. Raises `LogError`."""
        self._file = file
        self._bare_limit = bare_limit
        self._tell_progress = tell_progress
        self._has_offsets: bool | None = None
        self._lines = csv.reader(lines)
        self.heading = self._next() or []
        self._places = self._find(names)

    def _find(self, names: Mapping[str, str]) -> dict[str, int]:
        if strange := sorted(names.keys() - set(KNOWN)):
            known = ", ".join(KNOWN)
            raise LogError(self._file, f"column {strange[0]}", f"is none of ours: {known}")
        wanted = {ours: names.get(ours, ours) for ours in KNOWN}
        for ours, theirs in wanted.items():
            if theirs not in self.heading and (ours in REQUIRED or ours in names):
                there = ", ".join(self.heading) or "nothing"
                raise LogError(self._file, f"column {theirs}", f"is missing; there is {there}")
        return {
            ours: self.heading.index(theirs)
            for ours, theirs in wanted.items()
            if theirs in self.heading
        }

    def __iter__(self) -> Iterator[tuple[Sequence[str], Case | Mistake]]:
        number = 1
        while (row := self._next()) is not None:
            number += 1
            if not number % 10_000:
                self._tell_progress()
            if row:
                yield row, self._case(number, row)

    def unit_of(self, row: Sequence[str]) -> str:
        """The unit a row belongs to; empty where the log names none."""
        place = self._places.get("unit")
        return "" if place is None else row[place].strip()

    def _next(self) -> list[str] | None:
        try:
            return next(self._lines, None)
        except (gzip.BadGzipFile, EOFError) as error:
            raise LogError(self._file, self._line(), f"the gzip is broken: {error}") from error
        except UnicodeDecodeError as error:
            raise LogError(self._file, self._line(), f"is not UTF-8: {error.reason}") from error
        except csv.Error as error:
            raise LogError(self._file, self._line(), f"is not CSV: {error}") from error
        except OSError as error:
            raise LogError(self._file, self._line(), repr(error)) from error

    def _line(self) -> str:
        return f"after line {self._lines.line_num}"

    def _case(self, number: int, row: list[str]) -> Case | Mistake:
        if len(row) != len(self.heading):
            why = f"has {len(row)} fields; the heading has {len(self.heading)}"
            return Mistake(number, "row", why)
        texts = {ours: row[place].strip() for ours, place in self._places.items()}
        times: dict[str, datetime | None] = {}
        for name in TIMES:
            text = texts.get(name, "")
            times[name] = None
            if text:
                try:
                    at = times[name] = datetime.fromisoformat(text)
                except ValueError:
                    return Mistake(number, name, f"{text!r} is no ISO 8601 date and time")
                if mixed := self._mixed(at):
                    return Mistake(number, name, f"{text!r} {mixed}")
        received_at = times["received_at"]
        if received_at is None:
            return Mistake(number, "received_at", "is empty")
        limit = texts["limit"]
        if self._bare_limit is not None and limit.isdecimal():
            limit += self._bare_limit
        # fmt: off
        return Case(number, texts["case_id"], received_at, limit, times["promised_due_at"],
                    times["closed_at"], times["closed_message_at"])
        # fmt: on

    def _mixed(self, at: datetime) -> str | None:
        """Local times and times with an offset in one log: which of them is wrong nobody can tell."""
        has_offset = at.tzinfo is not None
        if self._has_offsets is None:
            self._has_offsets = has_offset
        if has_offset != self._has_offsets:
            return f"has {'an' if has_offset else 'no'} offset, unlike the times before it"
        return None
