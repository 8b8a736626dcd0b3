"""The board's pages: jinja2 with everything escaped, own style and script as files, nothing from elsewhere."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.deadline.entrypoints.broadcast import frame
from services.deadline.usecases.board import Snapshot

DIRECTORY = Path(__file__).parent / "templates"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
STATIC = {"board.css": "text/css", "board.js": "text/javascript"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # Not `no-referrer`: with it a browser says `Origin: null` of our own forms.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


class BoardPages:
    """The templates, all compiled when loaded: a broken one stops the start."""

    def __init__(self) -> None:
        environment = Environment(
            loader=FileSystemLoader(DIRECTORY), undefined=StrictUndefined, autoescape=True
        )
        environment.filters.update(clock=_clock, span=_span, moment=_moment)
        self._templates = {
            name: environment.get_template(name)
            for name in environment.list_templates(extensions=["html", "inc"])
        }
        self.static = {name: (DIRECTORY / name).read_bytes() for name in STATIC}

    def show(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Render `name.html`."""
        html = self._templates[f"{name}.html"].render(values)
        return HTMLResponse(html, status, headers=HEADERS)

    def figures(self, snapshot: Snapshot, *, is_overseer: bool) -> str:
        """The part of the board that changes; replicas' names and faults for overseers alone."""
        return self._templates["figures.inc"].render(board=snapshot, is_overseer=is_overseer)

    def wall_frame(self, snapshot: Snapshot) -> bytes:
        return frame(self.figures(snapshot, is_overseer=False))

    def overseer_frame(self, snapshot: Snapshot) -> bytes:
        return frame(self.figures(snapshot, is_overseer=True))


def _clock(instant: datetime) -> str:
    return instant.astimezone(ZONE).strftime("%H:%M")


def _moment(instant: datetime) -> str:
    return instant.astimezone(ZONE).strftime("%H:%M:%S %d/%m/%Y")


def _span(until: datetime, now: datetime) -> str:
    """`1:05:09` from now until then."""
    minutes, seconds = divmod(max(0, int((until - now).total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
