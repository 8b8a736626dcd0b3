"""The CloudEvents 1.0 envelope, in Kafka's binary mode: attributes as `ce_*` headers, the body as value."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

SPEC_VERSION = "1.0"
REQUIRED = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time")

LONGEST_ATTRIBUTE = 256
"""Characters; a longer one could not be indexed, and none of ours comes near."""

LAST_SEQUENCE = 2**63 - 1

Headers = Sequence[tuple[str, bytes]]


class EnvelopeError(ValueError):
    """The headers are not a CloudEvents envelope; the message names the header and the rule."""


@lru_cache(maxsize=1_024)
def _few(name: str, value: str) -> tuple[str, bytes]:
    """A header of which there are few: sources and types."""
    return name, value.encode()


_SPEC_VERSION = ("ce_specversion", SPEC_VERSION.encode())
_CONTENT_TYPE = ("content-type", b"application/json")


def headers_of(
    event_id: str,
    source: str,
    type_name: str,
    subject: str,
    time: datetime,
    sequence: int | None,
    traceparent: str | None,
) -> list[tuple[str, bytes]]:
    """The Kafka headers of an envelope with these attributes; the relay has no need of the envelope
    itself, fifty thousand times a second."""
    headers = [
        _SPEC_VERSION,
        ("ce_id", event_id.encode()),
        _few("ce_source", source),
        _few("ce_type", type_name),
        ("ce_subject", subject.encode()),
        ("ce_time", time.isoformat().encode()),
        _CONTENT_TYPE,
    ]
    if sequence is not None:
        headers.append(("ce_sequence", b"%d" % sequence))
    if traceparent is not None:
        headers.append(("traceparent", traceparent.encode()))
    return headers


class Envelope(NamedTuple):
    """Who said what about whom, when, and as which of their sayings."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    sequence: int | None = None
    """1, 2, 3… per source and subject; None for foreign systems, which are deduplicated by id."""
    traceparent: str | None = None

    def to_headers(self) -> list[tuple[str, bytes]]:
        """The Kafka headers of this envelope."""
        # fmt: off
        return headers_of(self.id, self.source, self.type, self.subject, self.time,
                          self.sequence, self.traceparent)
        # fmt: on

    @classmethod
    def from_headers(cls, headers: Headers) -> "Envelope":
        """Read an envelope. Raises `EnvelopeError` naming the header that is missing or wrong."""
        try:
            found = {name: value.decode() for name, value in headers}
        except (UnicodeDecodeError, AttributeError) as error:
            raise EnvelopeError(f"a header is not UTF-8 text: {error}") from error
        required = [found.get(name) or "" for name in REQUIRED]
        together = "".join(required)
        # Mostly all is well, and one look at all of them together tells.
        if not all(required) or len(together) > LONGEST_ATTRIBUTE or not together.isprintable():
            _refuse_unfit(found)
        if found["ce_specversion"] != SPEC_VERSION:
            raise EnvelopeError(
                f"header ce_specversion is {found['ce_specversion']!r}; we speak 1.0"
            )
        _, event_id, source, type_name, subject, time = required
        # fmt: off
        return cls(event_id, source, type_name, subject, _instant(time),
                   _sequence(found.get("ce_sequence")), found.get("traceparent"))
        # fmt: on


def _refuse_unfit(found: dict[str, str]) -> None:
    """Name the first required header that is missing or unfit, if one is."""
    for name in REQUIRED:
        if not found.get(name):
            raise EnvelopeError(f"header {name} is missing")
        if len(found[name]) > LONGEST_ATTRIBUTE or not found[name].isprintable():
            raise EnvelopeError(
                f"header {name} is not {LONGEST_ATTRIBUTE} printable characters at most"
            )


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise EnvelopeError(f"header ce_time is {text!r}; RFC 3339 is asked") from error
    if instant.tzinfo is None:
        raise EnvelopeError(f"header ce_time is {text!r}; it has no offset")
    return instant


def _sequence(text: str | None) -> int | None:
    if text is None:
        return None
    sequence = int(text) if text.isdecimal() else 0
    if not 1 <= sequence <= LAST_SEQUENCE:
        raise EnvelopeError(f"header ce_sequence is {text!r}; 1, 2, 3… is asked")
    return sequence
