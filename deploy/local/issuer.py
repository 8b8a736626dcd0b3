"""The local stack's token issuer: production refuses it by its name."""

import json
from datetime import timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from shared.clock import SystemClock
from shared.identity import BOUND_TO_AGENCY, LOCAL_ISSUER, Role

AUDIENCE = "thanthien"
ALGORITHM = "ES256"


class LocalIssuer:
    """Makes a key the first time, keeps it in `directory`, and signs tokens with it."""

    def __init__(self, directory: Path) -> None:
        self.jwks = directory / "jwks.json"
        """The public keys, for the services' OIDC_JWKS."""
        private = directory / "private-key.json"
        if private.exists():
            self._key = ECKey.import_key(json.loads(private.read_text()))
        else:
            self._key = _make_key(private, self.jwks)

    def token(
        self, role: str, agency: str | None = None, subject: str = "local", hours: float = 12
    ) -> str:
        """A bearer token. Raises `ValueError` for an unknown role or one that lacks its agency."""
        if Role(role) in BOUND_TO_AGENCY and not agency:
            raise ValueError(f"a token of role {role} must name an agency")
        now = SystemClock().now()
        claims = {
            "iss": LOCAL_ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "role": role,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(hours=hours)).timestamp()),
        }
        if agency:
            claims["agency"] = agency
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid}, claims, self._key)


def _make_key(private: Path, jwks: Path) -> ECKey:
    key = ECKey.generate_key("P-256", auto_kid=True)
    private.parent.mkdir(parents=True, exist_ok=True)
    private.touch(mode=0o600)
    private.write_text(json.dumps(key.as_dict(private=True)))
    jwks.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
    return key
