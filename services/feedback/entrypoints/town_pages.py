"""The town's page, live, and the public page of stars: both from one board, and without a script as well."""

from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.feedback.entrypoints.town_board import TooManyViewersError, TownBoard
from services.feedback.entrypoints.town_words import line_of
from services.feedback.usecases.show_town import Town
from shared.problems import Problem

DIRECTORY = Path(__file__).parent / "town"
RETRY_MS = 5_000
"""How long a browser waits before it comes back after a stream has ended."""


class TownPages:
    """The templates of both pages, with their style and the one script."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        style = (directory / "town.css").read_text(encoding="utf-8")
        script = (directory / "town.js").read_text(encoding="utf-8")
        environment = Environment(
            loader=FileSystemLoader(directory), undefined=StrictUndefined, autoescape=True
        )
        environment.globals.update(style=Markup(style), script=Markup(script))
        self._board = environment.get_template("board.inc")
        self._pages = {name: environment.get_template(f"{name}.html") for name in ("town", "stars")}
        self._headers = {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
                "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        self._last: tuple[Town, str] | None = None

    def page(self, name: str, town: Town) -> HTMLResponse:
        """`town` or `stars`."""
        return HTMLResponse(self._pages[name].render(_values(town)), headers=self._headers)

    def message(self, town: Town) -> str:
        """The board as one server-sent event, written once for all viewers."""
        if self._last is None or self._last[0] is not town:
            lines = self._board.render(_values(town)).splitlines()
            self._last = town, "".join(f"data: {line}\n" for line in lines if line.strip()) + "\n"
        return self._last[1]


def town_pages(board: TownBoard, pages: TownPages) -> APIRouter:
    """`GET /town`, `GET /town/live` and `GET /stars`; public."""
    router = APIRouter(tags=["town"])

    @router.get("/town", response_class=HTMLResponse)
    async def town() -> Response:
        """Units side by side, the worst first: today, this quarter, and the trend of their weeks."""
        return pages.page("town", await board.show())

    @router.get("/stars", response_class=HTMLResponse)
    async def stars() -> Response:
        """Stars and votes of the town and of each unit, and where the open data are."""
        return pages.page("stars", await board.show())

    @router.get(
        "/town/live",
        response_class=Response,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )
    async def live(request: Request) -> Response:
        """The town's board as server-sent events: at once, and whenever it has changed."""
        is_stopping: Callable[[], bool] = getattr(request.app.state, "is_stopping", lambda: False)
        following = board.follow(is_stopping)
        try:
            first = await anext(following)
        except TooManyViewersError as error:
            raise Problem(
                503,
                "Too many viewers",
                "the page is shown without a script",
                type="too-many-viewers",
            ) from error
        return StreamingResponse(
            _events(first, following, pages),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return router


async def _events(
    first: Town | None, following: AsyncIterator[Town | None], pages: TownPages
) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n"
    if first is not None:
        yield pages.message(first)
    async for town in following:
        yield ":\n\n" if town is None else pages.message(town)


def _values(town: Town) -> dict[str, object]:
    seen_at = town.seen_at.astimezone(town.time_zone)
    return {
        "whole": line_of(town.whole, town.rules),
        "units": [line_of(unit, town.rules) for unit in town.units],
        "on": f"{town.on:%d/%m/%Y}",
        "seen_at": f"{seen_at:%H:%M:%S}",
        "quarter": f"{(town.on.month + 2) // 3}/{town.on.year}",
        "fewest_votes": town.rules.fewest_votes,
    }


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
