"""Who sees what of a report and its author (rule 33)."""

from base64 import b64encode

import asyncpg
import httpx
import pytest

from services.feedback.adapters.seals import Seals
from services.feedback.tests.entrypoints.test_notices import bearing
from services.feedback.tests.history import CODE, NOW, UNIT
from services.feedback.tests.reporting import (
    COMPLAINT,
    FEEDBACK,
    INSPECTORATE,
    MASKED,
    NAME,
    PHONE,
    PNG,
    WORDS,
    Mint,
    send,
)
from services.feedback.tests.reporting import head as head
from services.feedback.tests.reporting import inspector as inspector
from services.feedback.tests.reporting import town as town
from shared.identity import Role


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
