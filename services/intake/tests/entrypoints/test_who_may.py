"""Each route refuses a missing, forged, expired, wrong-role and foreign-agency token."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from services.intake.tests.town import DAY, NEIGHBOUR, PLEDGE, PROCEDURE, UNIT, Town, submission
from shared.identity import Role

CODE = f"{UNIT}-{DAY}-0001"
AGENCY = {"name": "Phường", "valid_from": "2025-07-01"}
LIMITS = {"name": "Thủ tục", "limits": [{"valid_from": "2018-06-21", "kind": "none"}]}
PERIOD = "first_on=2026-11-01&last_on=2026-11-30"
HANDLERS = (Role.OFFICER, Role.HEAD_OF_UNIT, Role.INTEGRATOR)
EVERYBODY = tuple(Role)

ROUTES: list[tuple[str, str, object, tuple[Role, ...], bool]] = [
    ("PUT", f"/agencies/{UNIT}", AGENCY, (Role.OPERATOR,), False),
    ("GET", "/agencies", None, EVERYBODY, False),
    ("GET", f"/agencies/{UNIT}", None, EVERYBODY, False),
    ("POST", f"/agencies/{UNIT}/pledges", PLEDGE, (Role.HEAD_OF_UNIT, Role.OPERATOR), True),
    ("PUT", f"/procedures/{PROCEDURE}", LIMITS, (Role.OPERATOR,), False),
    ("GET", f"/procedures/{PROCEDURE}", None, EVERYBODY, False),
    ("POST", "/procedures/import", None, (Role.OPERATOR,), False),
    ("POST", "/dossiers", submission(), HANDLERS, True),
    ("GET", f"/dossiers/{CODE}", None, EVERYBODY, True),
    ("GET", f"/dossiers/{CODE}/mau-01", None, HANDLERS, True),
    ("GET", f"/agencies/{UNIT}/register?{PERIOD}", None, EVERYBODY, True),
    ("GET", f"/dossiers/{CODE}/forms", None, HANDLERS, True),
    ("GET", f"/dossiers/{CODE}/forms/{{form}}", None, HANDLERS, True),
    (
        "POST",
        f"/dossiers/{CODE}/apology",
        {"reason": "Mất điện", "signer": "Người ký"},
        (Role.HEAD_OF_UNIT, Role.INTEGRATOR),
        True,
    ),
    ("POST", f"/dossiers/{CODE}/supplement-requests", {"reason": "Thiếu"}, HANDLERS, True),
    ("POST", f"/dossiers/{CODE}/supplements", {}, HANDLERS, True),
    ("POST", f"/dossiers/{CODE}/acceptance", {}, HANDLERS, True),
    ("POST", f"/dossiers/{CODE}/refusal", {"reason": "Sai"}, HANDLERS, True),
    ("POST", f"/dossiers/{CODE}/forwarding", None, HANDLERS, True),
    ("POST", f"/dossiers/{CODE}/transfers", {"to_agency": NEIGHBOUR}, HANDLERS, True),
    ("POST", f"/dossiers/{CODE}/resolution", {}, HANDLERS, True),
    ("POST", f"/dossiers/{CODE}/return", {}, HANDLERS, True),
    ("POST", f"/dossiers/{CODE}/withdrawal", {}, HANDLERS, True),
    ("POST", f"/dossiers/{CODE}/stop", {"reason": "Sai"}, HANDLERS, True),
    ("POST", "/bulk", None, (Role.INTEGRATOR, Role.OPERATOR), False),
]


async def ask(
    http: httpx.AsyncClient, method: str, path: str, body: object, headers: dict[str, str]
) -> httpx.Response:
    if body is None:
        return await http.request(method, path, headers=headers)
    return await http.request(method, path, json=body, headers=headers)


@pytest.mark.parametrize(("method", "path", "body", "roles", "is_own"), ROUTES)
async def test_each_route_refuses_a_token_that_is_not_right(
    town: Town,
    bearer: Callable[..., dict[str, str]],
    method: str,
    path: str,
    body: object,
    roles: tuple[Role, ...],
    is_own: bool,
) -> None:
    assert await town.code() == CODE
    refused = [
        ({}, 401),
        ({"Authorization": "Bearer nonsense"}, 401),
        (bearer(roles[0], UNIT, is_forged=True), 401),
        (bearer(roles[0], UNIT, age=timedelta(days=2)), 401),
        *((bearer(role, UNIT), 403) for role in Role if role not in roles),
    ]
    if is_own:
        own = next(role for role in roles if role is not Role.OPERATOR)
        refused.append((bearer(own, NEIGHBOUR), 403))
    for headers, status in refused:
        answer = await ask(town.http, method, path, body, headers)
        assert answer.status_code == status, (headers, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_every_route_is_in_the_table(http: httpx.AsyncClient) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    every = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    anonymous = {
        ("GET", "/dossiers/{code}/progress"),
        ("GET", "/look-up"),
        ("POST", "/look-up"),
    }
    named = {
        (
            method,
            path.partition("?")[0]
            .replace(CODE, "{code}")
            .replace(UNIT, "{agency}")
            .replace(PROCEDURE, "{procedure}"),
        )
        for method, path, *_ in ROUTES
    }
    assert every - anonymous == named
