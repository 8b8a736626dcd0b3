"""HTTP/1.1 as lean as it can be written, so that the client is not what is measured."""

import asyncio
from typing import Self
from urllib.parse import urlsplit


class Connection:
    """One keep-alive connection: one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> Self:
        place = urlsplit(url)
        return cls(*await asyncio.open_connection(place.hostname, place.port))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; return the answer's status and body."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = await self._reader.readexactly(length) if length else b""
        return int(head[9:12]), body

    def close(self) -> None:
        self._writer.close()


def request(method: str, path: str, token: str, body: bytes, *, wait_seconds: int = 0) -> bytes:
    """A request as it goes over the wire; with `wait_seconds`, it waits for the appointment."""
    prefer = f"Prefer: wait={wait_seconds}\r\n" if wait_seconds else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\n{prefer}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
