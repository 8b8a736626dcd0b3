"""A client as it should be: it asks until it is answered, always with the same key."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from time import perf_counter
from typing import Any

import httpx
import orjson

from deploy.local.faults.notebook import Notebook

PATIENCE_SECONDS = 150.0
PAUSE_SECONDS = 0.2
NOT_NOW = 503
TIMES_ASKED = "times_asked"
"""An answer's extension: the attempts it took, of which the earlier may have had their effect."""


class UnansweredError(RuntimeError):
    """Nobody answered within the patience of a citizen."""


class Client:
    """Asks the replicas of each service in turn. `urls` by service."""

    def __init__(
        self,
        urls: Mapping[str, Sequence[str]],
        token: Callable[..., str],
        notebook: Notebook,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._urls = urls
        self._token = token
        self._notebook = notebook
        self._tokens: dict[tuple[str, str | None], str] = {}
        self._turn = 0
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(15, connect=5),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=64),
            trust_env=False,
            transport=transport,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def ask(
        self,
        method: str,
        service: str,
        path: str,
        who: tuple[str, str | None] | None = None,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Ask until some replica answers. `who` is a role and an agency; `body` JSON or bytes.

        Raises `UnansweredError`.
        """
        content = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        every = {"content-type": "application/json", **(headers or {})}
        if key is not None:
            every["idempotency-key"] = key
        if who is not None:
            every["authorization"] = f"Bearer {self._bearer(*who)}"
        give_up_at = perf_counter() + PATIENCE_SECONDS
        for times_asked in count(1):
            answer = await self._try(method, service, path, content, every)
            if answer is not None:
                answer.extensions[TIMES_ASKED] = times_asked
                return answer
            if perf_counter() > give_up_at:
                raise UnansweredError(
                    f"{method} {service}{path}: no answer in {PATIENCE_SECONDS} s"
                )
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    async def _try(
        self,
        method: str,
        service: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> httpx.Response | None:
        """One attempt; None when it must be made again."""
        urls = self._urls[service]
        self._turn += 1
        url = urls[self._turn % len(urls)] + path
        try:
            answer = await self._http.request(method, url, content=content, headers=headers)
        except httpx.TransportError:
            # Whether it was done we cannot know: that is what the key is for.
            self._notebook.unanswered += 1
            return None
        if answer.status_code == NOT_NOW:
            self._notebook.not_now += 1
            return None
        self._notebook.answers[answer.status_code] += 1
        return answer

    def _bearer(self, role: str, agency: str | None) -> str:
        if (role, agency) not in self._tokens:
            self._tokens[role, agency] = self._token(role, agency)
        return self._tokens[role, agency]
