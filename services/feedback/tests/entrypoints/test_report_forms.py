"""The report page's form with files: nothing typed is lost, and hostile text is harmless."""

import io
import logging
import re
from typing import Any

import asyncpg
import httpx
import pytest
import structlog
from fastapi import FastAPI
from markupsafe import escape
from prometheus_client import generate_latest

from services.feedback.adapters.books import begin_on
from services.feedback.adapters.seals import Seals
from services.feedback.domain.attachments import MOST_BYTES
from services.feedback.domain.courtesy import Luon
from services.feedback.entrypoints.bodies import LONGEST_REPORT_BYTES
from services.feedback.entrypoints.chance import draw_token
from services.feedback.entrypoints.http import routes
from services.feedback.entrypoints.rating_desk import RatingDesk
from services.feedback.entrypoints.rendering import Pages
from services.feedback.entrypoints.report_pages import ReportDesk
from services.feedback.entrypoints.town_board import TownBoard
from services.feedback.tests import history
from services.feedback.tests.conftest import BASE_URL
from services.feedback.tests.entrypoints.test_rating_links import Form
from services.feedback.tests.history import UNIT, Tell
from services.feedback.tests.reporting import (
    COMPLAINT,
    DENUNCIATION,
    FEEDBACK,
    INSPECTORATE,
    PNG,
)
from services.feedback.tests.reporting import inspector as inspector
from services.feedback.tests.reporting import town as town
from shared.clock import VirtualClock
from shared.gate import Gate
from shared.problems import install_problem_handlers
from shared.telemetry import configure_logging

TYPED = {
    "kind": "denunciation",
    "agency": UNIT,
    "against": ["2", "4"],
    "dossier": "",
    "text": "Dòng 1\r\nDòng 2",
    "author_name": "Nguyễn Thị Ví Dụ",
    "author_phone": "",
    "author_email": "",
    "author_address": "",
}
BOUNDARY = "----geckoformboundary"
NO_FILE = ("attachments", ("none", b"", "application/octet-stream"))


def file(content: bytes, name: str = "ảnh chụp.png") -> tuple[str, tuple[str, bytes, str]]:
    return ("attachments", (name, content, "image/png"))


def is_still_filled_in(page: str) -> bool:
    return (
        Form(page).checked == {"kind": "denunciation", "against": "4"}
        and f'<option value="{UNIT}" selected>' in page
        and "Dòng 1\r\nDòng 2" in page
        and 'value="Nguyễn Thị Ví Dụ"' in page
    )


async def test_the_page_labels_every_input_and_offers_each_kind(http: httpx.AsyncClient) -> None:
    page = await http.get("/report", params={"agency": UNIT})
    form = Form(page.text)
    assert form.fields["kind"] == {"feedback", "complaint", "denunciation"}
    assert form.unlabelled == [] and form.external == []
    assert "<script" not in page.text


async def test_a_form_with_files_is_taken(http: httpx.AsyncClient, pool: asyncpg.Pool) -> None:
    received = await http.post("/reports", data=TYPED, files=[file(PNG), file(b"%PDF-1.7", "a")])
    assert received.status_code == 201 and "TC-H10-90-20261113-0001" in received.text
    kept = await pool.fetch("select number, media_type, content from report_attachments")
    assert [tuple(row) for row in kept] == [
        (1, "image/png", PNG),
        (2, "application/pdf", b"%PDF-1.7"),
    ]
    words = await pool.fetchrow("select words, against from reports")
    assert words is not None and tuple(words) == (TYPED["text"], [2, 4])


async def test_an_input_left_without_a_file_attaches_none(
    http: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    """As browsers send it: a file without a name and without content."""
    parts = [
        ('name="kind"', "feedback"),
        ('name="agency"', UNIT),
        ('name="against"', "2"),
        ('name="against"', "5"),
        ('name="text"', "Chờ lâu"),
        ('name="attachments"; filename=""\r\nContent-Type: application/octet-stream', ""),
    ]
    body = "".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {header}\r\n\r\n{content}\r\n"
        for header, content in parts
    )
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    sent = await http.post("/reports", content=f"{body}--{BOUNDARY}--\r\n", headers=headers)
    assert sent.status_code == 201
    assert await pool.fetchval("select count(*) from report_attachments") == 0
    assert await pool.fetchval("select against from reports") == [2, 5]


@pytest.mark.parametrize(
    "files",
    [
        [file(PNG + bytes(MOST_BYTES))],
        [file(PNG + bytes(LONGEST_REPORT_BYTES))],
        [file(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")],
        [file(b"MZ\x90\x00"), file(PNG)],
        [file(PNG)] * 4,
    ],
    ids=["too large", "larger than is read", "svg", "program", "too many"],
)
async def test_a_file_over_the_limit_or_of_another_type_is_refused_and_nothing_typed_is_lost(
    http: httpx.AsyncClient, pool: asyncpg.Pool, files: list[Any]
) -> None:
    page = await http.post("/reports", data=TYPED, files=files)
    assert page.status_code == 422
    assert "Tối đa 3 tệp JPEG, PNG hoặc PDF, mỗi tệp không quá 5 MB" in page.text
    assert "những gì đã nhập vẫn còn" in page.text
    assert is_still_filled_in(page.text)
    assert await pool.fetchval("select count(*) from reports") == 0
    assert await pool.fetchval("select count(*) from outbox") == 0


async def test_json_names_the_field_and_the_rule_of_an_attachment(http: httpx.AsyncClient) -> None:
    for files, rule in ((["!"], "base64"), (["TVo="], "JPEG, PNG or PDF"), ("x", "array")):
        refused = await http.post("/reports", json={**FEEDBACK, "attachments": files})
        (fault,) = refused.json()["errors"]
        assert (refused.status_code, fault["field"]) == (422, "attachments")
        assert rule in fault["rule"]


async def test_an_oversized_text_is_refused_and_comes_back(http: httpx.AsyncClient) -> None:
    words = "ở" * 30_000
    page = await http.post("/reports", data={**TYPED, "text": words}, files=[NO_FILE])
    assert page.status_code == 422
    assert "Tối đa 4000 ký tự" in page.text and "ở" * 20_000 in page.text


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=B", b"--B\r\nno header\r\n--B--"),
        ("multipart/form-data; boundary=B", b"--B\r\nA: b\r\n\r\nx\r\n--B--"),
        (
            "multipart/form-data; boundary=B",
            b'--B\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\r\n--B--',
        ),
        ("multipart/form-data; boundary=B", b"--B\r\n\r\n" * 50),
    ],
)
async def test_a_malformed_form_is_a_400_page(
    http: httpx.AsyncClient, content_type: str, body: bytes
) -> None:
    page = await http.post("/reports", content=body, headers={"content-type": content_type})
    assert page.status_code == 400 and "Chưa thực hiện được" in page.text


HOSTILE = [
    "<script>alert(1)</script>",
    "</textarea><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "'; drop table reports; --",
    "\u202egnp.exe",
]


@pytest.mark.parametrize("words", HOSTILE)
async def test_stored_and_reflected_script_is_harmless(
    http: httpx.AsyncClient, pool: asyncpg.Pool, words: str
) -> None:
    again = await http.post(
        "/reports", data={**TYPED, "dossier": words, "text": words, "author_name": words}
    )
    received = (await http.post("/reports", json={**DENUNCIATION, "text": words})).json()
    await pool.execute("update reports set state = 'asked'")
    await pool.execute(
        "insert into report_steps values ($1, 1, 'asked', $2, null, 's', 'inspector', now())",
        received["report"],
        words,
    )
    await pool.execute(
        "insert into openings values ($1, 1, 'identity', $2, 'inspector', $2, now())",
        received["report"],
        words,
    )
    followed = await http.post("/reports/follow", data=received)
    assert (again.status_code, followed.status_code) == (422, 200)
    for page in (again, followed):
        for sign in ("<script", "<img", "<svg", "49"):
            assert sign not in page.text.partition("</style>")[2].replace("<svg viewBox", "")
        assert "script-src" not in page.headers["content-security-policy"]
        assert "default-src 'none'" in page.headers["content-security-policy"]


def outside_isolates(page: str) -> str:
    """The page's text but for what stands in elements that isolate its direction: those, form fields and the title."""
    isolates = r"<(bdi|textarea|option|title)\b[^>]*>.*?</\1>|<input\b[^>]*>"
    return re.sub(isolates, "", page, flags=re.DOTALL)


async def test_names_and_words_that_turn_the_direction_turn_nothing_but_themselves(
    http: httpx.AsyncClient, pool: asyncpg.Pool, tell: Tell
) -> None:
    """A right-to-left override in a name would else write the rest of the line, its code or date, backwards."""
    turned = "UBND \u202eniạg\u2067 gnơưhp"
    await tell(
        history.agency(name=turned), history.agency(INSPECTORATE, turned), history.returned()
    )
    receipt = (await http.post("/reports", json=FEEDBACK)).json()
    await pool.execute("update reports set state = 'asked'")
    step = "insert into report_steps values ($1, 1, 'asked', $2, null, 's', 'inspector', now())"
    await pool.execute(step, receipt["report"], turned)
    opening = "insert into openings values ($1, 1, 'identity', $2, 'inspector', $2, now())"
    await pool.execute(opening, receipt["report"], turned)
    token = await pool.fetchval("select token from invitations")
    rate = await http.get(f"/rate/{token}")
    rated = await http.post(f"/rate/{token}", data=dict.fromkeys(Luon, "5"))
    followed = await http.post("/reports/follow", data=receipt)
    again = await http.post("/reports", data={**TYPED, "text": turned, "author_name": turned})
    assert [page.status_code for page in (rate, rated, followed, again)] == [200, 201, 200, 422]
    for page in (rate, rated, followed, again):
        assert "\u202e" in page.text
        assert not {"\u202e", "\u2067"} & set(outside_isolates(page.text))
    told = await pool.fetch("select text_vi, text_en from notices")
    assert told and not any({"\u202e", "\u2067"} & set("".join(row)) for row in told)


async def test_lookalike_codes_and_names_are_refused(http: httpx.AsyncClient) -> None:
    receipt = (await http.post("/reports", json=FEEDBACK)).json()
    cyrillic = receipt["report"].replace("A", "А")
    answer = await http.post("/reports/follow", json={**receipt, "report": cyrillic})
    assert answer.status_code == 422
    named = await http.post("/reports", json={**FEEDBACK, "author_name": "Nguyễn Аn"})
    assert [fault["field"] for fault in named.json()["errors"]] == ["author_name"]


async def test_a_kind_that_cannot_be_taken_says_which_field(http: httpx.AsyncClient) -> None:
    nameless = {**COMPLAINT, "author_name": "", "author_phone": ""}
    refused = await http.post("/reports", json=nameless)
    assert [fault["field"] for fault in refused.json()["errors"]] == ["author_name"]
    page = await http.post("/reports", data={**TYPED, "kind": "complaint", "author_name": ""})
    assert "Khiếu nại cần có họ tên" in page.text
    wordless = await http.post("/reports", json={**DENUNCIATION, "text": ""})
    assert [fault["field"] for fault in wordless.json()["errors"]] == ["text"]


async def test_without_a_key_and_an_inspectorate_only_nameless_feedback_is_offered_and_taken(
    pool: asyncpg.Pool, clock: VirtualClock, board: TownBoard, ratings: RatingDesk
) -> None:
    desk = ReportDesk(begin_on(pool), clock, draw_token, Seals.read(""), [], Pages(), Gate(0))
    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(routes(desk, ratings, board))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as http:
        form = Form((await http.get("/report")).text)
        assert form.fields["kind"] == {"feedback"} and "author_name" not in form.fields
        for report, field in (
            (FEEDBACK, "author_name"),
            (COMPLAINT, "author_name"),
            ({"kind": "denunciation", "agency": UNIT, "text": "Việc A"}, "kind"),
        ):
            refused = await http.post("/reports", json=report)
            assert [fault["field"] for fault in refused.json()["errors"]] == [field]
        taken = await http.post("/reports", json={"agency": UNIT, "against": [1]})
        assert taken.status_code == 201


async def test_a_refused_form_to_follow_keeps_what_was_typed(http: httpx.AsyncClient) -> None:
    receipt = (await http.post("/reports", json=FEEDBACK)).json()
    for typed, status in (
        ({**receipt, "secret": "nhầm-một-chữ"}, 404),
        ({**receipt, "report": 'pa"><script>'}, 422),
        ({"report": receipt["report"], "secret": ""}, 422),
    ):
        page = await http.post("/reports/follow", data=typed)
        assert page.status_code == status and 'role="alert"' in page.text
        assert f'value="{escape(typed["report"])}"' in page.text
        assert f'value="{typed["secret"]}"' in page.text


async def test_a_refused_answer_keeps_what_was_typed(
    http: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    receipt = (await http.post("/reports", json=FEEDBACK)).json()
    await pool.execute("update reports set state = 'asked'")
    long = "\nở" * 5_000
    for typed, status in (
        ({**receipt, "text": long}, 422),
        ({**receipt, "secret": "nhầm", "text": "Hôm qua"}, 404),
        ({"text": "Hôm qua"}, 422),
    ):
        page = await http.post("/reports/follow/answer", data=typed)
        assert page.status_code == status and 'role="alert"' in page.text
        assert f">\n{typed['text']}</textarea>" in page.text
    assert await pool.fetchval("select count(*) from report_steps") == 0


async def test_the_author_answers_and_withdraws_from_the_page(
    http: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    receipt = (await http.post("/reports", json=FEEDBACK)).json()
    await pool.execute("update reports set state = 'asked'")
    page = await http.post("/reports/follow", data=receipt)
    form = Form(page.text)
    assert "Trả lời của Quý công dân" in page.text and form.unlabelled == []
    assert "Thanh tra thị xã" in page.text and "Chưa có ai" in page.text
    empty = await http.post("/reports/follow/answer", data={**receipt, "text": " "})
    assert empty.status_code == 422
    answered = await http.post("/reports/follow/answer", data={**receipt, "text": "Hôm qua"})
    assert "Đã bổ sung thông tin" in answered.text and "Hôm qua" in answered.text
    gone = await http.post("/reports/follow/withdrawal", data=receipt)
    assert "Đã rút" in gone.text and "/reports/follow/withdrawal" not in gone.text


async def test_rule_38_no_word_of_a_report_is_in_logs_metrics_or_events(
    application: FastAPI,
    pool: asyncpg.Pool,
    inspector: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not even of one that fails: PostgreSQL quotes the row it refuses."""
    secrets = ("mật-lời-kể", "Nguyễn Mật Danh", "0900 000 009", "mật-câu-hỏi", "mật-lý-do")
    words, name, phone, question, reason = secrets
    report = {
        **FEEDBACK,
        "text": f"{words} {name} {phone}",
        "author_name": name,
        "author_phone": phone,
    }
    written = io.StringIO()
    structlog.reset_defaults()
    configure_logging("feedback", "DEBUG")
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(written), cache_logger_on_first_use=False
    )
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    try:
        with caplog.at_level(logging.DEBUG):
            async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
                receipt = (await http.post("/reports", json=report)).json()
                url = f"/reports/{receipt['report']}"
                asked = {"step": "asked", "words": question}
                await http.post(f"{url}/steps", json=asked, headers=inspector)
                await http.post(f"{url}/identity", json={"reason": reason}, headers=inspector)
                await http.post("/reports", json={**report, "against": []})
                await http.post("/reports", data={**report, "dossier": name})
                await pool.execute(
                    "alter table reports add check (reported_at < '2026-11-13') not valid"
                )
                failed = await http.post("/reports", json=report)
                assert failed.status_code == 500
                assert not any(secret in failed.text for secret in secrets)
    finally:
        structlog.reset_defaults()
    logged = written.getvalue()
    assert "a request failed" in logged and "violates check constraint" in logged
    logs = logged + caplog.text + "".join(capsys.readouterr())
    events = str([tuple(row) for row in await pool.fetch("select * from outbox")])
    metrics = generate_latest().decode()
    for secret in (*secrets, receipt["secret"]):
        assert secret not in logs
        assert secret not in events and secret.encode().hex() not in events
        assert secret not in metrics
    assert INSPECTORATE in events
