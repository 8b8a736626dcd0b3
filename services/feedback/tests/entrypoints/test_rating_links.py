"""One-time rating links over HTTP: the page, the form, JSON."""

import asyncio
from datetime import timedelta
from html.parser import HTMLParser

import asyncpg
import httpx
import pytest

from services.feedback.domain.courtesy import Luon, Name
from services.feedback.domain.ratings import Tally
from services.feedback.entrypoints.bodies import RatingBody
from services.feedback.entrypoints.rating_words import ASKED_NAMES, rating_line
from services.feedback.tests import history
from services.feedback.tests.domain.score_examples import IN_FORCE
from services.feedback.tests.history import CODE, NOW, UNIT, Tell
from shared.clock import VirtualClock
from shared.events.feedback import RatingGiven

STARS = {"smile": 5, "gentle": 4, "listen": 3, "help": 1}


@pytest.fixture
async def link(pool: asyncpg.Pool, tell: Tell) -> str:
    """The path of a returned dossier's rating link."""
    await tell(history.agency(), history.submitted(), history.returned())
    token = await pool.fetchval("select token from invitations")
    await pool.execute("delete from outbox")
    return f"/rate/{token}"


async def ratings_said(pool: asyncpg.Pool) -> list[RatingGiven]:
    rows = await pool.fetch("select body from outbox order by id")
    return [RatingGiven.model_validate_json(row["body"]) for row in rows]


async def unit_rating(http: httpx.AsyncClient) -> dict[str, object]:
    answer = await http.get(f"/agencies/{UNIT}/rating")
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    return found


def test_the_form_asks_for_each_of_the_four_luon_and_overall() -> None:
    assert list(RatingBody.model_fields) == list(ASKED_NAMES) == [*Luon, "overall"]


async def test_json_rates_once_and_the_units_mean_is_withheld_while_few_voted(
    http: httpx.AsyncClient, link: str, pool: asyncpg.Pool
) -> None:
    nobody_yet = {
        **dict.fromkeys([*STARS, "overall"]),
        "text": {"vi": "Chưa có phiếu bầu", "en": "No votes yet"},
    }
    assert await unit_rating(http) == {"agency": UNIT, "votes": 0, **nobody_yet}
    answer = await http.post(link, json=STARS)
    assert (answer.status_code, answer.json()) == (201, {"dossier": CODE, "agency": UNIT, **STARS})
    text = {"vi": "1 phiếu bầu – công bố từ 5 phiếu", "en": "Shown from 5 votes on"}
    withheld = {**dict.fromkeys([*STARS, "overall"]), "text": text}
    assert await unit_rating(http) == {"agency": UNIT, "votes": 1, **withheld}
    assert await ratings_said(pool) == [
        RatingGiven(dossier=CODE, agency=UNIT, rated_at=NOW, **STARS)
    ]


async def test_overall_stars_are_kept_said_and_shown(
    http: httpx.AsyncClient, link: str, pool: asyncpg.Pool
) -> None:
    answer = await http.post(link, json={**STARS, "overall": 5})
    assert answer.json() == {"dossier": CODE, "agency": UNIT, **STARS, "overall": 5}
    await pool.execute("update tallies t set votes = 5, smile = 21 where agency = $1", UNIT)
    rating = await unit_rating(http)
    assert (rating["votes"], rating["smile"], rating["overall"]) == (5, 4.2, 1.8)
    assert [event.overall for event in await ratings_said(pool)] == [5]
    assert await pool.fetchval("select overall from ratings") == 5


async def test_the_page_shows_the_units_stars_with_the_number_of_votes(
    http: httpx.AsyncClient, link: str, pool: asyncpg.Pool
) -> None:
    """As the plan's own page: "Xếp hạng: 4,7 – 213 phiếu bầu"."""
    assert "Chưa có phiếu bầu" in (await http.get(link)).text
    await pool.execute("insert into tallies values ($1, 213, 900, 900, 900, 900, 404)", UNIT)
    shown = "Xếp hạng: 4,7 – 213 phiếu bầu"
    page = await http.get(link)
    assert shown in page.text and "Rating: 4.7 – 213 votes" in page.text
    assert shown in (await http.get("/stars")).text
    assert (await unit_rating(http))["text"] == {"vi": shown, "en": "Rating: 4.7 – 213 votes"}
    thanked = await http.post(link, data=dict.fromkeys([*STARS, "overall"], "5"))
    assert "Xếp hạng: 4,7 – 214 phiếu bầu" in thanked.text and "Đánh giá chung" in thanked.text


async def test_thousands_of_votes_are_written_as_each_language_does() -> None:
    line = rating_line(Tally(1213, 4852, 4852, 4852, 4852), IN_FORCE)
    assert line == Name("Xếp hạng: 4,0 – 1.213 phiếu bầu", "Rating: 4.0 – 1,213 votes")


async def test_a_second_rating_is_a_409_problem_and_changes_nothing(
    http: httpx.AsyncClient, link: str, pool: asyncpg.Pool
) -> None:
    await http.post(link, json=STARS)
    again = await http.post(link, json=STARS | {"smile": 1})
    assert again.status_code == 409
    assert again.headers["content-type"] == "application/problem+json"
    assert again.json()["type"] == "already-rated"
    assert (await unit_rating(http))["votes"] == 1
    assert len(await ratings_said(pool)) == 1


async def test_many_units_citizens_at_once_are_all_counted(
    http: httpx.AsyncClient, tell: Tell, pool: asyncpg.Pool
) -> None:
    codes = [f"H10.01-20261113-{number:04}" for number in range(40)]
    await tell(history.agency(), *(history.returned(code) for code in codes))
    tokens = [row["token"] for row in await pool.fetch("select token from invitations")]
    answers = await asyncio.gather(*(http.post(f"/rate/{t}", json=STARS) for t in tokens))
    assert {answer.status_code for answer in answers} == {201}
    rating = await unit_rating(http)
    assert (rating["votes"], rating["help"], rating["overall"]) == (40, 1, 3.25)


async def test_a_link_expires(http: httpx.AsyncClient, link: str, clock: VirtualClock) -> None:
    await clock.set(NOW + timedelta(days=30))
    answer = await http.post(link, json=STARS)
    assert (answer.status_code, answer.json()["type"]) == (410, "link-expired")
    page = await http.get(link)
    assert page.status_code == 410
    assert "Đường dẫn đã hết hạn" in page.text
    assert (await unit_rating(http))["votes"] == 0


@pytest.mark.parametrize("token", ["a" * 43, "short", "%00" * 30, "a" * 5000, "đ" * 43])
async def test_a_link_that_is_none_of_ours_is_not_found(
    http: httpx.AsyncClient, token: str
) -> None:
    answer = await http.post(f"/rate/{token}", json=STARS)
    assert (answer.status_code, answer.json()["type"]) == (404, "unknown-link")
    assert (await http.get(f"/rate/{token}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**STARS, "help": 6}, "help"),
        ({**STARS, "help": "5"}, "help"),
        ({**STARS, "help": True}, "help"),
        ({**STARS, "help": 4.5}, "help"),
        ({"smile": 5, "gentle": 5, "listen": 5}, "help"),
        ({**STARS, "overall": 0}, "overall"),
        ({**STARS, "overall": "5"}, "overall"),
        ({**STARS, "author": "x"}, "author"),
        ([1], "body"),
    ],
)
async def test_wrong_json_names_the_field_and_leaves_the_link_open(
    http: httpx.AsyncClient, link: str, body: object, field: str
) -> None:
    answer = await http.post(link, json=body)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert (await http.post(link, json=STARS)).status_code == 201


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b'{"smile": 5', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"", "application/json", 400),
        (b"smile=5", "text/plain", 415),
        (b"smile=5", "", 415),
        (b" " * 70_000, "application/json", 413),
        (b"\xff=1", "application/x-www-form-urlencoded", 400),
        (b"&".join([b"smile=5"] * 50), "application/x-www-form-urlencoded", 400),
    ],
)
async def test_a_body_that_is_neither_json_nor_a_form_is_refused(
    http: httpx.AsyncClient, link: str, content: bytes, content_type: str, status: int
) -> None:
    answer = await http.post(link, content=content, headers={"content-type": content_type})
    assert answer.status_code == status
    assert (await http.post(link, json=STARS)).status_code == 201


class Form(HTMLParser):
    """What a page's form would send, and which inputs have no label."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, set[str]] = {}
        self.checked: dict[str, str] = {}
        self.external: list[str] = []
        self.label_for: set[str] = set()
        self.unlabelled: list[str] = []
        self._inside_label = False
        self.feed(page)
        self.unlabelled = [ident for ident in self.unlabelled if ident not in self.label_for]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "label":
            self._inside_label = True
            self.label_for.add(found.get("for") or "")
        if tag in ("input", "select", "textarea"):
            name = found.get("name") or ""
            self.fields.setdefault(name, set()).add(found.get("value") or "")
            if "checked" in found:
                self.checked[name] = found.get("value") or ""
            if not self._inside_label and found.get("type") != "hidden":
                self.unlabelled.append(found.get("id") or "")
        for reference in (found.get("src"), found.get("href"), found.get("action")):
            if reference and "//" in reference:
                self.external.append(reference)
        if tag in ("script", "iframe", "img"):
            self.external.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self._inside_label = False


async def test_the_page_has_labelled_stars_and_needs_nothing_from_elsewhere(
    http: httpx.AsyncClient, link: str
) -> None:
    page = await http.get(link)
    assert page.status_code == 200
    form = Form(page.text)
    assert form.fields == {asked: {"1", "2", "3", "4", "5"} for asked in [*Luon, "overall"]}
    assert form.unlabelled == [] and form.external == []
    assert '<html lang="vi">' in page.text and "Luôn mỉm cười" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


async def test_the_pages_form_rates_and_thanks(http: httpx.AsyncClient, link: str) -> None:
    page = await http.post(link, data={name: str(stars) for name, stars in STARS.items()})
    assert page.status_code == 201
    assert page.headers["content-type"].startswith("text/html")
    assert "Xin cảm ơn" in page.text and "3/5" in page.text
    again = await http.post(link, data=dict.fromkeys(STARS, "5"))
    assert again.status_code == 409 and "Hồ sơ này đã được đánh giá" in again.text
    shown = await http.get(link)
    assert shown.status_code == 409 and "Đánh giá qua đường dẫn lúc 19:00" in shown.text


async def test_a_form_with_a_star_missing_comes_back_as_filled_in(
    http: httpx.AsyncClient, link: str
) -> None:
    page = await http.post(link, data={"smile": "5", "gentle": "4", "listen": "2", "overall": "3"})
    assert page.status_code == 422
    assert Form(page.text).checked == {"smile": "5", "gentle": "4", "listen": "2", "overall": "3"}
    assert 'href="#help"' in page.text and "Xin chọn số sao: Luôn giúp đỡ" in page.text


async def test_names_are_escaped_on_the_page(
    http: httpx.AsyncClient, link: str, tell: Tell
) -> None:
    await tell(history.agency(name='<script>alert("1")</script>'))
    page = await http.get(link)
    assert "<script" not in page.text and "&lt;script&gt;" in page.text


async def test_an_unknown_or_impossible_agency_has_no_rating(http: httpx.AsyncClient) -> None:
    unknown = await http.get("/agencies/H99/rating")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "unknown-agency")
    assert (await http.get("/agencies/h99/rating")).status_code == 422
