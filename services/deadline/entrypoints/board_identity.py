"""Who is signed in to the board: a token in a cookie that no script reads and no other site sends."""

from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.responses import Response

from shared.identity import Caller, Identity, Role
from shared.problems import Problem

log = structlog.get_logger()

COOKIE = "thanthien_board"
LONGEST_COOKIE = 3_800
"""Browsers keep 4,096 bytes of a cookie, its name and attributes counted."""
OVERSEERS = frozenset({Role.INSPECTOR, Role.OPERATOR})
MAY_SIGN_IN = OVERSEERS | {Role.HEAD_OF_UNIT}


def sign_in(request: Request, response: Response, token: str, *, is_secure: bool) -> Caller:
    """Keep a good token for this browser session. Raises `Problem` 401, 403."""
    if len(token) > LONGEST_COOKIE:
        raise Problem(401, "Who are you?", "it is too long for a cookie", type="unauthorised")
    identity: Identity = request.app.state.identity
    caller = identity.check(token)
    if caller.role not in MAY_SIGN_IN:
        raise wrong_role(caller, MAY_SIGN_IN)
    response.set_cookie(
        COOKIE, token, path="/board", httponly=True, samesite="strict", secure=is_secure
    )
    return caller


def sign_out(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/board", httponly=True, samesite="strict")


def signed_in(request: Request) -> Caller | None:
    """The caller; None without a cookie, or with one whose token is good no more."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    identity: Identity = request.app.state.identity
    try:
        caller = identity.check(token)
    except Problem:
        return None
    return caller if caller.role in MAY_SIGN_IN else None


SignedIn = Annotated[Caller | None, Depends(signed_in)]


def must_be(caller: Caller | None, roles: frozenset[Role]) -> Caller:
    """Raises `Problem` 401, 403."""
    if caller is None:
        raise Problem(401, "Who are you?", "sign in first", type="unauthorised")
    if caller.role not in roles:
        raise wrong_role(caller, roles)
    return caller


def wrong_role(caller: Caller, roles: frozenset[Role]) -> Problem:
    wanted = ", ".join(sorted(roles))
    detail = f"{caller.role} may not do this; asked: {wanted}"
    return Problem(403, "Not your role", detail, type="wrong-role")


def must_come_from_here(request: Request) -> None:
    """Beside the cookie's SameSite: a form of another origin is refused. Raises `Problem` 403.

    Browsers say where a form comes from; one that says neither sends no cookie across sites.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        is_ours = site == "same-origin"
    else:
        is_ours = origin is None or origin.partition("://")[2] == request.headers.get("host")
    if not is_ours:
        raise Problem(403, "Not from here", "the form is of another origin", type="foreign-origin")


def log_refused(request: Request, caller: Caller | None, problem: Problem) -> None:
    """Who was refused what, and why."""
    log.warning(
        "the board refused a request",
        method=request.method,
        route=getattr(request.scope.get("route"), "path", "unrouted"),
        caller=caller and caller.subject,
        role=caller and caller.role.value,
        status=problem.status,
        why=problem.detail,
    )
