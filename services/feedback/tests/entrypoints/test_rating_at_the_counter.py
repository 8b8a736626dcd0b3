"""Rated at the counter, by dossier code and the look-up code of the slip: rule 34 across both doors."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import generate_latest

from services.feedback.domain.courtesy import Luon
from services.feedback.entrypoints.rating_desk import RatingDesk
from services.feedback.tests import history
from services.feedback.tests.conftest import RATING_DAYS
from services.feedback.tests.entrypoints.test_rating_links import Form
from services.feedback.tests.history import CODE, NOW, UNIT, Tell
from shared.clock import VirtualClock
from shared.events.feedback import RatingGiven
from shared.slip_secrets import SlipSecrets
from tests.browser import served

STARS = {"smile": 5, "gentle": 4, "listen": 3, "help": 1, "overall": 4}
OTHER = "H10.01-20261113-0002"
NONE_OF_OURS = "H10.01-20261113-9999"
Slip = Callable[..., dict[str, Any]]


@pytest.fixture
def slip(slips: SlipSecrets) -> Slip:
    """What a citizen with a slip sends."""

    def fill(code: str = CODE, **more: Any) -> dict[str, Any]:
        return {"dossier": code, "secret": slips.of(code), **STARS, **more}

    return fill


async def rated(pool: asyncpg.Pool) -> list[tuple[str, str]]:
    rows = await pool.fetch("select dossier, agency from ratings order by dossier")
    return [(row["dossier"], row["agency"]) for row in rows]


async def said(pool: asyncpg.Pool) -> list[RatingGiven]:
    rows = await pool.fetch("select body from outbox where type = $1 order by id", RatingGiven.TYPE)
    return [RatingGiven.model_validate_json(row["body"]) for row in rows]


async def test_who_holds_the_slip_of_a_returned_dossier_rates_it_once(
    http: httpx.AsyncClient, tell: Tell, slip: Slip, pool: asyncpg.Pool
) -> None:
    await tell(history.agency(), history.returned())
    typed = slip(dossier=f" {CODE.lower()} ", secret=str(slip()["secret"]).replace("-", "").lower())
    answer = await http.post("/rate", json=typed)
    assert (answer.status_code, answer.json()) == (201, {"dossier": CODE, "agency": UNIT, **STARS})
    assert await said(pool) == [RatingGiven(dossier=CODE, agency=UNIT, rated_at=NOW, **STARS)]
    again = await http.post("/rate", json=slip())
    assert (again.status_code, again.json()["type"]) == (409, "already-rated")
    assert again.json()["through"] == "counter"
    assert await rated(pool) == [(CODE, UNIT)] and len(await said(pool)) == 1


async def test_the_page_asks_for_the_slip_and_every_star_and_thanks_with_the_votes(
    http: httpx.AsyncClient, tell: Tell, slip: Slip
) -> None:
    await tell(history.agency(), history.returned())
    page = await http.get("/rate", params={"agency": UNIT})
    form = Form(page.text)
    assert list(form.fields) == ["dossier", "secret", *Luon, "overall"]
    assert form.unlabelled == [] and form.external == []
    assert "UBND phường Hưng Long" in page.text and "Chưa có phiếu bầu" in page.text
    thanked = await http.post("/rate", params={"agency": UNIT}, data=slip())
    assert thanked.status_code == 201 and "Xin cảm ơn Quý công dân!" in thanked.text
    assert "1 phiếu bầu" in thanked.text and "3/5 sao" in thanked.text
    assert thanked.headers["cache-control"] == "no-store"
    assert thanked.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("is_returned", [True, False])
async def test_rule_34_link_and_counter_together_rate_once_under_a_race_of_fifty_requests(
    application: FastAPI, tell: Tell, slip: Slip, pool: asyncpg.Pool, is_returned: bool
) -> None:
    """Not returned yet: the result is ready, and the return is heard in the midst of the race."""
    await tell(history.agency(), history.resolved())
    if is_returned:
        await tell(history.returned())
    token = await pool.fetchval("select token from invitations")
    limits = httpx.Limits(max_connections=50)
    async with (
        served(application) as base_url,
        httpx.AsyncClient(base_url=base_url, limits=limits, timeout=30) as client,
    ):
        asked: list[Awaitable[Any]] = []
        for number in range(50):
            if is_returned and number % 2:
                asked.append(client.post(f"/rate/{token}", json=STARS))
            else:
                asked.append(client.post("/rate", json=slip()))
        if not is_returned:
            asked.insert(25, tell(history.returned()))
        answers = await asyncio.gather(*asked)
        statuses = Counter(one.status_code for one in answers if isinstance(one, httpx.Response))
        assert statuses == {201: 1, 409: 49}
        # The link that the thanks bring is used already.
        link = await pool.fetchval("select token from invitations where dossier = $1", CODE)
        assert (await client.post(f"/rate/{link}", json=STARS)).status_code == 409
    assert await rated(pool) == [(CODE, UNIT)] and len(await said(pool)) == 1
    assert await pool.fetchval("select votes from tallies where agency = $1", UNIT) == 1


async def test_a_result_may_be_rated_before_its_return_is_recorded_and_thanks_bring_no_second_vote(
    http: httpx.AsyncClient, tell: Tell, slip: Slip, pool: asyncpg.Pool
) -> None:
    await tell(history.agency(), history.resolved())
    assert (await http.post("/rate", json=slip())).status_code == 201
    assert await tell(history.returned()) == []
    assert await pool.fetchval("select count(*) from notices where notice = 'thanks'") == 1
    token = await pool.fetchval("select token from invitations")
    page = await http.get(f"/rate/{token}")
    assert page.status_code == 409
    assert "Đánh giá tại quầy lúc 19:00, 13/11/2026" in page.text
    # An officer knows the slip as well: who was rated for is told so, and whom to tell.
    assert f"/report?agency={UNIT}&amp;dossier={CODE}" in page.text


async def test_a_link_that_was_used_says_so_at_the_counter(
    http: httpx.AsyncClient, tell: Tell, slip: Slip, pool: asyncpg.Pool
) -> None:
    await tell(history.agency(), history.returned())
    token = await pool.fetchval("select token from invitations")
    assert (await http.post(f"/rate/{token}", json=STARS)).status_code == 201
    answer = await http.post("/rate", json=slip())
    assert (answer.status_code, answer.json()["through"]) == (409, "link")
    page = await http.post("/rate", data=slip())
    assert page.status_code == 409 and "Đánh giá qua đường dẫn lúc" in page.text


@pytest.mark.parametrize("as_form", [True, False])
async def test_not_yours_and_not_there_are_answered_alike_and_without_a_look(
    http: httpx.AsyncClient,
    tell: Tell,
    slip: Slip,
    ratings: RatingDesk,
    as_form: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await tell(history.agency(), history.returned(), history.returned(OTHER))
    looks: list[str] = []
    matches = ratings.slips.matches

    async def looked(*_: object) -> None:
        looks.append("at the database")

    monkeypatch.setattr("services.feedback.entrypoints.counter_pages.rate_at_counter", looked)
    wrong = slip(OTHER)["secret"]

    async def send(typed: dict[str, Any]) -> httpx.Response:
        return await (http.post("/rate", data=typed) if as_form else http.post("/rate", json=typed))

    not_yours = await send(slip(secret=wrong))
    not_there = await send(slip(NONE_OF_OURS, secret=wrong))
    assert looks == [] and not matches(CODE, wrong)
    assert not_yours.status_code == not_there.status_code == 404
    assert not_yours.text.replace(CODE, NONE_OF_OURS) == not_there.text
    assert not_yours.headers.keys() == not_there.headers.keys()


async def test_the_true_look_up_code_of_a_dossier_never_heard_of_is_no_other_answer(
    http: httpx.AsyncClient, slip: Slip, pool: asyncpg.Pool
) -> None:
    answer = await http.post("/rate", json=slip(NONE_OF_OURS))
    wrong = await http.post("/rate", json=slip(NONE_OF_OURS, secret="x"))
    assert (answer.status_code, answer.json()) == (404, wrong.json())
    assert await pool.fetchval("select count(*) from dossiers") == 0


async def test_the_slip_of_one_dossier_never_rates_another(
    http: httpx.AsyncClient, tell: Tell, slip: Slip, pool: asyncpg.Pool
) -> None:
    await tell(history.agency(), history.returned(), history.returned(OTHER))
    assert (await http.post("/rate", json=slip(secret=slip(OTHER)["secret"]))).status_code == 404
    assert (await http.post("/rate", params={"agency": "H10.77"}, json=slip())).json()[
        "agency"
    ] == UNIT
    assert await rated(pool) == [(CODE, UNIT)]


async def test_a_dossier_without_a_result_is_not_rated_and_its_stars_come_back(
    http: httpx.AsyncClient, tell: Tell, slip: Slip, pool: asyncpg.Pool
) -> None:
    await tell(history.agency(), history.submitted(), history.accepted())
    answer = await http.post("/rate", json=slip())
    assert (answer.status_code, answer.json()["type"]) == (409, "not-ready")
    page = await http.post("/rate", data=slip())
    assert page.status_code == 409 and "Hồ sơ chưa có kết quả" in page.text
    assert Form(page.text).checked == {asked: str(stars) for asked, stars in STARS.items()}
    assert await rated(pool) == []


async def test_the_counter_closes_with_the_link(
    http: httpx.AsyncClient, tell: Tell, slip: Slip, clock: VirtualClock
) -> None:
    await tell(history.agency(), history.returned())
    await clock.set(NOW + timedelta(days=RATING_DAYS))
    assert (await http.post("/rate", json=slip())).status_code == 410


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"help": 6}, "help"),
        ({"help": 0}, "help"),
        ({"overall": "9"}, "overall"),
        ({"secret": ""}, "secret"),
        ({"secret": "x" * 65}, "secret"),
        ({"dossier": "hồ sơ"}, "dossier"),
        ({"dossier": "Н10.01-20261113-0001"}, "dossier"),  # the first letter is Cyrillic
        ({"dossier": "<script>alert(1)</script>"}, "dossier"),
        ({"dossier": "x" * 30_000}, "dossier"),
    ],
)
async def test_a_form_with_something_wrong_names_it_and_keeps_the_rest(
    http: httpx.AsyncClient, tell: Tell, slip: Slip, change: dict[str, Any], field: str
) -> None:
    await tell(history.agency(), history.returned())
    page = await http.post("/rate", params={"agency": UNIT}, data=slip(**change))
    assert page.status_code == 422 and f'href="#{field}"' in page.text
    assert Form(page.text).checked == {
        asked: str(stars) for asked, stars in STARS.items() if asked != field
    }
    assert "<script" not in page.text and "UBND phường Hưng Long" in page.text
    refused = await http.post("/rate", json=slip(**change))
    assert [fault["field"] for fault in refused.json()["errors"]] == [field]


async def test_a_look_up_code_reaches_no_log_no_metric_no_event_and_is_not_kept(
    http: httpx.AsyncClient, tell: Tell, slip: Slip, pool: asyncpg.Pool, capsys: Any
) -> None:
    await tell(history.agency(), history.returned())
    secret = str(slip()["secret"])
    await http.get("/rate", params={"agency": UNIT, "dossier": CODE, "secret": secret})
    for typed in (slip(secret=f"{secret}X"), slip(help=9), slip()):
        await http.post("/rate", data=typed)
    assert await rated(pool) == [(CODE, UNIT)]
    out, err = capsys.readouterr()
    rows = await pool.fetch("select convert_from(body, 'UTF8') as body from outbox")
    told = [out, err, generate_latest().decode(), *(row["body"] for row in rows)]
    assert not any(secret in text or secret.replace("-", "") in text for text in told)
    kept = await pool.fetchval("select row_to_json(i)::text from invitations i")
    assert secret not in kept


async def test_without_the_slips_keys_neither_page_nor_poster_is_offered(
    http: httpx.AsyncClient, tell: Tell, slip: Slip, slips: SlipSecrets
) -> None:
    await tell(history.agency(), history.returned())
    filled = slip()
    slips._keys.clear()
    page = await http.get("/rate", params={"agency": UNIT})
    assert page.status_code == 404 and "Chưa đánh giá được tại quầy" in page.text
    for answer in (
        await http.post("/rate", json=filled),
        await http.get(f"/agencies/{UNIT}/poster"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (404, "not-offered")
