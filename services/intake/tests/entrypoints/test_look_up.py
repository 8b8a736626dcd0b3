"""Looking up a dossier: by its code, and with the secret of its slip."""

from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from services.intake.domain.life import NATIONAL_STATUS, Verb
from services.intake.domain.progress import NATIONAL_WORDS, VERB_WORDS
from services.intake.entrypoints.desk import Desk
from services.intake.tests.entrypoints.test_appointments import deadline, tell
from services.intake.tests.entrypoints.test_slips import reappointed
from services.intake.tests.town import DAY, NEIGHBOUR, UNIT, Town
from services.intake.usecases.submit_dossiers import SUBMIT
from shared.gate import Gate
from shared.inbox import Apply

CODE = f"{UNIT}-{DAY}-0001"
NONE_OF_OURS = f"{UNIT}-{DAY}-9999"
AS_JSON = {"Accept": "application/json"}


async def look_up(town: Town, as_json: bool = False, **form: str) -> httpx.Response:
    return await town.http.post("/look-up", data=form, headers=AS_JSON if as_json else {})


async def slip(town: Town, code: str) -> dict[str, Any]:
    headers = {**town.officer, **AS_JSON}
    found: dict[str, Any] = (
        await town.http.get(f"/dossiers/{code}/mau-01", headers=headers)
    ).json()
    return found


async def test_rule_39_anonymous_look_up_returns_code_and_progress_only(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    code = await town.code()
    await tell(pool, apply, deadline())
    page = await look_up(town, code=code)
    assert page.status_code == 200 and code in page.text and "Được tiếp nhận" in page.text
    for told in ("Phường", "Chứng thực", "Người nộp", "13/11/2026", "<time"):
        assert told not in page.text
    answer = await look_up(town, True, code=f" {code.lower()} ")
    assert answer.json() == {"code": code, "status": 2}


async def test_the_secret_of_the_slip_opens_times_unit_and_appointment(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    code = await town.code()
    await tell(pool, apply, deadline())
    await town.move(code, "transfers", {"to_agency": NEIGHBOUR})
    printed = await slip(town, code)
    page = await town.http.get(
        printed["look_up_url"].removeprefix("https://intake.example"),
    )
    for told in (
        "Phường Chơn Thành",
        "Phường Minh Hưng",
        "09 giờ 00 phút, ngày 13/11/2026",
        "16 giờ 00 phút, ngày 13/11/2026",
        "Thời hạn theo quy định: Trong ngày làm việc.",
        "Chuyển cơ quan khác",
    ):
        assert told in page.text, told
    assert "Người nộp" not in page.text and "0000" not in page.text.replace("0001", "")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    answer = await look_up(town, True, code=code, secret=printed["look_up_secret"].lower())
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert found["appointment_at"] == "2026-11-13T16:00:00+07:00"
    assert found["original_appointment_at"] is None
    assert [step["verb"] for step in found["steps"]] == ["submit", "accept", "transfer"]
    assert "applicant" not in answer.text


STEPS = (
    {"rule": "after_cut_off", "starts": "2026-11-13", "ends": "2026-11-16"},
    {
        "rule": "same_day",
        "starts": "2026-11-16",
        "ends": "2026-11-16T17:00:00",
        "source": "Luật <b>",
    },
)


async def test_the_date_is_explained_step_by_step_to_who_holds_the_slip_alone(
    town: Town, pool: asyncpg.Pool, apply: Apply, desk: Desk
) -> None:
    code = await town.code()
    await tell(pool, apply, deadline(steps=STEPS))
    secret = str(desk.secrets.of(code))
    page = (await look_up(town, code=code, secret=secret)).text
    for told in (
        "tính sang ngày làm việc tiếp theo, thứ hai 16/11/2026",
        "it counts from the next working day, Monday 16/11/2026",
        "Căn cứ: NĐ 61/2018/NĐ-CP điều 18",
        "17:00 thứ hai 16/11/2026",
        "Căn cứ: Luật &lt;b&gt;",
    ):
        assert told in page, told
    answer = (await look_up(town, True, code=code, secret=secret)).json()
    assert [reason["rule"] for reason in answer["reasons"]] == ["after_cut_off", "same_day"]
    anonymous = await look_up(town, code=code)
    assert "Căn cứ" not in anonymous.text and "16/11/2026" not in anonymous.text
    # A later reckoning brings its own; what deadline said of before has none.
    await tell(pool, apply, deadline(generation=2))
    later = await look_up(town, code=code, secret=secret)
    assert later.status_code == 200 and "Căn cứ" not in later.text


async def test_the_steps_outlive_what_rings_and_a_date_given_instead(
    town: Town, pool: asyncpg.Pool, apply: Apply, desk: Desk
) -> None:
    code = await town.code()
    await tell(pool, apply, deadline(steps=STEPS))
    await tell(pool, apply, reappointed())
    secret = str(desk.secrets.of(code))
    answer = (await look_up(town, True, code=code, secret=secret)).json()
    assert answer["original_appointment_at"] is not None
    assert [reason["rule"] for reason in answer["reasons"]] == ["after_cut_off", "same_day"]


async def test_a_result_leads_to_its_rating_and_nothing_else_does(town: Town, desk: Desk) -> None:
    code = await town.code()
    secret = str(desk.secrets.of(code))
    assert "/rate?" not in (await look_up(town, code=code, secret=secret)).text
    await town.move(code, "resolution", {})
    page = (await look_up(town, code=code, secret=secret)).text
    led = f"https://feedback.example/rate?agency={UNIT}&amp;dossier={code}&amp;secret={secret}"
    assert f'href="{led}"' in page
    assert "/rate?" not in (await look_up(town, code=code)).text
    desk.rating_base_url = ""
    assert "/rate?" not in (await look_up(town, code=code, secret=secret)).text


async def test_a_date_given_instead_shows_both_and_why(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    code = await town.code()
    await tell(pool, apply, deadline(), reappointed())
    reason = {"reason": "Mất điện <b>", "signer": "Thử"}
    assert (await town.move(code, "apology", reason, town.head)).status_code == 201
    secret = (await slip(town, code))["look_up_secret"]
    page = (await look_up(town, code=code, secret=secret)).text
    assert "Ngày hẹn ban đầu" in page and "Lý do hẹn lại: Mất điện &lt;b&gt;" in page
    assert "09 giờ 00 phút, ngày 16/11/2026" in page


async def test_a_code_alone_offers_to_add_the_look_up_code(town: Town, desk: Desk) -> None:
    code = await town.code()
    page = (await look_up(town, code=code)).text
    assert f'<input type="hidden" name="code" value="{code}">' in page
    assert 'id="secret" name="secret"' in page and "Quá trình giải quyết" not in page


async def test_names_and_reasons_stored_with_script_or_turned_writing_are_harmless(
    town: Town, pool: asyncpg.Pool, apply: Apply, desk: Desk
) -> None:
    code = await town.code()
    hostile = "\u202eđược <script>alert(1)</script>"
    await pool.execute("update agency_revisions set name = $1", hostile)
    await pool.execute("update procedure_revisions set name = $1", hostile)
    await tell(pool, apply, deadline(), reappointed())
    await town.move(code, "apology", {"reason": hostile, "signer": "Thử"}, town.head)
    page = (await look_up(town, code=code, secret=str(desk.secrets.of(code)))).text
    assert "<script" not in page
    shown = "\u202eđược &lt;script&gt;alert(1)&lt;/script&gt;"
    names = page.count(f"<bdi>{shown}</bdi>")
    # What is not in a <bdi> ends with its line: the reason, once in each language.
    assert names >= 4 and page.count(shown) == names + 2


@pytest.mark.parametrize("as_json", [True, False])
async def test_not_yours_and_not_there_are_answered_alike_and_without_a_look(
    town: Town, desk: Desk, as_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await town.code()
    another = desk.secrets.of(await town.code())
    assert another is not None
    looks: list[object] = []
    transact = desk.transact

    async def counted(work: Any) -> Any:
        looks.append(work)
        return await transact(work)

    monkeypatch.setattr(desk, "transact", counted)
    not_yours = await look_up(town, as_json, code=code, secret=another)
    not_there = await look_up(town, as_json, code=NONE_OF_OURS, secret=another)
    assert looks == []
    assert not_yours.status_code == not_there.status_code == 404
    assert not_yours.text.replace(code, NONE_OF_OURS) == not_there.text
    assert not_yours.headers.keys() == not_there.headers.keys()
    # A true secret of a code that was never given out, and a code alone, are no other answer.
    own = desk.secrets.of(NONE_OF_OURS)
    assert own is not None
    for answer in (
        await look_up(town, as_json, code=NONE_OF_OURS, secret=own),
        await look_up(town, as_json, code=NONE_OF_OURS),
    ):
        assert answer.status_code == 404
        if as_json:  # the page gives back what was typed
            assert answer.text == not_there.text
    assert len(looks) == 2


async def test_the_control_sheet_bears_no_secret_and_every_other_form_does(town: Town) -> None:
    code = await town.code()
    secrets = {}
    for form in ("01", "06"):
        answer = await town.http.get(
            f"/dossiers/{code}/forms/{form}?format=json", headers=town.officer
        )
        secrets[form] = answer.json()["look_up_secret"]
        assert ("secret" in urlsplit(answer.json()["look_up_url"]).query) == (form == "01")
    assert secrets["06"] is None and len(secrets["01"]) == 19
    printed = await town.http.get(f"/dossiers/{code}/mau-01", headers=town.officer)
    assert secrets["01"] in printed.text


@pytest.mark.parametrize(
    "code", ["<script>alert(1)</script>", '"><img src=x>', "x" * 3_000, "\x00", "H19.01"]
)
async def test_what_is_no_code_comes_back_as_typed_and_harmless(town: Town, code: str) -> None:
    for page in (
        await town.http.get("/look-up", params={"code": code}),
        await look_up(town, code=code),
    ):
        assert page.status_code == 422
        assert "<script" not in page.text and "<img" not in page.text
        assert "chưa đúng dạng" in page.text


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"code=" + b"x" * 5_000, "application/x-www-form-urlencoded", 413),
        (b"code=\xff", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 20, "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
    ],
)
async def test_what_is_no_form_is_refused(
    town: Town, content: bytes, content_type: str, status: int
) -> None:
    for accept in ("text/html", "application/json"):
        headers = {"Content-Type": content_type, "Accept": accept}
        answer = await town.http.post("/look-up", content=content, headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize("path", ["/look-up?code={code}", "/dossiers/{code}/progress"])
async def test_codes_cannot_be_tried_without_end(town: Town, desk: Desk, path: str) -> None:
    code = await town.code()
    desk.gate = Gate(3, now=lambda: 0.0)
    asked = [await town.http.get(path.format(code=code)) for _ in range(4)]
    assert [answer.status_code for answer in asked] == [200, 200, 200, 429]
    assert asked[-1].headers["retry-after"] == "20"
    assert ("quá nhiều yêu cầu" in asked[-1].text) == path.startswith("/look-up")


def test_every_status_and_step_has_its_words() -> None:
    assert set(NATIONAL_WORDS) == set(range(1, 11)) >= set(NATIONAL_STATUS.values())
    assert set(VERB_WORDS) == {SUBMIT, *Verb}
