"""Who takes which step with a report, and what the bus is told of it."""

import asyncio
from datetime import timedelta

import asyncpg
import httpx
import pytest

from services.feedback.tests.history import NOW, UNIT
from services.feedback.tests.reporting import (
    COMPLAINT,
    DENUNCIATION,
    FEEDBACK,
    INSPECTORATE,
    NAME,
    said,
    send,
    take,
)
from services.feedback.tests.reporting import head as head
from services.feedback.tests.reporting import inspector as inspector
from services.feedback.tests.reporting import town as town
from shared.clock import VirtualClock
from shared.events.feedback import ReportMoved


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
