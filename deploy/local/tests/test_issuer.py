"""The local issuer's tokens pass the services' own check, and no more than they say."""

from pathlib import Path

import pytest

from deploy.local.issuer import AUDIENCE, LocalIssuer
from shared.identity import LOCAL_ISSUER, Caller, ConfigurationError, Identity, Role
from shared.problems import Problem


def identity_of(issuer: LocalIssuer) -> Identity:
    return Identity.load(LOCAL_ISSUER, AUDIENCE, str(issuer.jwks), "local")


def test_a_token_names_its_caller(tmp_path: Path) -> None:
    issuer = LocalIssuer(tmp_path)
    token = issuer.token("officer", agency="H10.40", subject="counter-1")
    caller = identity_of(issuer).check(token)
    assert caller == Caller("counter-1", Role.OFFICER, "H10.40")


def test_the_key_stays_for_the_next_start(tmp_path: Path) -> None:
    token = LocalIssuer(tmp_path).token("operator")
    assert identity_of(LocalIssuer(tmp_path)).check(token).role == Role.OPERATOR


def test_an_expired_token_is_refused(tmp_path: Path) -> None:
    issuer = LocalIssuer(tmp_path)
    with pytest.raises(Problem, match="expired"):
        identity_of(issuer).check(issuer.token("operator", hours=-1))


def test_another_stacks_token_is_refused(tmp_path: Path) -> None:
    stranger = LocalIssuer(tmp_path / "other").token("operator")
    with pytest.raises(Problem, match="refused"):
        identity_of(LocalIssuer(tmp_path / "own")).check(stranger)


def test_an_officer_without_an_agency_gets_no_token(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must name an agency"):
        LocalIssuer(tmp_path).token("officer")


def test_the_private_key_is_for_its_owner_only(tmp_path: Path) -> None:
    issuer = LocalIssuer(tmp_path)
    assert (tmp_path / "private-key.json").stat().st_mode & 0o077 == 0
    assert '"d"' not in issuer.jwks.read_text(), "the published set holds public keys"


def test_production_refuses_the_local_issuer(tmp_path: Path) -> None:
    issuer = LocalIssuer(tmp_path)
    with pytest.raises(ConfigurationError, match="production refuses"):
        Identity.load(LOCAL_ISSUER, AUDIENCE, str(issuer.jwks), "production")
