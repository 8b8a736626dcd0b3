"""Requests as spans, by route template, never by path: a path holds codes, and citizens' secret links."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import tracing
from shared.clock import wall_ns
from shared.http_metrics import METHODS, NO_ROUTE
from shared.tracing import Here, Place, Span

UNTOLD = ("/health/", "/metrics")
"""What machines ask every few seconds."""
HERE = "thanthien.trace"
"""Where the request's place stands in the ASGI scope, for who answers when all else has failed."""


CODE = re.compile(r"[A-Z0-9.]{1,35}-\d{6,8}-\d{4,7}")
"""A dossier's, in any of the legal shapes: a path may hold anything else as well."""


class HttpTraces:
    """ASGI middleware: where the request stands in a trace, and its span when it is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(UNTOLD):
            await self._app(scope, receive, send)
            return
        place, parent = tracing.enter(_traceparent(scope))
        if place is None:
            await self._app(scope, receive, send)
            return
        with tracing.standing(place) as here:
            scope[HERE] = here
            if place.is_kept:
                await self._measure(scope, receive, send, here, parent)
            else:
                await self._app(scope, receive, send)

    async def _measure(
        self, scope: Scope, receive: Receive, send: Send, here: Here, parent: Place | None
    ) -> None:
        status = 500  # of a request that ends without an answer

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began_ns = wall_ns()
        try:
            await self._app(scope, receive, note_status)
        finally:
            tracing.record(_span(scope, here, parent, status, began_ns))


def subject_of(scope: Scope) -> str | None:
    """The dossier a request is about, as far as is known."""
    here: Here | None = scope.get(HERE)
    if here is not None and here.subject is not None:
        return here.subject
    code = scope.get("path_params", {}).get("code")
    return code if isinstance(code, str) and CODE.fullmatch(code) else None


def log_fields(scope: Scope) -> dict[str, str]:
    """What a line of the log tells of a request: its route, its trace, its dossier.

    The route, not the path: a path may hold a citizen's secret link.
    """
    here: Here | None = scope.get(HERE)
    fields = {"route": getattr(scope.get("route"), "path", "unrouted")}
    fields |= tracing.named(_traceparent(scope) if here is None else here.place.traceparent)
    subject = subject_of(scope)
    return fields if subject is None else {**fields, "subject": subject}


def _span(scope: Scope, here: Here, parent: Place | None, status: int, began_ns: int) -> Span:
    route = getattr(scope.get("route"), "path", NO_ROUTE)
    method = scope["method"] if scope["method"] in METHODS else "_OTHER"
    attributes: dict[str, tracing.Value] = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
    }
    if subject := subject_of(scope):
        attributes[tracing.SUBJECT] = subject
    fault = str(status) if status >= 500 else None
    # fmt: off
    return Span(f"{method} {route}", "server", here.place, parent, began_ns, wall_ns(), attributes,
                fault=fault)
    # fmt: on


def _traceparent(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return str(value, "latin-1")
    return None
