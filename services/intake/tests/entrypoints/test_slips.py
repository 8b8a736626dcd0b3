"""Every form of a dossier over HTTP: which it has, as a page, as PDF and as data."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from services.intake.tests.entrypoints.test_appointments import clock_event, deadline, tell
from services.intake.tests.town import DAY, FRIDAY, NEIGHBOUR, UNIT, Town
from shared.clock import VirtualClock
from shared.events.base import Event
from shared.events.deadlines import DeadlineMet, DeadlineMissed, DeadlineSet, Reappointed
from shared.inbox import Apply

CODE = f"{UNIT}-{DAY}-0001"
CONTACT = {"name": "Cán bộ thứ nhất", "phone": "0271 000 000"}
REASON = "Giấy tờ còn thiếu chữ ký"
OLD = "2025-08-01T09:00:00+07:00"
"""A day of receipt under TT 01/2018."""


async def get(town: Town, code: str, form: str, **query: Any) -> dict[str, Any]:
    answer = await town.http.get(
        f"/dossiers/{code}/forms/{form}", params={"format": "json", **query}, headers=town.officer
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def numbers(town: Town, code: str) -> list[str]:
    answer = await town.http.get(f"/dossiers/{code}/forms", headers=town.officer)
    assert answer.status_code == 200, answer.text
    return [form["number"] for form in answer.json()["forms"]]


def told(paper: dict[str, Any]) -> dict[str, str | None]:
    """What each field of a form holds, in Vietnamese."""
    return {
        line["name"]: None if line["value"] is None else line["value"]["vi"]
        for line in paper["lines"]
    }


def reappointed(code: str = CODE) -> Event:
    return clock_event(
        Reappointed,
        code=code,
        original_appointment_at=FRIDAY + timedelta(hours=7),
        appointment_at=FRIDAY + timedelta(days=3),
        legal_due=FRIDAY + timedelta(hours=8),
        reappointed_at=FRIDAY + timedelta(hours=2),
    )


async def test_rule_17_acceptance_yields_exactly_one_code_and_one_mau_01(town: Town) -> None:
    code = await town.code()
    assert await numbers(town, code) == ["01", "06"]
    online = await town.code(channel="online")
    assert await numbers(town, online) == []
    await town.move(online, "acceptance")
    assert await numbers(town, online) == ["01", "06"]


async def test_mau_01_bears_what_the_law_asks(town: Town, pool: asyncpg.Pool, apply: Apply) -> None:
    code = await town.code(sets=2, return_by="post")
    await tell(pool, apply, deadline())
    paper = await get(town, code, "01")
    assert told(paper) == {
        "applicant": "Người nộp thứ nhất",
        "phone": "0000",
        "request": "Chứng thực bản sao từ bản chính (2.000815)",
        "sets": "02 bộ",
        "statutory_time": "Trong ngày làm việc",
        "received_at": "09 giờ 00 phút, ngày 13/11/2026",
        "return_at": "16 giờ 00 phút, ngày 13/11/2026",
        "return_by": "Qua bưu chính công ích",
    }
    assert paper["table"]["rows"] == [
        [{"vi": "Bản chính", "en": "Bản chính"}, {"vi": "1", "en": "1"}]
    ]
    assert [signature["label"]["vi"] for signature in paper["signatures"]] == [
        "Người nộp hồ sơ",
        "Người tiếp nhận hồ sơ",
    ]


async def test_rule_18_a_request_and_a_refusal_are_told_in_writing(town: Town) -> None:
    code = await town.code(channel="online")
    bare = await town.move(code, "refusal")
    assert (bare.status_code, bare.json()["why"]) == (409, "a written reason is missing")
    assert "03" not in await numbers(town, code)
    documents = [{"name": "Giấy chứng nhận", "originals": 1, "certified": 2, "copies": 0}]
    asked = {"reason": REASON, "documents": documents, "contact": CONTACT}
    assert (await town.move(code, "supplement-requests", asked)).status_code == 200
    request = await get(town, code, "02")
    assert told(request)["reason"] == REASON
    assert told(request)["contact"] == "Cán bộ thứ nhất, 0271 000 000"
    assert [cell["vi"] for cell in request["table"]["rows"][0]] == [
        "Giấy chứng nhận",
        "1",
        "2",
        "0",
    ]
    assert request["paper_number"] == f"{code}/2"
    await town.move(code, "refusal", {"reason": "Không thuộc thẩm quyền"})
    refusal = await get(town, code, "03")
    assert told(refusal)["reason"] == "Không thuộc thẩm quyền"
    assert told(refusal)["contact"] is None  # to be written by hand
    assert await numbers(town, code) == ["02", "03"]


async def test_rule_16_renaming_rewrites_no_form_of_a_later_step(
    town: Town, clock: VirtualClock
) -> None:
    code = await town.code(channel="online")
    await town.move(code, "supplement-requests", {"reason": REASON})
    await clock.set(FRIDAY + timedelta(hours=1))
    renamed = {"name": "Phường Tên Mới", "valid_from": "2025-07-01"}
    await town.http.put(f"/agencies/{UNIT}", json=renamed, headers=town.operator)
    await town.move(code, "refusal", {"reason": REASON})
    assert (await get(town, code, "02"))["agency_name"] == "Phường Chơn Thành"
    assert (await get(town, code, "03"))["agency_name"] == "Phường Tên Mới"


async def test_rule_26_form_numbers_resolve_by_era(town: Town) -> None:
    old = await town.code(headers=town.system, received_at=OLD)
    new = await town.code()
    for code in (old, new):
        at = {"at": "2026-11-13T09:00:00+07:00", "reason": REASON}
        assert (await town.move(code, "stop", at, town.system)).status_code == 200
    assert (await get(town, old, "05"))["kind"] == "control_sheet"
    assert (await get(town, new, "05"))["kind"] == "stop_notice"
    assert (await get(town, new, "control_sheet"))["number"] == "06"
    assert told(await get(town, new, "05"))["reason"] == REASON


@pytest.mark.parametrize(
    ("language", "title", "rule"),
    [
        ("vi", "Biểu mẫu không hợp lệ", "hồ sơ nhận ngày 01/08/2025 theo Thông tư 01/2018"),
        ("en", "The form is refused", "a dossier received on 01/08/2025 is under Thông tư 01/2018"),
    ],
)
async def test_a_form_of_the_wrong_era_is_refused_in_the_citizens_language(
    town: Town, language: str, title: str, rule: str
) -> None:
    code = await town.code(headers=town.system, received_at=OLD, language=language)
    for form in ("07", "stop_notice"):
        answer = await town.http.get(f"/dossiers/{code}/forms/{form}", headers=town.officer)
        problem = answer.json()
        assert (answer.status_code, problem["title"]) == (422, title)
        assert (problem["field"], problem["value"]) == ("form", form)
        assert problem["rule"].startswith(rule)
        assert answer.headers["content-language"] == language


async def test_a_form_the_dossier_does_not_have_is_not_printed(town: Town) -> None:
    code = await town.code()
    answer = await town.http.get(f"/dossiers/{code}/forms/03", headers=town.officer)
    assert (answer.status_code, answer.json()["type"]) == (409, "not-issued")
    answer = await town.http.get(f"/dossiers/{code}/forms/04", headers=town.officer)
    assert answer.json()["detail"].endswith("hồ sơ chưa được hẹn lại")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"signer": "Trưởng đơn vị"}, "reason"),
        ({"reason": "  ", "signer": "Trưởng đơn vị"}, "reason"),
        ({"reason": "\u200b\u3164", "signer": "Trưởng đơn vị"}, "reason"),
        ({"reason": "Mất điện", "signer": "\u00a0\u200b"}, "signer"),
        ({"reason": "Mất điện"}, "signer"),
    ],
)
async def test_rule_24_mau_04_lacking_reason_or_signer_is_refused(
    town: Town, pool: asyncpg.Pool, apply: Apply, body: dict[str, str], field: str
) -> None:
    code = await town.code()
    await tell(pool, apply, deadline(), reappointed())
    answer = await town.move(code, "apology", body, town.head)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert await numbers(town, code) == ["01", "06"]


async def test_rule_24_mau_04_needs_both_dates_and_comes_once(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    code = await town.code(applicant={"name": "Nguyễn Thị Ví Dụ", "address": "Số 0, đường Thử"})
    await tell(pool, apply, deadline())
    words = {"reason": "Mất điện tại trụ sở", "signer": "Trần Văn Thử"}
    early = await town.move(code, "apology", words, town.head)
    assert (early.status_code, early.json()["field"]) == (422, "original_appointment_at")
    await tell(pool, apply, reappointed())
    assert (await town.move(code, "apology", words, town.head)).status_code == 201
    paper = await get(town, code, "04")
    assert told(paper) == {
        "addressee": "Ông/Bà Nguyễn Thị Ví Dụ",
        "address": "Số 0, đường Thử",
        "request": "Chứng thực bản sao từ bản chính (2.000815)",
        "received_at": "09 giờ 00 phút, ngày 13/11/2026",
        "original_return_at": "16 giờ 00 phút, ngày 13/11/2026",
        "reason": "Mất điện tại trụ sở",
        "new_return_at": "09 giờ 00 phút, ngày 16/11/2026",
    }
    assert paper["signatures"][0]["name"] == "Trần Văn Thử"
    assert paper["copies_to"][0]["en"] == "The addressee"
    again = await town.move(code, "apology", {**words, "reason": "Khác"}, town.head)
    assert (again.status_code, again.json()["field"]) == (422, "form")
    assert "một lần" in again.json()["rule"]
    # The date first given stays on Mẫu 01, the new one beside it.
    assert told(await get(town, code, "01"))["return_at"] == (
        "16 giờ 00 phút, ngày 13/11/2026; hẹn lại: 09 giờ 00 phút, ngày 16/11/2026 (Mẫu 04)"
    )


async def test_the_words_of_mau_04_never_travel(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    code = await town.code()
    await tell(pool, apply, deadline(), reappointed())
    words = {"reason": "Lý do không đi xa", "signer": "Người ký không đi xa"}
    await town.move(code, "apology", words, town.head)
    assert (
        await pool.fetchval(
            "select count(*) from outbox where convert_from(body, 'UTF8') ~ 'không đi xa'"
        )
        == 0
    )


def leg(event: type[Event], generation: int, agency: str, **fields: Any) -> Event:
    base = {"code": CODE, "kind": "transfer_leg", "generation": generation, "agency": agency}
    return event.model_validate({**base, **fields})


async def test_the_control_sheet_lists_every_hand_over_early_on_time_or_late(
    town: Town, pool: asyncpg.Pool, apply: Apply, clock: VirtualClock
) -> None:
    code = await town.code()
    due: dict[str, Any] = {"legal_due": FRIDAY + timedelta(days=3), "pledge_due": None}
    dates = {
        "received_at": FRIDAY,
        "regime": "nd61",
        "rules_version": "1",
        "calendar_version": "vn-1",
    }
    at = [FRIDAY + timedelta(hours=hours) for hours in range(1, 6)]
    steps = [
        ("forwarding", {}, town.officer),
        ("transfers", {"to_agency": NEIGHBOUR}, town.officer),
        ("transfers", {"to_agency": UNIT}, town.neighbour),
        ("resolution", {}, town.officer),
        ("return", {}, town.officer),
    ]
    for instant, (path, body, headers) in zip(at, steps, strict=True):
        await clock.set(instant)
        assert (await town.move(code, path, body, headers)).status_code == 200
    met: dict[str, Any] = {"is_pledge_kept": None}
    await tell(
        pool,
        apply,
        deadline(**due, appointment_at=FRIDAY + timedelta(days=3)),
        leg(DeadlineSet, 1, NEIGHBOUR, **dates, **due, appointment_at=at[1] + timedelta(days=2)),
        leg(DeadlineMet, 1, NEIGHBOUR, resolved_at=at[2], is_early=True, **met),
        leg(DeadlineSet, 2, UNIT, **dates, **due, appointment_at=at[2]),
        leg(DeadlineMissed, 2, UNIT, resolved_at=at[3], legal_due=at[2]),
        clock_event(DeadlineMet, resolved_at=at[3], is_early=True, **met),
    )
    sheet = await get(town, code, "control_sheet")
    rows = [[cell["vi"] for cell in row] for row in sheet["table"]["rows"]]
    counter = "Bộ phận tiếp nhận và trả kết quả, Phường Chơn Thành"
    department = "Bộ phận chuyên môn, Phường Chơn Thành"
    assert [row[:4] for row in rows] == [
        ["Người nộp hồ sơ", counter, "09 giờ 00 phút, ngày 13/11/2026", "–"],
        [counter, department, "10 giờ 00 phút, ngày 13/11/2026", "Đúng hạn"],
        [department, "Phường Minh Hưng", "11 giờ 00 phút, ngày 13/11/2026", "Đúng hạn"],
        ["Phường Minh Hưng", "Phường Chơn Thành", "12 giờ 00 phút, ngày 13/11/2026", "Trước hạn"],
        ["Phường Chơn Thành", counter, "13 giờ 00 phút, ngày 13/11/2026", "Quá hạn"],
        [counter, "Người nộp hồ sơ", "14 giờ 00 phút, ngày 13/11/2026", "Trước hạn"],
    ]
    assert rows[3][4] == "Hạn: 11 giờ 00 phút, ngày 15/11/2026"
    assert told(sheet)["outcome"] == "Trước hạn"


async def test_what_is_heard_of_a_hand_over_is_kept_however_the_batches_fall(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    await town.code()
    at = FRIDAY + timedelta(hours=1)
    events = [
        leg(
            DeadlineSet,
            1,
            UNIT,
            kind="forwarding",
            received_at=FRIDAY,
            legal_due=at,
            pledge_due=None,
            appointment_at=at,
            regime="nd61",
            rules_version="1",
            calendar_version="vn-1",
        ),
        leg(
            DeadlineMet,
            1,
            UNIT,
            kind="forwarding",
            resolved_at=at,
            is_pledge_kept=None,
            is_early=False,
        ),
    ]
    kept = []
    for batches in (events, events[:1], events[1:]):
        if batches is not events:
            await pool.execute("delete from hand_overs where verdict is not null")
        assert await tell(pool, apply, *batches) == []
        kept.append(await pool.fetch("select due_at, verdict, ended_at from hand_overs"))
    assert [tuple(row) for row in kept[0]] == [(at, "on_time", at)]
    assert [tuple(row) for row in kept[1]] == [(at, None, None)]
    assert [tuple(row) for row in kept[2]] == [(at, "on_time", at)]


async def test_a_leg_of_a_dossier_we_never_had_is_refused(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    (refusal,) = await tell(
        pool, apply, leg(DeadlineMissed, 1, UNIT, resolved_at=FRIDAY, legal_due=FRIDAY)
    )
    assert "no dossier" in refusal.reason


@pytest.mark.parametrize("form", ["01", "02", "04", "05", "06"])
async def test_every_form_is_a_page_for_a5_and_a_pdf(
    town: Town, pool: asyncpg.Pool, apply: Apply, form: str
) -> None:
    code = await town.code(applicant={"name": "Người <nộp> #1 & *sao*"})
    await tell(pool, apply, deadline(), reappointed())
    await town.move(code, "apology", {"reason": "Mất điện", "signer": "Thử"}, town.head)
    await town.move(code, "supplement-requests", {"reason": REASON})
    await town.move(code, "stop", {"reason": REASON})
    url = f"/dossiers/{code}/forms/{form}"
    page = await town.http.get(url, headers=town.officer)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for words in ("size: A5", "<svg", code, "Người &lt;nộp&gt; #1 &amp; *sao*", '<html lang="vi">'):
        assert words in page.text, words
    assert "<script" not in page.text
    printed = await town.http.get(url, headers={**town.officer, "Accept": "application/pdf"})
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF-")
    again = await town.http.get(url, params={"format": "pdf"}, headers=town.officer)
    assert again.content == printed.content  # the same form, the same bytes


async def test_a_move_that_did_not_issue_the_form_is_refused(town: Town) -> None:
    code = await town.code(channel="online")
    await town.move(code, "supplement-requests", {"reason": REASON})
    answer = await town.http.get(
        f"/dossiers/{code}/forms/02", params={"move": 1}, headers=town.officer
    )
    assert (answer.status_code, answer.json()["field"]) == (422, "move")
    assert (await get(town, code, "02", move=2))["paper_number"] == f"{code}/2"
