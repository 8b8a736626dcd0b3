"""Calls to a stack's services, with a token for each role and agency."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

import httpx

Token = Callable[..., str]
"""`token(role, agency)`: a bearer token."""


class RefusedCallError(RuntimeError):
    """A service refused what was asked; the message has its problem's words."""


class Calls:
    """Asks one stack. `urls` by service."""

    def __init__(self, urls: Mapping[str, str], token: Token) -> None:
        self._urls = urls
        self._token = token
        self._tokens: dict[tuple[str, str | None], str] = {}
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(60, connect=10),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=64),
            trust_env=False,
        )

    async def __aenter__(self) -> "Calls":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def ask(
        self,
        method: str,
        service: str,
        path: str,
        role: str | None = None,
        agency: str | None = None,
        *,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One request. Raises `RefusedCallError` for any answer but 2xx."""
        every = dict(headers or {})
        if role is not None:
            every["authorization"] = f"Bearer {self._bearer(role, agency)}"
        answer = await self._client.request(
            method, self._urls[service] + path, json=json, content=content, headers=every
        )
        if not answer.is_success:
            raise RefusedCallError(
                f"{method} {service}{path} was answered {answer.status_code}: {answer.text[:500]}"
            )
        return answer

    async def get(
        self, service: str, path: str, role: str | None = None, agency: str | None = None
    ) -> Any:
        """What a GET answers, as JSON."""
        return (await self.ask("GET", service, path, role, agency)).json()

    def _bearer(self, role: str, agency: str | None) -> str:
        key = (role, agency)
        if key not in self._tokens:
            self._tokens[key] = self._token(role, agency)
        return self._tokens[key]


async def all_at_once(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all of them; the first that fails ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
