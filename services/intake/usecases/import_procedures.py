"""Imports the national list of procedures, a CSV with Vietnamese column names."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime

from services.intake.domain.procedures import COLUMNS, RefusedLine, read_lines
from services.intake.domain.refused import RefusedError
from services.intake.usecases.ports import Actor, Transaction
from services.intake.usecases.register_procedures import register_procedures

NATIONAL_LIST_FROM = date(2018, 6, 21)
"""NĐ 61/2018 came into force: the list carries no dates, and its limits are counted by that decree."""


async def import_procedures(
    text: str, valid_from: date, actor: Actor, transaction: Transaction, now: datetime
) -> tuple[int, list[RefusedLine]]:
    """Register what can be read; return how many procedures, and the lines refused.

    Raises `RefusedError` when the text is no CSV or a column is missing: nothing is imported then.
    """
    procedures, refused = read_lines(_lines(text), valid_from)
    await register_procedures(procedures, actor, transaction, now)
    return len(procedures), refused


def _lines(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        columns = reader.fieldnames or ()
        for column in COLUMNS:
            if column not in columns:
                raise RefusedError("header", ",".join(columns), f"column {column} is missing")
        for line in reader:
            yield reader.line_num, {column: line[column] or "" for column in COLUMNS}
    except csv.Error as error:
        raise RefusedError("line", reader.line_num, f"it is not CSV: {error}") from error
