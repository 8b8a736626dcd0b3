"""Problem details (RFC 9457): every refusal over HTTP names the field, the value and the rule."""

from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from shared.http_traces import log_fields
from shared.postgres import is_transient

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
LONGEST_VALUE = 80
RETRY_SECONDS = 2
LARGEST_NUMBER = 2**53
"""The last whole number every reader of JSON keeps as it is; further ones are told as text."""


class Problem(Exception):  # noqa: N818  the standard's word
    """A refusal to a caller. `extensions` are further members (`field`, `value`, `rule`, …)."""

    def __init__(
        self, status: int, title: str, detail: str, *, type: str = "about:blank", **extensions: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.type = type
        self.extensions = extensions
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        """The members of the problem, as JSON values."""
        return {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extensions,
        }

    def response(self) -> Response:
        return Response(
            orjson.dumps(self.body(), default=str),
            self.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


def invalid(errors: list[Mapping[str, Any]]) -> Problem:
    """The problem of a request that does not have the asked shape: one entry per fault."""
    faults = [
        {
            "field": ".".join(str(part) for part in error["loc"] if part != "body") or "body",
            "value": _shortened(error.get("input")),
            "rule": error["msg"],
        }
        for error in errors
    ]
    fields = ", ".join(fault["field"] for fault in faults)
    return Problem(
        422,
        "The request is not as asked",
        f"wrong: {fields}",
        type="invalid-request",
        errors=faults,
    )


def not_now(detail: str) -> Problem:
    """The 503 of a fault that passes by itself."""
    problem = Problem(503, "Not now", detail, type="unavailable")
    problem.headers = {"Retry-After": str(RETRY_SECONDS)}
    return problem


def _shortened(value: object) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) <= LARGEST_NUMBER:
        return value
    text = _sayable(value if isinstance(value, str) else repr(value))
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _sayable(text: str) -> str:
    """Half a surrogate pair, which JSON can carry and UTF-8 cannot, is written as its escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of `app` with problem details."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, problem: Problem) -> Response:
        return problem.response()

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        if any(fault["type"] == "json_invalid" for fault in error.errors()):
            fault = error.errors()[0]
            where = fault["loc"][-1]
            return Problem(
                400,
                "The body is not JSON",
                f"at character {where}: {fault['ctx']['error']}",
                type="malformed-json",
            ).response()
        return invalid(list(error.errors())).response()

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        problem = Problem(
            error.status_code, str(error.detail), f"{request.method} {request.url.path}"
        )
        problem.headers = dict(error.headers or {})
        return problem.response()

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        which = log_fields(request.scope)
        if is_transient(error):
            log.warning("a request was put off", **which, error=repr(error)[:300])
            return not_now("the database is away; ask again in a moment").response()
        log.error("a request failed", **which, exc_info=error)
        return Problem(
            500, "Something is wrong on our side", "nothing was changed; the failure is in our log"
        ).response()
