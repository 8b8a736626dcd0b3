"""A dossier's whole life through three services, on real parts."""

import asyncio
import json
import os
import re
import sys

import asyncpg
import pytest

from deploy.local.ledger.findings import Fault
from shared.tests.terminal import Answer, run_in
from tests.conftest import AGENCY, BIRTH, OTHER, Town

pytestmark = pytest.mark.broker


async def test_a_dossier_lives_from_the_counter_to_its_thanks(town: Town) -> None:
    taken = await town.submit()
    assert taken.status_code == 201, taken.text
    assert taken.headers["preference-applied"] == "wait"
    code, appointment_at = taken.json()["code"], taken.json()["appointment_at"]
    assert appointment_at is not None

    shown = await town.ask("GET", f"/deadlines/{code}", service="deadline")
    clock = shown.json()["clocks"][0]
    assert clock["legal_due"] is not None
    assert clock["explanation"], "every date is explained"

    slip = await town.ask("GET", f"/dossiers/{code}/mau-01", headers={"Accept": "text/html"})
    assert code in slip.text
    assert re.search(r"\d+ giờ \d+", slip.text), "the slip gives hour and minute"

    for move, status in (("resolution", 9), ("return", 10)):
        moved = await town.ask("POST", f"/dossiers/{code}/{move}", json={})
        assert (moved.status_code, moved.json()["status"]) == (200, status)
    await town.quiet()

    told = await town.ask(
        "GET", "/notices", "operator", service="feedback", params={"dossier": code}
    )
    notices = {notice["notice"]: notice for notice in told.json()["notices"]}
    assert notices.keys() == {"greeting", "resolved", "thanks", "congratulations"}
    for kind in ("greeting", "resolved", "thanks"):
        assert notices[kind]["handler"] in notices[kind]["text"]["vi"], "rule 31"
    carried = await town.carried(code, 4)
    assert carried["congratulations"] == notices["congratulations"]["text"]["vi"]
    assert notices["greeting"]["text"]["vi"] in carried["greeting"]
    assert carried["thanks"].endswith(notices["thanks"]["rating_link"])
    link = notices["thanks"]["rating_link"].removeprefix(town.stack.feedback_url)
    stars = {"smile": 5, "gentle": 4, "listen": 5, "help": 3}
    assert (await town.ask("GET", link, None, service="feedback")).status_code == 200
    before = await town.ask("GET", f"/agencies/{AGENCY}/rating", None, service="feedback")
    given = await town.ask("POST", link, None, service="feedback", json=stars)
    assert given.status_code == 201, given.text
    again = await town.ask("POST", link, None, service="feedback", json=stars)
    assert again.status_code == 409
    rating = await town.ask("GET", f"/agencies/{AGENCY}/rating", None, service="feedback")
    assert rating.json()["votes"] == before.json()["votes"] + 1

    progress = await town.ask("GET", f"/dossiers/{code}/progress", None)
    assert progress.json().keys() == {"code", "status"}, "rule 39: code and progress only"


async def test_a_slip_explains_its_date_and_rates_at_the_counter_once(town: Town) -> None:
    code = (await town.submit()).json()["code"]
    await town.ask("POST", f"/dossiers/{code}/resolution", json={})
    await town.quiet()
    slip = (
        await town.ask("GET", f"/dossiers/{code}/mau-01", headers={"Accept": "application/json"})
    ).json()
    path = slip["look_up_url"].removeprefix(town.stack.intake_url)
    seen = await town.ask("GET", path, None, headers={"Accept": "application/json"})
    shown = seen.json()
    assert shown["reasons"] and all(reason["source"] for reason in shown["reasons"])
    page = shown["rating_url"].removeprefix(town.stack.feedback_url)
    assert (await town.ask("GET", page, None, service="feedback")).status_code == 200
    stars = {"smile": 5, "gentle": 4, "listen": 5, "help": 3}
    typed = {"dossier": code, "secret": slip["look_up_secret"], **stars}
    given = await town.ask("POST", "/rate", None, service="feedback", json=typed)
    assert given.status_code == 201, given.text
    await town.ask("POST", f"/dossiers/{code}/return", json={})
    await town.quiet()
    told = await town.ask("GET", f"/notices?dossier={code}", "operator", service="feedback")
    (link,) = [one["rating_link"] for one in told.json()["notices"] if one["rating_link"]]
    path = link.removeprefix(town.stack.feedback_url)
    again = await town.ask("POST", path, None, service="feedback", json=stars)
    assert (again.status_code, again.json()["through"]) == (409, "counter")


async def test_any_service_explains_a_life_across_all_three(town: Town) -> None:
    code = (await town.submit()).json()["code"]
    for move in ("resolution", "return"):
        await town.ask("POST", f"/dossiers/{code}/{move}", json={})
    await town.quiet()
    environment = {**os.environ, **town.stack.replicas["feedback", 0].environment}
    told = await run_in(environment, "services.feedback", "explain", code, "--json")
    assert told.code == 0, told.errors
    heard = [one["type"].split(".")[2] for one in told.json["events"]]
    assert heard[0] == "DossierSubmitted"
    assert {"DossierAccepted", "DeadlineSet", "DossierResolved", "DeadlineMet", "NoticeSent"} <= {
        *heard
    }
    assert not any(one["is_zone_assumed"] for one in told.json["events"])
    assert (told.json["gaps"], told.json["dead_letters"]) == ([], [])


async def test_an_illegal_move_names_from_to_and_why(town: Town) -> None:
    code = (await town.submit()).json()["code"]
    refused = await town.ask("POST", f"/dossiers/{code}/return", json={})
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert "accepted" in refused.text
    assert "return" in refused.text


@pytest.mark.parametrize(
    ("changes", "status", "names"),
    [
        ({"agency": "H10.99.99", "role": "integrator"}, 403, "foreign-agency"),
        ({"procedure": "9.999999"}, 422, "procedure"),
        ({"procedure": None}, 422, "procedure"),
        ({"colour": "red"}, 422, "colour"),
        ({"channel": "pigeon"}, 422, "channel"),
        ({"received_at": "2999-01-01T08:00:00+07:00"}, 422, "received_at"),
        ({"applicant": {}}, 422, "applicant"),
    ],
)
async def test_wrong_input_is_named_and_changes_nothing(
    town: Town, changes: dict[str, object], status: int, names: str
) -> None:
    before = await _counts(town)
    changes.pop("role", None)
    refused = await town.ask(
        "POST",
        "/dossiers",
        "integrator",
        json={
            "agency": AGENCY,
            "procedure": BIRTH,
            "channel": "counter",
            "is_complete": True,
            "applicant": {"name": "Người Thử Nghiệm"},
            "documents": [],
            **changes,
        },
    )
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert names in refused.text
    assert await _counts(town) == before


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[]", b"null", b'{"agency": NaN}'])
async def test_a_body_that_is_not_what_was_asked_is_a_problem(town: Town, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    refused = await town.ask("POST", "/dossiers", content=body, headers=headers)
    assert refused.status_code in (400, 422)
    assert refused.headers["content-type"] == "application/problem+json"


async def test_a_code_in_no_legal_shape_is_refused_and_a_foreign_one_forbidden(town: Town) -> None:
    wrong = await town.ask("GET", "/dossiers/NOT-A-CODE")
    assert wrong.status_code in (404, 422)
    code = (await town.submit()).json()["code"]
    foreign = await town.ask("GET", f"/dossiers/{code}", agency=OTHER)
    assert foreign.status_code in (403, 404)


async def test_the_same_key_gets_the_same_dossier_and_another_body_is_refused(town: Town) -> None:
    headers = {"Idempotency-Key": "key-1"}
    first = await town.submit(headers=headers)
    second = await town.submit(headers=headers)
    assert first.json()["code"] == second.json()["code"]
    other = await town.submit(headers=headers, channel="post")
    assert other.status_code == 422


async def test_intake_takes_dossiers_while_deadline_is_down(town: Town) -> None:
    town.stack.kill("deadline")
    taken = await town.submit(seconds=1)
    assert taken.status_code == 201
    assert taken.json()["appointment_at"] is None
    await town.stack.start_service("deadline")
    await town.quiet()
    later = await town.ask("GET", f"/dossiers/{taken.json()['code']}")
    promised = later.json()["promise"]
    assert promised["appointment_at"] is not None


async def test_scores_counted_anew_from_the_topics_are_those_the_town_shows(town: Town) -> None:
    page = await town.ask("GET", "/town", None, service="feedback")
    assert (page.status_code, "Toàn địa bàn" in page.text) == (200, True)
    await town.quiet()
    settings = {
        "DATABASE_URL": town.stack.dsn("feedback"),
        "KAFKA_BOOTSTRAP_SERVERS": town.stack.kafka,
    }
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.feedback", "rebuild-scores", "--json"),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await command.communicate()
    summary = json.loads(printed)
    assert (command.returncode, summary["differing"], summary["differences"]) == (0, 0, [])
    assert summary["events"] > 0 and summary["figures"] > 0


async def test_the_ledger_balances_and_sees_a_row_that_is_gone(town: Town) -> None:
    assert (await town.audit()).balances
    connection = await asyncpg.connect(town.stack.dsn("postgres"))
    try:
        gone = await connection.fetchval(
            """delete from deadline.clocks c where code = (select min(code) from deadline.clocks)
               returning to_jsonb(c)"""
        )
        assert gone is not None
        assert (await town.audit()).count(Fault.LOST) > 0
        # Generated columns are not to be given.
        given = await connection.fetchval(
            """select string_agg(quote_ident(attname), ', ') from pg_attribute
               where attrelid = 'deadline.clocks'::regclass and attnum > 0 and not attisdropped
                 and attgenerated = ''"""
        )
        await connection.execute(
            f"""insert into deadline.clocks ({given})
                select {given} from jsonb_populate_record(null::deadline.clocks, $1::jsonb)""",
            gone,
        )
    finally:
        await connection.close()
    assert (await town.audit()).balances


async def test_a_rebuilt_schema_takes_the_live_ones_place_and_the_ledger_balances(
    town: Town,
) -> None:
    codes = [(await town.submit()).json()["code"] for _ in range(3)]
    await town.ask("POST", f"/dossiers/{codes[0]}/resolution", json={})
    await town.quiet()

    beside = await _replay(town, "--json")
    assert (beside.code, beside.json["differing"]) == (0, 0), (beside.out, beside.errors)
    assert {left["because"] for left in beside.json["left_out"]} <= {"moved"}
    refused = await _replay(town, "--switch")
    assert (
        refused.code == 2 and "asks for every replica of deadline to be stopped" in refused.errors
    )

    await town.stack.stop_service("deadline")
    waiting = await town.submit(seconds=1)
    switched = await _replay(town, "--switch", "--json")
    assert switched.code == 0, (switched.out, switched.errors)
    assert switched.json["kept_as"].startswith("deadline_before_")
    assert (switched.json["differing"], switched.json["left_out"]) == (0, [])
    await town.stack.start_service("deadline")
    await town.quiet()

    heard = await town.ask("GET", f"/dossiers/{waiting.json()['code']}")
    assert heard.json()["promise"]["appointment_at"] is not None, "it hears on from where it was"
    await town.ask("POST", f"/dossiers/{codes[1]}/resolution", json={})
    verdict = await town.audit()
    assert verdict.balances, verdict


async def test_what_intake_heard_is_heard_again_and_what_differs_is_named(town: Town) -> None:
    code = (await town.submit()).json()["code"]
    await town.ask("POST", f"/dossiers/{code}/resolution", json={})
    await town.quiet()
    same = await _replay(town, "--json", service="intake")
    assert same.code == 0, (same.out, same.errors)
    rows = {one["table"]: one["rows"] for one in same.json["compared"]}
    assert rows["promises"] > 0 and rows["notices"] > 0 and rows["heard"] > 0

    spoilt = "update intake.promises set is_breached = not is_breached where dossier = $1"
    connection = await asyncpg.connect(town.stack.dsn("postgres"))
    try:
        await connection.execute(spoilt, code)
        differs = await _replay(town, service="intake")
        await connection.execute(spoilt, code)
    finally:
        await connection.close()
    assert differs.code == 1
    assert f"{code}: is_breached is True, anew False" in differs.out
    refused = await _replay(town, "--switch", service="intake")
    assert refused.code == 2 and "only in intake's schema" in refused.errors


async def _replay(town: Town, *options: str, service: str = "deadline") -> Answer:
    settings = {
        **os.environ,
        "DATABASE_URL": town.stack.dsn(service),
        "KAFKA_BOOTSTRAP_SERVERS": town.stack.kafka,
        "OPERATOR_DATABASE_URL": town.stack.dsn("postgres"),
    }
    return await run_in(settings, f"services.{service}", "replay", "--from", "beginning", *options)


async def _counts(town: Town) -> tuple[int, int]:
    connection = await asyncpg.connect(town.stack.dsn("postgres"))
    try:
        row = await connection.fetchrow(
            """select (select count(*) from intake.dossiers) as dossiers,
                      (select sum(last_sequence) from intake.said) as said"""
        )
    finally:
        await connection.close()
    assert row is not None
    return row["dossiers"], row["said"]
