"""Who sees what of a report, who takes which step, and what the bus is told of it."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.feedback.adapters.seals import Seals
from services.feedback.tests import history
from services.feedback.tests.entrypoints.test_notices import bearing
from services.feedback.tests.history import CODE, NOW, UNIT, Tell
from shared.clock import VirtualClock
from shared.events.feedback import ReportMoved
from shared.identity import Role

Mint = Callable[..., str]

INSPECTORATE, PROVINCE = "H10.90", "H10.91"
NAME, PHONE = "Nguyễn Thị Ví Dụ", "0900 000 001"
WORDS = f"Tôi, {NAME.upper()}, gọi {PHONE}: bị đòi “bồi dưỡng” hai lần"
MASKED = "Tôi, […], gọi […]: bị đòi “bồi dưỡng” hai lần"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))

FEEDBACK: dict[str, Any] = {
    "agency": UNIT,
    "against": [1, 3],
    "dossier": CODE,
    "text": WORDS,
    "author_name": NAME,
    "author_phone": PHONE,
}
COMPLAINT = {**FEEDBACK, "kind": "complaint", "against": []}
DENUNCIATION = {**FEEDBACK, "kind": "denunciation", "against": [3]}


@pytest.fixture(autouse=True)
async def town(tell: Tell, pool: asyncpg.Pool) -> None:
    await tell(
        history.agency(),
        history.agency(INSPECTORATE, "Thanh tra thị xã"),
        history.agency(PROVINCE, "Thanh tra tỉnh"),
        history.submitted(),
    )
    await pool.execute("delete from outbox")


@pytest.fixture
def inspector(token: Mint) -> dict[str, str]:
    return bearing(token(Role.INSPECTOR))


@pytest.fixture
def head(token: Mint) -> dict[str, str]:
    """The head of the reported unit."""
    return bearing(token(Role.HEAD_OF_UNIT, UNIT))


async def send(http: httpx.AsyncClient, report: dict[str, Any]) -> dict[str, str]:
    answer = await http.post("/reports", json=report)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, str] = answer.json()
    return receipt


async def said(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    rows = await pool.fetch("select body from outbox order by id")
    return [json.loads(row["body"]) for row in rows]


async def take(
    http: httpx.AsyncClient, headers: dict[str, str], code: str, step: str, **more: Any
) -> httpx.Response:
    return await http.post(f"/reports/{code}/steps", json={"step": step, **more}, headers=headers)


async def test_each_kind_has_its_own_code_and_says_only_who_handles_it(
    http: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    codes = [(await send(http, one))["report"] for one in (FEEDBACK, COMPLAINT, DENUNCIATION)]
    assert codes == [
        "PA-H10-01-20261113-0001",
        "KN-H10-90-20261113-0001",
        "TC-H10-90-20261113-0001",
    ]
    at = NOW.isoformat().replace("+00:00", "Z")
    assert await said(pool) == [
        {
            "report": codes[0],
            "agency": UNIT,
            "against": [1, 3],
            "dossier": None,
            "reported_at": at,
            "handler": INSPECTORATE,
        },
        {"report": codes[1], "agency": INSPECTORATE, "received_at": at},
        {"report": codes[2], "agency": INSPECTORATE, "received_at": at},
    ]


async def test_rule_32_a_denunciation_never_enters_the_rating_stream_nor_any_count_the_unit_sees(
    http: httpx.AsyncClient,
    pool: asyncpg.Pool,
    head: dict[str, str],
    inspector: dict[str, str],
) -> None:
    async def all_the_unit_can_ask() -> list[str]:
        asked = (
            f"/reports?agency={UNIT}",
            f"/reports?agency={UNIT}&after=TC-H10-90-20261113-0001",
            "/reports/handled",
            f"/agencies/{UNIT}/rating",
            f"/notices?dossier={CODE}",
            "/reports/TC-H10-90-20261113-0001",
        )
        return [(await http.get(url, headers=head)).text for url in asked]

    before = await all_the_unit_can_ask()
    code = (await send(http, DENUNCIATION))["report"]
    await take(http, inspector, code, "resolved", words="Đã kết luận", verdict="upheld")
    assert await all_the_unit_can_ask() == before
    types = await pool.fetch("select type, body from outbox order by id")
    assert [row["type"].split(".")[2] for row in types] == ["DenunciationReceived", "ReportMoved"]
    assert all(UNIT not in row["body"].decode().replace(INSPECTORATE, "") for row in types)
    assert (await said(pool))[1]["verdict"] is None
    assert await pool.fetchval("select count(*) from tallies") == 0
    # Nor is there a hole where it would be.
    assert (await send(http, FEEDBACK))["report"] == "PA-H10-01-20261113-0001"


async def test_a_denunciation_is_never_handled_by_the_agency_it_is_about(
    http: httpx.AsyncClient, token: Mint
) -> None:
    about_the_inspectorate = {"kind": "denunciation", "agency": INSPECTORATE, "text": "Việc A"}
    code = (await send(http, about_the_inspectorate))["report"]
    assert code == "TC-H10-91-20261113-0001"
    for role in (Role.HEAD_OF_UNIT, Role.OFFICER, Role.INSPECTOR):
        headers = bearing(token(role, INSPECTORATE))
        assert (await http.get(f"/reports/{code}", headers=headers)).status_code == 404
        assert (await take(http, headers, code, "resolved", words="x")).status_code == 404
        assert (await http.get("/reports/handled", headers=headers)).json()["reports"] == []
    theirs = bearing(token(Role.HEAD_OF_UNIT, PROVINCE))
    assert (await http.get(f"/reports/{code}", headers=theirs)).status_code == 200


async def test_rule_33_the_reported_unit_reads_neither_author_nor_words_nor_dossier_nor_hour(
    http: httpx.AsyncClient, head: dict[str, str]
) -> None:
    await send(http, FEEDBACK)
    await send(http, COMPLAINT)
    answer = await http.get(f"/reports?agency={UNIT}", headers=head)
    common = {"reported_on": "2026-11-13", "state": "received", "verdict": None, "moved_on": None}
    assert answer.json() == {
        "agency": UNIT,
        "reports": [
            {"report": "PA-H10-01-20261113-0001", "kind": "feedback", "against": [1, 3], **common},
            {"report": "KN-H10-90-20261113-0001", "kind": "complaint", "against": [], **common},
        ],
        "next": None,
    }
    assert answer.headers["cache-control"] == "no-store"
    for code in ("PA-H10-01-20261113-0001", "KN-H10-90-20261113-0001"):
        assert (await http.get(f"/reports/{code}", headers=head)).status_code == 404
        for path in ("identity", "attachments/1"):
            opened = await http.post(
                f"/reports/{code}/{path}", json={"reason": "muốn biết"}, headers=head
            )
            assert (opened.status_code, opened.json()["type"]) == (403, "wrong-role")


async def test_rule_33_handlers_read_a_redacted_copy(
    http: httpx.AsyncClient, inspector: dict[str, str], token: Mint
) -> None:
    code = (await send(http, FEEDBACK))["report"]
    for headers in (inspector, bearing(token(Role.OFFICER, INSPECTORATE))):
        shown = (await http.get(f"/reports/{code}", headers=headers)).json()
        assert (shown["words"], shown["dossier"], shown["is_named"]) == (MASKED, CODE, True)
    for role, agency in ((Role.OPERATOR, None), (Role.INTEGRATOR, INSPECTORATE)):
        refused = await http.get(f"/reports/{code}", headers=bearing(token(role, agency)))
        assert refused.status_code == 403
    stranger = bearing(token(Role.HEAD_OF_UNIT, "H10.02"))
    assert (await http.get(f"/reports/{code}", headers=stranger)).status_code == 404
    assert (await http.get(f"/reports/{code}")).status_code == 401


async def test_rule_33_each_unmasking_is_logged_and_shown_to_the_author(
    http: httpx.AsyncClient, inspector: dict[str, str]
) -> None:
    receipt = await send(http, FEEDBACK)
    url = f"/reports/{receipt['report']}/identity"
    reason = "Cần mời đến làm việc trực tiếp"
    opened = await http.post(url, json={"reason": reason}, headers=inspector)
    assert opened.json() == {
        "report": receipt["report"],
        "author": {"name": NAME, "phone": PHONE, "email": "", "address": ""},
        "words": WORDS,
    }
    assert opened.headers["cache-control"] == "no-store"
    followed = (await http.post("/reports/follow", json=receipt)).json()
    assert followed["openings"] == [
        {
            "what": "identity",
            "opened_by": "subject-1",
            "role": "inspector",
            "reason": reason,
            "opened_at": NOW.isoformat().replace("+00:00", "Z"),
        }
    ]
    page = await http.post("/reports/follow", data=receipt)
    assert reason in page.text and "subject-1" in page.text and "Thanh tra" in page.text
    assert NAME not in page.text


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": "  "}, {"reason": "\u200b\u2060"}, {"reason": "a" * 501}, {"reason": "\x00"}],
)
async def test_without_a_reason_in_words_nothing_is_opened(
    http: httpx.AsyncClient, pool: asyncpg.Pool, inspector: dict[str, str], body: dict[str, str]
) -> None:
    code = (await send(http, FEEDBACK))["report"]
    refused = await http.post(f"/reports/{code}/identity", json=body, headers=inspector)
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["errors"]] == ["reason"]
    assert NAME not in refused.text
    assert await pool.fetchval("select count(*) from openings") == 0


async def test_a_report_without_a_name_has_nothing_to_open(
    http: httpx.AsyncClient, pool: asyncpg.Pool, inspector: dict[str, str]
) -> None:
    code = (await send(http, {"agency": UNIT, "against": [1]}))["report"]
    for path in ("identity", "attachments/1"):
        answer = await http.post(f"/reports/{code}/{path}", json={"reason": "x"}, headers=inspector)
        assert (answer.status_code, answer.json()["type"]) == (404, "nothing-sealed")
    assert await pool.fetchval("select count(*) from openings") == 0


async def test_the_identity_is_kept_apart_and_only_its_own_key_and_report_open_it(
    http: httpx.AsyncClient, pool: asyncpg.Pool, inspector: dict[str, str], seals: Seals
) -> None:
    first = (await send(http, FEEDBACK))["report"]
    other = {"author_name": "Trần Văn Thử", "text": "Tôi, tran van thu, không tên ở đây"}
    second = (await send(http, {**FEEDBACK, **other}))["report"]
    tables = ("reports", "sealed_identities", "report_steps", "outbox", "said", "openings")
    for table in tables:
        rows = str([tuple(row) for row in await pool.fetch(f"select * from {table}")])
        for secret in (NAME, NAME.upper(), PHONE, "Trần Văn Thử", "tran van thu"):
            assert secret not in rows, table
    assert await pool.fetchval("select distinct key_id from sealed_identities") == "2026b"
    # A row moved to another report does not open there.
    await pool.execute(
        "update sealed_identities set sealed = (select sealed from sealed_identities"
        " where report = $2) where report = $1",
        first,
        second,
    )
    moved = await http.post(f"/reports/{first}/identity", json={"reason": "x"}, headers=inspector)
    assert (moved.status_code, moved.json()["type"]) == (409, "cannot-open")
    assert await pool.fetchval("select count(*) from openings") == 0


async def test_every_step_is_kept_shown_to_its_author_and_said_without_its_words(
    http: httpx.AsyncClient,
    pool: asyncpg.Pool,
    clock: VirtualClock,
    inspector: dict[str, str],
) -> None:
    receipt = await send(http, FEEDBACK)
    code = receipt["report"]
    await take(http, inspector, code, "asked", words="Việc xảy ra ngày nào?")
    await clock.set(NOW + timedelta(minutes=5))
    answer = {**receipt, "text": f"Thứ Sáu. {NAME}"}
    answered = await http.post("/reports/follow/answer", json=answer)
    assert answered.json()["state"] == "answered"
    done = await take(
        http, inspector, code, "resolved", words="Đã xác minh: đúng", verdict="upheld"
    )
    assert done.status_code == 200
    await take(http, inspector, code, "published")
    followed = (await http.post("/reports/follow", json=receipt)).json()
    assert [(one["step"], one["words"], one["role"]) for one in followed["steps"]] == [
        ("asked", "Việc xảy ra ngày nào?", "inspector"),
        ("answered", "Thứ Sáu. […]", "author"),
        ("resolved", "Đã xác minh: đúng", "inspector"),
        ("published", "", "inspector"),
    ]
    assert (followed["state"], followed["verdict"]) == ("published", "upheld")
    moved = [ReportMoved.model_validate(body) for body in (await said(pool))[1:]]
    assert [(one.step, one.verdict, one.agency) for one in moved] == [
        ("asked", None, INSPECTORATE),
        ("answered", None, INSPECTORATE),
        ("resolved", "upheld", INSPECTORATE),
        ("published", None, INSPECTORATE),
    ]
    sequences = await pool.fetch("select sequence from outbox order by id")
    assert [row["sequence"] for row in sequences] == [1, 2, 3, 4, 5]


async def test_rule_35_a_report_found_false_is_kept_and_said_so(
    http: httpx.AsyncClient, pool: asyncpg.Pool, inspector: dict[str, str], head: dict[str, str]
) -> None:
    code = (await send(http, FEEDBACK))["report"]
    await take(http, inspector, code, "resolved", words="Không có việc này", verdict="false")
    assert (await said(pool))[-1]["verdict"] == "false"
    (copy,) = (await http.get(f"/reports?agency={UNIT}", headers=head)).json()["reports"]
    assert (copy["state"], copy["verdict"], copy["moved_on"]) == ("resolved", "false", "2026-11-13")
    kept = await pool.fetch("select state, verdict from reports")
    assert [tuple(row) for row in kept] == [("resolved", "false")]


async def test_an_illegal_step_is_a_409_that_names_from_to_and_why(
    http: httpx.AsyncClient, pool: asyncpg.Pool, inspector: dict[str, str]
) -> None:
    code = (await send(http, COMPLAINT))["report"]
    refused = await take(http, inspector, code, "resolved", words="x", verdict="upheld")
    problem = refused.json()
    assert (refused.status_code, problem["type"]) == (409, "illegal-step")
    assert (problem["from"], problem["to"]) == ("received", "resolved")
    assert problem["why"] == "only accepted, refused, withdrawn may follow"
    assert len(await said(pool)) == 1
    assert await pool.fetchval("select count(*) from report_steps") == 0


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ({"step": "resolved", "words": "x"}, "verdict"),
        ({"step": "refused"}, "words"),
        ({"step": "refused", "words": "a" * 2001}, "words"),
        ({"step": "asked", "words": "a\x00"}, "words"),
        ({"step": "lost"}, "step"),
        ({"step": "asked", "words": "x", "to": "y"}, "to"),
    ],
)
async def test_a_step_that_lacks_what_it_must_say_names_the_field(
    http: httpx.AsyncClient, inspector: dict[str, str], step: dict[str, str], field: str
) -> None:
    code = (await send(http, FEEDBACK))["report"]
    refused = await http.post(f"/reports/{code}/steps", json=step, headers=inspector)
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["errors"]] == [field]


async def test_of_two_who_decide_at_once_one_decides(
    http: httpx.AsyncClient, pool: asyncpg.Pool, inspector: dict[str, str]
) -> None:
    code = (await send(http, FEEDBACK))["report"]
    answers = await asyncio.gather(
        *(
            take(http, inspector, code, "resolved", words="Đã xác minh", verdict=verdict)
            for verdict in ("upheld", "false") * 5
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    assert await pool.fetchval("select count(*) from report_steps") == 1
    assert len(await said(pool)) == 2


async def test_reports_sent_at_once_are_numbered_without_a_hole(http: httpx.AsyncClient) -> None:
    receipts = await asyncio.gather(*(send(http, DENUNCIATION) for _ in range(8)))
    codes = sorted(receipt["report"] for receipt in receipts)
    assert codes == [f"TC-H10-90-20261113-000{number}" for number in range(1, 9)]


async def test_its_author_withdraws_once_and_only_with_the_secret(
    http: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    receipt = await send(http, DENUNCIATION)
    url = "/reports/follow/withdrawal"
    wrong = await http.post(url, json={**receipt, "secret": "guess"})
    assert (wrong.status_code, wrong.json()["type"]) == (404, "unknown-report")
    assert (await http.post(url, json=receipt)).json()["state"] == "withdrawn"
    assert (await http.post(url, json=receipt)).status_code == 409
    page = await http.post(url, data=receipt)
    assert page.status_code == 409 and "Phản ánh đã sang bước khác" in page.text
    assert (await said(pool))[-1]["step"] == "withdrawn"


async def test_lists_are_paged_by_the_last_code(
    http: httpx.AsyncClient, head: dict[str, str], inspector: dict[str, str]
) -> None:
    for report in (FEEDBACK, FEEDBACK, FEEDBACK, COMPLAINT, DENUNCIATION):
        await send(http, report)

    async def pages(url: str, headers: dict[str, str]) -> list[list[str]]:
        found, after = [], ""
        while True:
            answer = (await http.get(f"{url}limit=2{after}", headers=headers)).json()
            found.append([one["report"] for one in answer["reports"]])
            if answer["next"] is None:
                return found
            after = f"&after={answer['next']}"

    feedback = [f"PA-H10-01-20261113-000{number}" for number in (3, 2, 1)]
    complaint, denunciation = "KN-H10-90-20261113-0001", "TC-H10-90-20261113-0001"
    assert await pages(f"/reports?agency={UNIT}&", head) == [
        feedback[:2],
        [feedback[2], complaint],
    ]
    assert await pages("/reports/handled?", inspector) == [
        [denunciation, feedback[0]],
        feedback[1:],
        [complaint],
    ]
    assert await pages("/reports/handled?kind=denunciation&", inspector) == [[denunciation]]


async def test_a_unit_lists_no_other_units_reports(http: httpx.AsyncClient, token: Mint) -> None:
    await send(http, FEEDBACK)
    foreign = await http.get(
        f"/reports?agency={UNIT}", headers=bearing(token(Role.HEAD_OF_UNIT, "H10.02"))
    )
    assert (foreign.status_code, foreign.json()["type"]) == (403, "foreign-agency")
    officer = await http.get(f"/reports?agency={UNIT}", headers=bearing(token(Role.OFFICER, UNIT)))
    assert officer.status_code == 403
    unknown = await http.get("/reports?agency=H99", headers=bearing(token(Role.INSPECTOR)))
    assert (unknown.status_code, unknown.json()["type"]) == (404, "unknown-agency")


async def test_an_attachment_is_opened_by_an_inspector_with_a_reason_and_never_shown_in_place(
    http: httpx.AsyncClient, inspector: dict[str, str]
) -> None:
    receipt = await send(http, {**FEEDBACK, "attachments": [b64encode(PNG).decode()]})
    url = f"/reports/{receipt['report']}/attachments/1"
    opened = await http.post(url, json={"reason": "Xem biên lai"}, headers=inspector)
    assert opened.content == PNG
    assert opened.headers["content-disposition"] == (
        f'attachment; filename="{receipt["report"]}-1.png"'
    )
    assert opened.headers["x-content-type-options"] == "nosniff"
    assert opened.headers["content-type"] == "image/png"
    followed = (await http.post("/reports/follow", json=receipt)).json()
    assert followed["attachments"] == 1
    assert [one["what"] for one in followed["openings"]] == ["attachment 1"]
