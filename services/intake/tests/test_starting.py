"""What intake does not start without."""

import json
from pathlib import Path

import pytest
from joserfc.jwk import KeySet

from deploy.local.postgres import Database
from services.intake.main import build
from services.intake.settings import Settings
from services.intake.tests.conftest import AUDIENCE, ISSUER, KEY
from shared.slip_secrets import SlipKeysError


async def test_production_does_not_start_without_a_key_for_its_slips(
    database: Database, tmp_path: Path
) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(KeySet([KEY]).as_dict(private=False)))
    app = build(
        Settings(
            database_url=database.dsn("intake"),
            kafka_bootstrap_servers="127.0.0.1:1",
            environment="production",
            oidc_issuer=ISSUER,
            oidc_audience=AUDIENCE,
            oidc_jwks=str(jwks),
        )
    )
    with pytest.raises(SlipKeysError, match="SLIP_KEYS: production needs a key"):
        async with app.router.lifespan_context(app):
            pass
