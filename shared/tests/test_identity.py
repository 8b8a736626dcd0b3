"""Who may do what: tokens that are missing, expired, forged, of another agency or role."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from shared.clock import SystemClock
from shared.identity import LOCAL_ISSUER, Caller, ConfigurationError, Identity, Role, require
from shared.problems import install_problem_handlers

KEY = ECKey.generate_key("P-256", {"kid": "k1"})
NOW = int(SystemClock().now().timestamp())
GOOD: dict[str, Any] = {
    "iss": LOCAL_ISSUER,
    "aud": "thanthien",
    "sub": "officer-7",
    "exp": NOW + 600,
    "role": "officer",
    "agency": "H10.01",
}


def token(key: ECKey = KEY, **changes: Any) -> str:
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problem_handlers(app)
    app.state.identity = Identity(LOCAL_ISSUER, "thanthien", KeySet([KEY]))

    @app.get("/agencies/{agency}/thing")
    async def thing(
        agency: str, caller: Annotated[Caller, Depends(require(Role.OFFICER, Role.OPERATOR))]
    ) -> str:
        caller.must_act_for(agency)
        return caller.subject

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def _ask(
    client: httpx.AsyncClient, given: str | None, agency: str = "H10.01"
) -> httpx.Response:
    headers = {} if given is None else {"Authorization": given}
    return await client.get(f"/agencies/{agency}/thing", headers=headers)


async def test_a_good_token_is_let_in_again_and_again(client: httpx.AsyncClient) -> None:
    good = token()
    for _ in range(2):
        answer = await _ask(client, f"Bearer {good}")
        assert (answer.status_code, answer.json()) == (200, "officer-7")


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Basic abc",
        "Bearer ",
        "Bearer not.a.token",
        "Bearer " + "x" * 9000,
        f"Bearer {token(exp=NOW - 60)}",
        f"Bearer {token(exp=None)}",
        f"Bearer {token(iss='https://elsewhere.invalid')}",
        f"Bearer {token(aud='other')}",
        f"Bearer {token(role='emperor')}",
        f"Bearer {token(role=None)}",
        f"Bearer {token(agency=None)}",
        f"Bearer {token(sub=None)}",
        f"Bearer {token(key=ECKey.generate_key('P-256', {'kid': 'k1'}))}",
    ],
    ids=range(15),
)
async def test_a_token_that_proves_nothing_is_401_in_problem_form(
    client: httpx.AsyncClient, given: str | None
) -> None:
    answer = await _ask(client, given)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_another_role_is_403(client: httpx.AsyncClient) -> None:
    answer = await _ask(client, f"Bearer {token(role='inspector')}")
    assert answer.status_code == 403
    assert answer.json()["type"] == "wrong-role"


async def test_another_agency_is_403_but_an_operator_acts_for_all(
    client: httpx.AsyncClient,
) -> None:
    answer = await _ask(client, f"Bearer {token()}", "H10.02")
    assert (answer.status_code, answer.json()["type"]) == (403, "foreign-agency")
    operator = token(role="operator", agency=None)
    assert (await _ask(client, f"Bearer {operator}", "H10.02")).status_code == 200


@pytest.mark.parametrize(
    ("issuer", "jwks"), [("", ""), (LOCAL_ISSUER, "keys.json"), ("https://id.example", "")]
)
def test_a_production_start_without_a_real_issuer_is_refused(issuer: str, jwks: str) -> None:
    with pytest.raises(ConfigurationError, match="OIDC_"):
        Identity.load(issuer, "thanthien", jwks, "production")
