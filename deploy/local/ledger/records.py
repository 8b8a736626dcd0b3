"""One record of a topic, read by the ledger's own eyes."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

OURS = "thanthien/"
"""How our sources begin; others are foreign systems'."""


@dataclass(frozen=True, slots=True)
class Said:
    """A saying of one of our services. `number` is its ce_sequence, `digest` its type's and body's."""

    source: str
    subject: str
    number: int
    kind: str
    """The type without its prefix and version: DossierAccepted."""
    digest: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Foreign:
    """A record of another system, or one that nobody can read; `why` says which."""

    why: str


def read(headers: Sequence[tuple[str, bytes]], value: bytes | None) -> Said | Foreign:
    """Read one record; never raises for what it holds."""
    try:
        found = dict(headers)
        source = found["ce_source"].decode()
        if not source.startswith(OURS):
            return Foreign(f"from {source}")
        kind = found["ce_type"].decode()
        body = orjson.loads(value or b"")
        return Said(
            source=source,
            subject=found["ce_subject"].decode(),
            number=int(found["ce_sequence"]),
            kind=kind.split(".")[-2],
            digest=zlib.crc32(value or b"", zlib.crc32(kind.encode())),
            body=body if isinstance(body, dict) else {},
        )
    except (KeyError, IndexError, AttributeError, TypeError, ValueError) as error:
        return Foreign(f"unreadable: {error!r}"[:120])
