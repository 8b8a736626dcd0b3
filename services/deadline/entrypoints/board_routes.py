"""`/board`: the live page, its events, signing in, and dead letters."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from markupsafe import Markup

from services.deadline.entrypoints.board_identity import (
    OVERSEERS,
    SignedIn,
    log_refused,
    must_be,
    must_come_from_here,
    sign_in,
    sign_out,
    signed_in,
)
from services.deadline.entrypoints.board_letters import Letters
from services.deadline.entrypoints.board_rendering import HEADERS, STATIC, BoardPages
from services.deadline.entrypoints.broadcast import Broadcast, FullError
from shared.clock import Clock
from shared.identity import Caller, Role
from shared.problems import Problem

LONGEST_FORM_BYTES = 16_384
OPERATOR = frozenset({Role.OPERATOR})


def board_routes(
    broadcast: Broadcast, pages: BoardPages, letters: Letters, clock: Clock, *, is_secure: bool
) -> APIRouter:
    """The board's routes; `is_secure` keeps the cookie off plain HTTP."""
    router = APIRouter(include_in_schema=False)

    @router.get("/board")
    async def board(caller: SignedIn) -> Response:
        """The page, with the figures of now: whole without script."""
        figures = pages.figures(await broadcast.latest(), is_overseer=_oversees(caller))
        return pages.show("board", figures=Markup(figures), caller=caller)

    @router.get("/board/events")
    async def events(request: Request, caller: SignedIn) -> Response:
        """The figures, live."""
        scope = "overseer" if _oversees(caller) else "wall"
        try:
            frames = broadcast.watch(scope, _is_over(request))
        except FullError as error:
            raise Problem(503, "Full", str(error), type="unavailable") from error
        headers = {**HEADERS, "X-Accel-Buffering": "no"}
        return StreamingResponse(frames, media_type="text/event-stream", headers=headers)

    @router.get("/board/static/{name}")
    async def static(name: str) -> Response:
        if name not in pages.static:
            raise Problem(404, "Not found", f"there is no {name[:80]}")
        headers = HEADERS | {"Cache-Control": "max-age=300"}
        return Response(pages.static[name], media_type=STATIC[name], headers=headers)

    @router.get("/board/sign-in")
    async def sign_in_page(caller: SignedIn) -> Response:
        return pages.show("sign_in", fault="", caller=caller)

    @router.post("/board/sign-in")
    async def take_token(request: Request) -> Response:
        response = _to("/board")
        try:
            must_come_from_here(request)
            token = (await _form(request)).get("token", "").strip()
            sign_in(request, response, token, is_secure=is_secure)
        except Problem as problem:
            log_refused(request, None, problem)
            return pages.show("sign_in", problem.status, fault=problem.detail, caller=None)
        return response

    @router.post("/board/sign-out")
    async def leave(request: Request) -> Response:
        async def work() -> Response:
            must_come_from_here(request)
            response = _to("/board")
            sign_out(response)
            return response

        return await _or_refused(request, pages, work)

    @router.get("/board/letters")
    async def list_letters(request: Request, caller: SignedIn) -> Response:
        async def work() -> Response:
            must_be(caller, OVERSEERS)
            return pages.show("letters", waiting=await letters.waiting(), caller=caller)

        return await _or_refused(request, pages, work)

    @router.get("/board/letters/{subject:path}")
    async def show_letters(request: Request, subject: str, caller: SignedIn) -> Response:
        async def work() -> Response:
            must_be(caller, OVERSEERS)
            found = await letters.show(subject)
            return pages.show("letter", subject=subject, letters=found, caller=caller)

        return await _or_refused(request, pages, work)

    @router.post("/board/retry")
    async def retry(request: Request, caller: SignedIn) -> Response:
        async def work() -> Response:
            operator, form = await _operator(request, caller)
            subject = form.get("subject", "")
            await letters.retry(subject, form.get("reason", ""), operator, clock.now())
            return await _back(letters, subject)

        return await _or_refused(request, pages, work)

    @router.post("/board/discard")
    async def discard(request: Request, caller: SignedIn) -> Response:
        async def work() -> Response:
            operator, form = await _operator(request, caller)
            subject, letter = form.get("subject", ""), _letter(form.get("letter", ""))
            reason = form.get("reason", "")
            await letters.discard(subject, letter, reason, operator, clock.now())
            return await _back(letters, subject)

        return await _or_refused(request, pages, work)

    return router


def _oversees(caller: Caller | None) -> bool:
    return caller is not None and caller.role in OVERSEERS


def _is_over(request: Request) -> Callable[[], bool]:
    """Whether the process stops, or the viewer may not watch as it did (a token that ran out)."""
    began_as = signed_in(request)
    is_stopping: Callable[[], bool] = getattr(request.app.state, "is_stopping", lambda: False)

    def is_over() -> bool:
        return is_stopping() or signed_in(request) != began_as

    return is_over


async def _operator(request: Request, caller: Caller | None) -> tuple[Caller, dict[str, str]]:
    must_come_from_here(request)
    return must_be(caller, OPERATOR), await _form(request)


async def _form(request: Request) -> dict[str, str]:
    """Raises `Problem` 400, 413."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LONGEST_FORM_BYTES:
            detail = f"at most {LONGEST_FORM_BYTES} bytes are read"
            raise Problem(413, "The form is too long", detail, type="too-long")
    try:
        found = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise Problem(400, "Not a form", str(error), type="malformed-form") from error
    return {name: values[-1] for name, values in found.items()}


def _letter(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        rule = "a letter's number"
        raise Problem(
            422, "No such letter", f"letter: {rule}", type="invalid-request",
            field="letter", value=text[:80], rule=rule,
        )  # fmt: skip
    return int(text)


async def _back(letters: Letters, subject: str) -> Response:
    """To what is still set aside for the subject, or to the list."""
    is_held = any(one.subject == subject for one in await letters.waiting())
    return _to(f"/board/letters/{quote(subject)}" if is_held else "/board/letters")


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, headers=HEADERS)


async def _or_refused(
    request: Request, pages: BoardPages, work: Callable[[], Awaitable[Response]]
) -> Response:
    """What `work` answers; a refusal is a page, and on record."""
    caller = signed_in(request)
    try:
        return await work()
    except Problem as problem:
        log_refused(request, caller, problem)
        return pages.show("refused", problem.status, detail=problem.detail, caller=caller)
