"""Forms laid out: as HTML that prints, as PDF, as data."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.intake.domain.forms import Words
from services.intake.domain.papers import Paper, Table, minute
from services.intake.entrypoints.answers import (
    LineShown,
    PaperShown,
    SignatureShown,
    TableShown,
    WordsShown,
)
from shared.printing import qr_code, typeset

TEMPLATES = Path(__file__).parent / "templates"


class LookUp(NamedTuple):
    """Where a citizen sees how the dossier stands, and what opens its times."""

    url: str
    secret: str | None


@cache
def pages() -> Environment:
    """Where the pages' templates are found; what a citizen wrote is escaped."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["minute"] = minute
    found.filters["cell"] = in_cell
    return found


def html(paper: Paper, look_up: LookUp) -> str:
    """The form as a page that prints on A5."""
    return (
        pages()
        .get_template("slip.html")
        .render(paper=paper, look_up=look_up, qr=qr_code(look_up.url))
    )


def pdf(paper: Paper, look_up: LookUp) -> bytes:
    """The form as PDF/A-2a, to be kept as long as the dossier; takes some hundredths of a second."""
    said = {**shown(paper, look_up).model_dump(mode="json"), "qr": qr_code(look_up.url)}
    said["issued"] = minute(paper.issued_at).vi
    said["widths"] = [] if paper.table is None else list(paper.table.widths)
    return typeset(TEMPLATES / "slip.typ", "paper", said, paper.issued_at)


def shown(paper: Paper, look_up: LookUp) -> PaperShown:
    """The form as data."""
    form = paper.form
    return PaperShown(
        number=form.number,
        kind=form.kind,
        title=words(form.title),
        regulation=paper.regulation,
        code=paper.code,
        paper_number=paper.number,
        agency_name=paper.agency_name,
        issued_at=paper.issued_at,
        says=None if form.says is None else words(form.says),
        lines=[
            LineShown(
                name=line.name,
                label=words(line.label),
                value=None if line.value is None else words(line.value),
            )
            for line in paper.lines
        ],
        table=None if paper.table is None else _table(paper.table),
        signatures=[
            SignatureShown(label=words(signature.label), name=signature.name)
            for signature in paper.signatures
        ],
        copies_to=[words(copy) for copy in form.copies_to],
        look_up_url=look_up.url,
        look_up_secret=look_up.secret,
    )


def words(said: Words) -> WordsShown:
    return WordsShown(vi=said.vi, en=said.en)


def _table(table: Table) -> TableShown:
    return TableShown(
        columns=[words(column) for column in table.columns],
        rows=[[words(cell) for cell in row] for row in table.rows],
    )


def in_cell(value: str | int | datetime | None) -> str:
    """What stands in a cell of the register."""
    if isinstance(value, datetime):
        return f"{value:%H:%M %d/%m/%Y}"
    return "" if value is None else str(value)
