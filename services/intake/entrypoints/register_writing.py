"""Writes the register as CSV, as a page for A4, as PDF and as XLSX, a page of rows at a time."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from itertools import groupby
from typing import IO, Any

import xlsxwriter

from services.intake.domain.forms import FormKind, FormRules, era_on, form_of
from services.intake.domain.refused import RefusedError
from services.intake.domain.register import CELLS, Cell, Entry
from services.intake.entrypoints import layout
from services.intake.usecases.read_register import Period
from shared.printing import typeset

BOM = "\ufeff"
"""By which spreadsheets know UTF-8: without it they spoil Vietnamese letters."""
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
A4 = 9
"""The number by which workbooks name the paper."""
WIDTHS = {"number": 8, "code": 30, "procedure": 48, "sets": 8, "applicant": 28, "agency": 28}
"""Of columns, as shares of a page or in letters."""

MOST_PDF_ROWS = 1_000
"""More than a commune's month; laying them out takes some 200 MB."""
_ONE_AT_A_TIME = asyncio.Semaphore(1)

Pages = AsyncIterator[Sequence[Entry]]


async def as_csv(pages: Pages, rules: FormRules) -> AsyncIterator[str]:
    """Comma-separated, a header and a row per dossier; no cell is taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(column.vi for column in rules.columns.values())
    number = 0
    head = BOM
    async for page in pages:
        for entry in page:
            number += 1
            cells = cells_of(number, entry, rules)
            writer.writerow(harmless(layout.in_cell(cell)) for cell in cells)
        yield head + text.getvalue()
        head = ""
        text.seek(0)
        text.truncate()
    if head:
        yield head + text.getvalue()


async def as_html(pages: Pages, period: Period, rules: FormRules) -> AsyncIterator[str]:
    """A page that prints on A4; where the law changed within the period, a table per form."""
    templates = layout.pages()
    rows = templates.get_template("register_rows.html")
    columns = [column for name, column in rules.columns.items() if name != "form"]
    head = templates.get_template("register_head.html").render(period=period)
    number, shown = 0, ""
    async for page in pages:
        parts = [head]
        head = ""
        for era, entries in groupby(
            page, lambda entry: era_on(entry.received_at.date(), rules.eras)
        ):
            form = form_of(FormKind.REGISTER, era.valid_from or date.min, rules.eras)
            table = []
            for entry in entries:
                number += 1
                table.append(cells_of(number, entry, rules, without="form"))
            is_new = era.regulation != shown
            parts.append(
                rows.render(
                    form=form,
                    regulation=era.regulation,
                    columns=columns,
                    rows=table,
                    is_new=is_new,
                    ends_one=is_new and shown != "",
                )
            )
            shown = era.regulation
        yield "".join(parts)
    tail = templates.get_template("register_tail.html").render(number=number)
    yield head + tail


async def as_pdf(pages: Pages, period: Period, rules: FormRules) -> bytes:
    """A PDF for A4: short registers only, since a page count is known when all is laid out.

    Raises `RefusedError` for more than `MOST_PDF_ROWS`.
    """
    parts: dict[str, dict[str, Any]] = {}
    number = 0
    async for page in pages:
        for entry in page:
            number += 1
            if number > MOST_PDF_ROWS:
                raise RefusedError(
                    "last_on",
                    period.last_on.isoformat(),
                    f"a PDF has at most {MOST_PDF_ROWS} rows: ask for a shorter period, csv or xlsx",
                )
            form = form_on(entry, rules)
            cells = cells_of(number, entry, rules, without="form")
            part = parts.setdefault(form, {"form": form, "rows": []})
            part["rows"].append([layout.in_cell(cell) for cell in cells])
    agency = period.agency
    named = [(name, column) for name, column in rules.columns.items() if name != "form"]
    data = {
        "agency": agency.code,
        "agency_name": agency.name,
        "first_on": f"{period.first_on:%d/%m/%Y}",
        "last_on": f"{period.last_on:%d/%m/%Y}",
        "number": number,
        "widths": [WIDTHS.get(name, 18) for name, _ in named],
        "columns": [asdict(column) for _, column in named],
        "parts": list(parts.values()),
    }
    async with _ONE_AT_A_TIME:
        return await asyncio.to_thread(
            typeset, layout.TEMPLATES / "register.typ", "register", data, period.ends
        )


async def as_xlsx(pages: Pages, rules: FormRules) -> IO[bytes]:
    """A workbook in a temporary file: rows leave the memory as they are written."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed by whoever sends it
    try:
        book = xlsxwriter.Workbook(
            file, {"constant_memory": True, "default_date_format": "hh:mm dd/mm/yyyy"}
        )
        sheet = book.add_worksheet("Sổ theo dõi")
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True, "text_wrap": True, "border": 1})
        for place, (name, column) in enumerate(rules.columns.items()):
            sheet.set_column(place, place, WIDTHS.get(name, 18))
            sheet.write_string(0, place, column.vi, bold)
        number = 0
        async for page in pages:
            # In a thread, as the closing is: other requests go on meanwhile.
            await asyncio.to_thread(_write_page, sheet, number, page, rules)
            number += len(page)
        await asyncio.to_thread(book.close)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _write_page(
    sheet: xlsxwriter.worksheet.Worksheet, before: int, page: Sequence[Entry], rules: FormRules
) -> None:
    for number, entry in enumerate(page, before + 1):
        for place, cell in enumerate(cells_of(number, entry, rules)):
            match cell:
                case datetime():
                    # A spreadsheet's times know no zone: these are the agency's own.
                    sheet.write_datetime(number, place, cell.replace(tzinfo=None))
                case int():
                    sheet.write_number(number, place, cell)
                case str():
                    sheet.write_string(number, place, cell)


def cells_of(number: int, entry: Entry, rules: FormRules, *, without: str = "") -> list[Cell]:
    """The cells of a row, in the order of the columns."""
    form = form_on(entry, rules)
    return [CELLS[column](number, entry, form) for column in rules.columns if column != without]


def form_on(entry: Entry, rules: FormRules) -> str:
    """Which form the row belongs to, by the day of receipt: `Mẫu 07, Thông tư 03/2025/TT-VPCP`."""
    day = entry.received_at.date()
    form = form_of(FormKind.REGISTER, day, rules.eras)
    return "" if form is None else f"{form.name}, {era_on(day, rules.eras).regulation}"


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs: what a citizen wrote is text, whatever it begins with."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
