"""The client asks until it is answered, with the same key and the same bytes, replica after replica."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from deploy.local.faults import client as module
from deploy.local.faults.client import TIMES_ASKED, Client, UnansweredError
from deploy.local.faults.notebook import Notebook

URLS = {"intake": ["http://one", "http://two"]}
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.2)


@pytest.fixture
async def clients() -> AsyncIterator[Callable[[Answer], tuple[Client, Notebook]]]:
    made: list[Client] = []

    def make(answer: Answer) -> tuple[Client, Notebook]:
        notebook = Notebook()
        transport = httpx.MockTransport(answer)
        made.append(Client(URLS, lambda *who: "token", notebook, transport=transport))
        return made[-1], notebook

    yield make
    for client in made:
        await client.close()


async def test_a_broken_or_put_off_request_is_repeated_byte_for_byte(
    clients: Callable[[Answer], tuple[Client, Notebook]],
) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        match len(asked):
            case 1:
                raise httpx.ReadError("the process was killed")
            case 2:
                return httpx.Response(503)
            case _:
                return httpx.Response(201, json={})

    client, notebook = clients(answer)
    body = {"agency": "H10"}
    answered = await client.ask("POST", "intake", "/dossiers", ("officer", "H10"), body, key="k")
    assert answered.status_code == 201
    assert answered.extensions[TIMES_ASKED] == 3
    assert len({(r.content, r.headers["idempotency-key"]) for r in asked}) == 1
    assert {r.url.host for r in asked} == {"one", "two"}
    assert (notebook.unanswered, notebook.not_now, notebook.answers[201]) == (1, 1, 1)


async def test_a_refusal_is_an_answer(
    clients: Callable[[Answer], tuple[Client, Notebook]],
) -> None:
    client, _ = clients(lambda request: httpx.Response(409))
    assert (await client.ask("GET", "intake", "/")).status_code == 409


async def test_patience_ends(clients: Callable[[Answer], tuple[Client, Notebook]]) -> None:
    client, _ = clients(lambda request: httpx.Response(503))
    with pytest.raises(UnansweredError, match="GET intake/dossiers"):
        await client.ask("GET", "intake", "/dossiers")
