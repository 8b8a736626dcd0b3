"""One trace from the counter through outbox, Kafka and deadline, and back to the receipt."""

import asyncio
import os
from collections.abc import Iterable

import asyncpg
import pytest

from shared.tests.collector import Collector, Taken
from shared.tests.terminal import run_in
from tests.conftest import Town

pytestmark = pytest.mark.broker

CALLER = "00f067aa0ba902b7"
NAME = "Người Thử Nghiệm"

PATH = [
    ("intake", "say DossierAccepted", "POST /dossiers"),
    ("deadline", "hear DossierAccepted", "say DossierAccepted"),
    ("deadline", "say DeadlineSet", "hear DossierAccepted"),
    ("intake", "hear DeadlineSet", "say DeadlineSet"),
]
"""Who did what, and because of what."""


def trace_id(number: int) -> str:
    return f"4bf92f3577b34da6a3ce929d0e0e{number:04x}"


def traceparent(trace: str, *, is_kept: bool = True) -> str:
    return f"00-{trace}-{CALLER}-0{is_kept:d}"


async def submit(town: Town, trace: str, *, is_kept: bool = True) -> str:
    """A dossier whose caller is part of a trace; its code, once its appointment is known."""
    headers = {"Prefer": "wait=20", "traceparent": traceparent(trace, is_kept=is_kept)}
    taken = await town.submit(headers=headers)
    assert taken.status_code == 201 and taken.json()["appointment_at"], taken.text
    return str(taken.json()["code"])


def one(spans: Iterable[Taken], service: str, name: str) -> Taken:
    [found] = [span for span in spans if (span.service, span.name) == (service, name)]
    return found


def has(spans: Iterable[Taken], *wanted: tuple[str, str]) -> bool:
    return {*wanted} <= {(span.service, span.name) for span in spans}


async def test_one_trace_leads_from_the_post_to_the_appointment(
    town: Town, collector: Collector
) -> None:
    trace = trace_id(1)
    code = await submit(town, trace)
    wanted = [(service, name) for service, name, _ in PATH]
    wanted += [("intake", "POST /dossiers")]
    wanted += [("feedback", "say NoticeSent"), ("intake", "hear NoticeSent")]
    await collector.until(lambda: has(collector.of(trace), *wanted))
    spans = collector.of(trace)
    by_id = {span.id: span for span in spans}

    post = one(spans, "intake", "POST /dossiers")
    assert post.parent == CALLER
    for service, name, because_of in PATH:
        assert by_id[one(spans, service, name).parent].name == because_of
    wait = one(spans, "intake", "wait for the appointment")
    assert (wait.parent, wait.attributes["thanthien.is_set"]) == (post.id, True)
    heard = one(spans, "intake", "hear DeadlineSet")
    assert post.began_ns < heard.began_ns < wait.ended_ns <= post.ended_ns
    assert by_id[one(spans, "intake", "hear NoticeSent").parent].service == "feedback"

    assert post.attributes["http.response.status_code"] == 201
    told = [span for span in spans if span.name not in ("commit", "wait for the appointment")]
    assert {span.attributes["thanthien.subject"] for span in told} == {code}
    assert [span.name for span in spans if span.is_failed] == []


async def test_batches_and_those_in_them_link_to_each_other(
    town: Town, collector: Collector
) -> None:
    traces = [trace_id(100 + number) for number in range(24)]
    await asyncio.gather(
        *(submit(town, trace, is_kept=n % 2 == 0) for n, trace in enumerate(traces))
    )
    kept, dropped = traces[::2], traces[1::2]
    last = [("intake", "hear DeadlineSet"), ("intake", "POST /dossiers"), ("intake", "commit")]
    await collector.until(lambda: all(has(collector.of(trace), *last) for trace in kept))
    assert not any(collector.of(trace) for trace in dropped), "the caller's choice holds everywhere"

    batches = {span.context: span for span in collector.spans if span.name.endswith("a batch")}
    for trace in kept:
        for span in collector.of(trace):
            if span.name.startswith("hear ") or span.name == "commit":
                [link] = span.links
                batch = batches[link]
                assert batch.service == span.service and batch.trace not in traces
                assert (trace, span.parent) in batch.links
    linked = {link[0] for batch in batches.values() for link in batch.links}
    assert not linked.intersection(dropped)
    shared = [batch for batch in batches.values() if len({trace for trace, _ in batch.links}) > 1]
    assert {batch.name for batch in shared} >= {"commit a batch"}, "24 at once share a transaction"


async def test_explain_names_the_traces_of_a_life(town: Town) -> None:
    trace = trace_id(2)
    code = await submit(town, trace)
    await town.quiet()
    environment = {**os.environ, **town.stack.replicas["deadline", 0].environment}
    told = await run_in(environment, "services.deadline", "explain", code)
    assert f"TRACE  {trace}" in told.out
    as_json = await run_in(environment, "services.deadline", "explain", code, "--json")
    assert {event["trace_id"] for event in as_json.json["events"]} == {trace}


async def test_the_log_of_a_failure_names_its_trace_and_no_person(
    town: Town, collector: Collector
) -> None:
    """PostgreSQL quotes the row it refuses."""
    trace, name = trace_id(3), "Người Không Được Ghi"
    connection = await asyncpg.connect(town.stack.dsn("postgres"))
    await connection.execute(
        f"alter table intake.applicants add constraint refuses check (name <> '{name}') not valid"
    )
    try:
        headers = {"traceparent": traceparent(trace)}
        failed = await town.submit(applicant={"name": name}, headers=headers)
    finally:
        await connection.execute("alter table intake.applicants drop constraint refuses")
        await connection.close()
    assert failed.status_code == 500 and name not in failed.text
    log = town.stack.log("intake").read_text()
    [line] = [line for line in log.splitlines() if '"a request failed"' in line]
    assert f'"trace_id":"{trace}"' in line.replace(": ", ":") and "CheckViolationError" in line
    for service in ("intake", "deadline", "feedback"):
        told = town.stack.log(service).read_text()
        assert name not in told and NAME not in told
    await collector.until(lambda: has(collector.of(trace), ("intake", "POST /dossiers")))
    assert one(collector.of(trace), "intake", "POST /dossiers").is_failed
    assert collector.paths == {"/v1/traces"}, "FastAPI would tell paths, bodies and errors"
    assert {span.attributes.get("url.path") for span in collector.spans} == {None}
    for person in (name, NAME):
        assert person.encode() not in collector.raw
