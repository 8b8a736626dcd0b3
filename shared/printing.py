"""What is printed: QR codes, and PDF from templates that read their data."""

import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import segno


def qr_code(text: str) -> str:
    """An inline SVG, as large as its style says."""
    drawn = io.BytesIO()
    code: Any = segno.make(text, error="m")
    code.save(drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=1)
    return drawn.getvalue().decode()


def typeset(template: Path, name: str, data: object, dated: datetime) -> bytes:
    """A PDF/A-2a of a Typst template, which reads `data` under `name`.

    Given as data, nothing that a citizen wrote is read as markup. Nothing is fetched, no font but the
    package's own is used, and the file is dated by what it tells: the same data, the same bytes.
    """
    # Imported when first needed: a process that prints nothing need not carry it.
    import typst

    laid_out = typst.compile(
        template.read_bytes(),
        ignore_system_fonts=True,
        sys_inputs={name: json.dumps(data, ensure_ascii=False)},
        pdf_standards="a-2a",
        timestamp=int(dated.timestamp()),
    )
    assert isinstance(laid_out, bytes)
    return laid_out
