"""One address may ask so much of the citizens' pages, and the database may be away: what was typed is not lost."""

import asyncpg
import httpx
import pytest

from services.feedback.tests import history
from services.feedback.tests.entrypoints.test_rating_links import Form
from services.feedback.tests.history import CODE, UNIT, Tell
from shared.gate import Gate
from shared.slip_secrets import SlipSecrets

WORDS = "Tôi đã chờ từ sáng <script>"


@pytest.fixture
def gate() -> Gate:
    return Gate(12, now=lambda: 0.0)


async def test_a_report_too_many_comes_back_as_it_was_typed(
    http: httpx.AsyncClient, tell: Tell
) -> None:
    await tell(history.agency())
    form = {"agency": UNIT, "against": "2", "text": WORDS}
    assert (await http.post("/reports", data=form)).status_code == 201
    page = await http.post("/reports", data=form)
    assert page.status_code == 429 and int(page.headers["retry-after"]) > 0
    assert "Tôi đã chờ từ sáng &lt;script&gt;" in page.text and "<script" not in page.text
    assert "Xin chờ một chút" in page.text
    answer = await http.post("/reports", json={"agency": UNIT, "against": [2]})
    assert (answer.status_code, answer.json()["type"]) == (429, "too-many-requests")


@pytest.mark.parametrize("by_link", [True, False])
async def test_links_and_secrets_cannot_be_tried_without_end(
    http: httpx.AsyncClient, by_link: bool
) -> None:
    guess = {"report": "PA-1", "secret": "guess"}
    answers = [
        (await http.get(f"/rate/{'a' * 43}"))
        if by_link
        else (await http.post("/reports/follow", data=guess))
        for _ in range(13)
    ]
    assert [answer.status_code for answer in answers] == [404] * 12 + [429]
    assert "Xin chờ một chút" in answers[-1].text
    assert answers[-1].headers["retry-after"] == "5"


async def test_an_answer_too_many_comes_back_as_it_was_typed(http: httpx.AsyncClient) -> None:
    guess = {"report": "PA-1", "secret": "guess", "text": WORDS}
    for _ in range(12):
        assert (await http.post("/reports/follow/answer", data=guess)).status_code == 404
    page = await http.post("/reports/follow/answer", data=guess)
    assert page.status_code == 429 and page.headers["retry-after"] == "5"
    assert "Tôi đã chờ từ sáng &lt;script&gt;" in page.text and "Xin chờ một chút" in page.text


GIVEN = {"smile": "5", "gentle": "4", "listen": "3", "help": "1", "overall": "4"}


@pytest.mark.parametrize("by_link", [True, False])
async def test_stars_given_too_often_come_back_and_nothing_is_looked_up_for_them(
    http: httpx.AsyncClient, tell: Tell, pool: asyncpg.Pool, slips: SlipSecrets, by_link: bool
) -> None:
    await tell(history.agency(), history.returned())
    token = await pool.fetchval("select token from invitations")
    path = f"/rate/{token}" if by_link else f"/rate?agency={UNIT}"
    slip = {} if by_link else {"dossier": CODE, "secret": str(slips.of(CODE))}
    for _ in range(12):  # a broken form counts as well
        assert (await http.post(path, data={**slip, **GIVEN, "help": "9"})).status_code == 422
    await pool.close()
    page = await http.post(path, data={**slip, **GIVEN})
    assert page.status_code == 429 and page.headers["retry-after"] == "5"
    assert Form(page.text).checked == GIVEN and "Xin chờ một chút" in page.text
    assert all(f'value="{typed}"' in page.text for typed in slip.values())
    answer = await http.post(path, json={**slip, **{k: int(v) for k, v in GIVEN.items()}})
    assert (answer.status_code, answer.json()["type"]) == (429, "too-many-requests")


class TestWithoutADatabase:
    @pytest.fixture
    def gate(self) -> Gate:
        return Gate(0)

    async def test_every_form_comes_back_as_it_was_typed(
        self, http: httpx.AsyncClient, tell: Tell, pool: asyncpg.Pool, slips: SlipSecrets
    ) -> None:
        await tell(history.agency(), history.returned())
        token = await pool.fetchval("select token from invitations")
        await pool.close()
        slip = {"dossier": CODE, "secret": str(slips.of(CODE))}
        for path, more in ((f"/rate/{token}", {}), (f"/rate?agency={UNIT}", slip)):
            page = await http.post(path, data={**more, **GIVEN})
            assert page.status_code == 503 and page.headers["retry-after"] == "2"
            assert Form(page.text).checked == GIVEN and "gián đoạn" in page.text
            missing = await http.post(path, data={**more, **GIVEN, "help": ""})
            kept = {asked: stars for asked, stars in GIVEN.items() if asked != "help"}
            assert Form(missing.text).checked == kept
        report = {"agency": UNIT, "against": "2", "text": WORDS}
        page = await http.post("/reports", data=report)
        assert page.status_code == 503 and "Tôi đã chờ từ sáng &lt;script&gt;" in page.text
        assert f'<option value="{UNIT}" selected>' in page.text and "gián đoạn" in page.text
        answer = {"report": "PA-1", "secret": "guess", "text": WORDS}
        page = await http.post("/reports/follow/answer", data=answer)
        assert page.status_code == 503 and "Tôi đã chờ từ sáng &lt;script&gt;" in page.text
        assert (await http.post("/reports", json={"agency": UNIT, "against": [2]})).json()[
            "status"
        ] == 503
