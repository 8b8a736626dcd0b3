"""Who may read a dossier's notices, and who sees its rating link."""

from collections.abc import Callable
from datetime import timedelta

import asyncpg
import httpx
import pytest
from joserfc.jwk import ECKey

from services.feedback.tests import history
from services.feedback.tests.history import CODE, UNIT, Tell, at
from shared.identity import Role

NOTICES = f"/notices?dossier={CODE}"
Mint = Callable[..., str]


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(autouse=True)
async def town(tell: Tell) -> None:
    await tell(
        history.agency(),
        history.submitted(channel="online"),
        history.transferred("H10.02"),
        history.agency("H10.02", "UBND xã Nha Bích"),
        history.returned(by="H10.02"),
    )


async def test_notices_come_in_both_languages_in_the_order_they_were_sent(
    http: httpx.AsyncClient, token: Mint
) -> None:
    answer = await http.get(NOTICES, headers=bearing(token(Role.OFFICER, UNIT)))
    assert answer.status_code == 200
    told = answer.json()
    assert told["dossier"] == CODE
    assert [(one["notice"], one["agency"]) for one in told["notices"]] == [
        ("greeting", UNIT),
        ("transferred", "H10.02"),
        ("thanks", "H10.02"),
    ]
    assert told["notices"][0]["text"]["vi"].startswith("Xin chào")
    assert told["notices"][2]["text"]["en"].startswith("Thank you!")
    assert told["notices"][0]["sent_at"] == at(8).astimezone(
        history.NOW.tzinfo
    ).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("role", "agency", "sees_link"),
    [
        (Role.OFFICER, UNIT, False),
        (Role.HEAD_OF_UNIT, "H10.02", False),
        (Role.INSPECTOR, None, False),
        (Role.INTEGRATOR, "H10.02", True),
        (Role.OPERATOR, None, True),
    ],
)
async def test_only_who_delivers_the_link_sees_it(
    http: httpx.AsyncClient,
    token: Mint,
    pool: asyncpg.Pool,
    role: Role,
    agency: str | None,
    sees_link: bool,
) -> None:
    answer = await http.get(NOTICES, headers=bearing(token(role, agency)))
    link = answer.json()["notices"][2]["rating_link"]
    secret = await pool.fetchval("select token from invitations")
    assert link == (f"https://feedback.example/rate/{secret}" if sees_link else None)
    assert sees_link or secret not in answer.text


async def test_the_link_that_is_shown_rates(http: httpx.AsyncClient, token: Mint) -> None:
    answer = await http.get(NOTICES, headers=bearing(token(Role.OPERATOR)))
    stars = {"smile": 5, "gentle": 5, "listen": 5, "help": 5}
    assert (await http.post(answer.json()["notices"][2]["rating_link"], json=stars)).is_success


async def test_without_a_good_token_nothing_is_shown(http: httpx.AsyncClient, token: Mint) -> None:
    expired = token(Role.OFFICER, UNIT, age=timedelta(hours=1))
    forged = token(Role.OPERATOR, key=ECKey.generate_key("P-256"))
    for headers in ({}, bearing("nonsense"), bearing(expired), bearing(forged)):
        answer = await http.get(NOTICES, headers=headers)
        assert answer.status_code == 401
        assert "notices" not in answer.json()


async def test_an_agency_that_never_had_the_dossier_is_refused(
    http: httpx.AsyncClient, token: Mint
) -> None:
    for role in (Role.OFFICER, Role.HEAD_OF_UNIT, Role.INTEGRATOR):
        answer = await http.get(NOTICES, headers=bearing(token(role, "H10.03")))
        assert (answer.status_code, answer.json()["type"]) == (403, "foreign-agency")


async def test_unknown_and_impossible_dossiers_are_told_apart(
    http: httpx.AsyncClient, token: Mint
) -> None:
    headers = bearing(token(Role.INSPECTOR))
    unknown = await http.get("/notices?dossier=H10.01-20261113-9999", headers=headers)
    assert (unknown.status_code, unknown.json()["dossier"]) == (404, "H10.01-20261113-9999")
    assert (await http.get("/notices?dossier=a%00b", headers=headers)).status_code == 422
    assert (await http.get("/notices", headers=headers)).status_code == 422
