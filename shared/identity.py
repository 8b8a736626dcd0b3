"""Who may do what, decided in one place: bearer tokens (OIDC JWT), roles, and agencies."""

import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
from fastapi import Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.clock import Clock, SystemClock
from shared.problems import Problem

LOCAL_ISSUER = "https://local.thanthien.invalid"
"""The local stack's own issuer; a production start with it is refused."""

ALGORITHMS = ["ES256", "RS256", "EdDSA", "PS256"]
REMEMBERED_TOKENS = 4_096
LONGEST_TOKEN = 8_192


class Role(StrEnum):
    """What a caller is to the administration."""

    OFFICER = "officer"
    HEAD_OF_UNIT = "head_of_unit"
    INSPECTOR = "inspector"
    OPERATOR = "operator"
    INTEGRATOR = "integrator"
    """An agency's own system."""


BOUND_TO_AGENCY = frozenset({Role.OFFICER, Role.HEAD_OF_UNIT, Role.INTEGRATOR})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an opaque subject, a role, and the agency they act for (None: none of their own)."""

    subject: str
    role: Role
    agency: str | None

    def may_act_for(self, agency: str) -> bool:
        """Officers, heads and systems act for their own agency; inspectors and operators for all."""
        return self.role not in BOUND_TO_AGENCY or self.agency == agency

    def must_act_for(self, agency: str) -> None:
        """Raises `Problem` 403 when the caller may not act for `agency`."""
        if not self.may_act_for(agency):
            raise Problem(
                403,
                "Not your agency",
                f"a caller of {self.agency} may not act for {agency}",
                type="foreign-agency",
                agency=agency,
            )


class ConfigurationError(RuntimeError):
    """The identity settings would leave the door open; the message names the setting."""


class Identity:
    """Checks tokens against an issuer, an audience and its keys."""

    def __init__(
        self, issuer: str, audience: str, keys: KeySet, clock: Clock | None = None
    ) -> None:
        # Tokens live in the caller's time, whatever a replay's clock says.
        self._clock = clock or SystemClock()
        self._issuer = issuer
        self._keys = keys
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock.now().timestamp()),
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._remembered: OrderedDict[str, tuple[Caller, float]] = OrderedDict()

    @classmethod
    def load(cls, issuer: str, audience: str, jwks: str, environment: str) -> "Identity":
        """Read the keys from a file or URL. Raises `ConfigurationError` naming what is missing."""
        if not issuer or not jwks:
            raise ConfigurationError("OIDC_ISSUER and OIDC_JWKS must both be set")
        if environment == "production" and issuer == LOCAL_ISSUER:
            raise ConfigurationError("OIDC_ISSUER is the local stack's own; production refuses it")
        return cls(issuer, audience, KeySet.import_key_set(_read_json(jwks)))

    def check(self, token: str) -> Caller:
        """The caller a token names. Raises `Problem` 401 that says why not."""
        now = self._clock.now().timestamp()
        known = self._remembered.get(token)
        if known is not None and known[1] > now:
            return known[0]
        try:
            if len(token) > LONGEST_TOKEN:
                raise ValueError("it is too long")
            claims = jwt.decode(token, self._keys, algorithms=ALGORITHMS).claims
            self._claims.validate(claims)
            caller = _caller(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise unauthorised(f"the token is refused: {error}") from error
        self._remembered[token] = (caller, float(claims["exp"]))
        if len(self._remembered) > REMEMBERED_TOKENS:
            self._remembered.popitem(last=False)
        return caller


def _caller(claims: dict[str, Any]) -> Caller:
    role = Role(claims["role"])
    agency = claims.get("agency")
    if role in BOUND_TO_AGENCY and not agency:
        raise ValueError(f"a token of role {role} must name an agency")
    return Caller(str(claims["sub"]), role, str(agency) if agency else None)


def _read_json(place: str) -> Any:
    if place.startswith(("http://", "https://")):
        with urllib.request.urlopen(place, timeout=10) as answer:
            return orjson.loads(answer.read())
    return orjson.loads(Path(place).read_bytes())


def unauthorised(detail: str) -> Problem:
    """The 401 every route answers to a caller it does not know."""
    problem = Problem(401, "Who are you?", detail, type="unauthorised")
    problem.headers = {"WWW-Authenticate": "Bearer"}
    return problem


class _Asks(SecurityBase):
    """What `require` makes; being one of FastAPI's, it shows in the OpenAPI document."""

    def __init__(self, allowed: frozenset[Role]) -> None:
        self.model = HTTPBearer(
            bearerFormat="JWT",
            description="An OIDC token with a role and, for officers, heads and systems, an agency.",
        )
        self.scheme_name = "bearer"
        self._allowed = allowed

    async def __call__(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorised("an Authorization header with a bearer token is asked")
        identity: Identity = request.app.state.identity
        found = identity.check(token)
        if found.role not in self._allowed:
            wanted = ", ".join(sorted(self._allowed))
            raise Problem(
                403,
                "Not your role",
                f"{found.role} may not do this; asked: {wanted}",
                type="wrong-role",
            )
        return found


def require(*roles: Role) -> Callable[[Request], Coroutine[Any, Any, Caller]]:
    """A FastAPI dependency: the caller, who must have one of `roles`.

    Raises `Problem` 401 without a good token, 403 for another role. Takes the checker from
    `app.state.identity`.
    """
    return _Asks(frozenset(roles))
