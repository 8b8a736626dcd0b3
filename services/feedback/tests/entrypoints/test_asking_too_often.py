"""One address may ask so much of the citizens' pages; what was typed is not lost."""

import httpx
import pytest

from services.feedback.tests import history
from services.feedback.tests.history import UNIT, Tell
from shared.gate import Gate

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
