"""Sổ theo dõi hồ sơ: the register of an agency and period, as a page for A4, CSV or XLSX."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import IO, Annotated, Literal

import xlsxwriter
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.intake.domain.forms import FormKind, FormRules, era_on, form_of
from services.intake.domain.register import CELLS, Cell, Entry
from services.intake.entrypoints import layout
from services.intake.entrypoints.bodies import Day
from services.intake.entrypoints.desk import Desk
from services.intake.entrypoints.negotiation import HTML, preferred
from services.intake.entrypoints.slip_routes import PRIVATE
from services.intake.usecases.read_register import Period, open_period, read_register
from shared.identity import BOUND_TO_AGENCY, Caller, Role, require

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {"html": HTML, "csv": CSV, "xlsx": XLSX}
CHUNK_BYTES = 65_536
BOM = "\ufeff"
"""By which spreadsheets know UTF-8: without it they spoil Vietnamese letters."""
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
WIDE = {"number": 6, "code": 26, "procedure": 48, "applicant": 28, "agency": 28, "signature": 14}

Reader = Annotated[Caller, Depends(require(*Role))]
Pages = AsyncIterator[Sequence[Entry]]


def register_route(desk: Desk) -> APIRouter:
    """GET /agencies/{agency}/register."""
    router = APIRouter(tags=["slips"])

    @router.get(
        "/agencies/{agency}/register",
        response_class=Response,
        responses={200: {"content": {HTML: {}, CSV: {}, XLSX: {}}}},
    )
    async def get_register(
        agency: str,
        caller: Reader,
        request: Request,
        first_on: Annotated[Day, Query()],
        last_on: Annotated[Day, Query()],
        format: Literal["html", "csv", "xlsx"] | None = None,
    ) -> Response:
        """The dossiers an agency received from `first_on` to `last_on`, both of them in it.

        As `format` or Accept asks. Inspectors and operators see the cases, not the persons.
        """
        caller.must_act_for(agency)
        period = await desk.transact(lambda t: open_period(agency, first_on, last_on, t))
        pages = read_register(period, desk.transact, with_names=caller.role in BOUND_TO_AGENCY)
        accept = request.headers.get("accept", "*/*")
        media = FORMATS[format] if format else preferred(accept, (HTML, CSV, XLSX))
        body: AsyncIterator[str] | AsyncIterator[bytes]
        if media == XLSX:
            body = _file_chunks(await as_xlsx(pages, desk.forms))
        else:
            is_page = media == HTML
            text = as_html(pages, period, desk.forms) if is_page else as_csv(pages, desk.forms)
            # The first part is written before the answer begins: what fails then is still a problem.
            body = _after_first(await anext(text), text)
        headers = dict(PRIVATE)
        if media != HTML:
            name = f"so-theo-doi-{agency}-{first_on}-{last_on}.{'csv' if media == CSV else 'xlsx'}"
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return StreamingResponse(body, headers=headers, media_type=media)

    return router


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


async def as_xlsx(pages: Pages, rules: FormRules) -> IO[bytes]:
    """A workbook in a temporary file: rows leave the memory as they are written."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed by whoever sends it
    try:
        book = xlsxwriter.Workbook(
            file, {"constant_memory": True, "default_date_format": "hh:mm dd/mm/yyyy"}
        )
        sheet = book.add_worksheet("Sổ theo dõi")
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True, "text_wrap": True, "border": 1})
        for place, (name, column) in enumerate(rules.columns.items()):
            sheet.set_column(place, place, WIDE.get(name, 18))
            sheet.write_string(0, place, column.vi, bold)
        number = 0
        async for page in pages:
            for entry in page:
                number += 1
                for place, cell in enumerate(cells_of(number, entry, rules)):
                    match cell:
                        case datetime():
                            # A spreadsheet's times know no zone: these are the agency's own.
                            sheet.write_datetime(number, place, cell.replace(tzinfo=None))
                        case int():
                            sheet.write_number(number, place, cell)
                        case str():
                            sheet.write_string(number, place, cell)
            await asyncio.sleep(0)
        await asyncio.to_thread(book.close)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def cells_of(number: int, entry: Entry, rules: FormRules, *, without: str = "") -> list[Cell]:
    """The cells of a row, in the order of the columns."""
    day = entry.received_at.date()
    form = form_of(FormKind.REGISTER, day, rules.eras)
    name = f"{form.name}, {era_on(day, rules.eras).regulation}" if form else ""
    return [CELLS[column](number, entry, name) for column in rules.columns if column != without]


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs: what a citizen wrote is text, whatever it begins with."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


async def _after_first(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for part in rest:
        yield part


async def _file_chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
