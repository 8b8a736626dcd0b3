"""Who handles a report, and who finds it in a list."""

import asyncpg
import httpx

from services.feedback.tests.entrypoints.test_notices import bearing
from services.feedback.tests.history import CODE, NOW, UNIT
from services.feedback.tests.reporting import (
    COMPLAINT,
    DENUNCIATION,
    FEEDBACK,
    INSPECTORATE,
    PROVINCE,
    Mint,
    said,
    send,
    take,
)
from services.feedback.tests.reporting import head as head
from services.feedback.tests.reporting import inspector as inspector
from services.feedback.tests.reporting import town as town
from shared.identity import Role


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
