"""Traces: the place in one where we are, and the spans kept of it. Off until `begin` is called.

What is kept is decided once, where a trace begins or enters (`keeps`); from there on the flag in its
`traceparent` tells. Spans of events have ids derived from what they name, so that what is delivered or
tried twice is one span, and a trace changes no byte of a replay. A span is told when it has ended: the
path of a batch carries no open spans.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2b
from random import getrandbits
from typing import Literal, NamedTuple

from shared.clock import wall_ns

Kind = Literal["internal", "server", "producer", "consumer"]
Value = str | int | float | bool

SUBJECT = "thanthien.subject"
"""The attribute that names the dossier (or the agency, the procedure, the report) of a span."""

MOST_LINKS = 128
"""Of a batch's span; OpenTelemetry's own limit. Its members all link to it, however many there are."""

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_KEPT_FLAGS = frozenset("13579bdf")


class Place(NamedTuple):
    """A span of a trace, as W3C names it: 32 and 16 hexadecimal digits."""

    trace: str
    span: str
    is_kept: bool = True

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace}-{self.span}-0{self.is_kept:d}"


@dataclass(frozen=True, slots=True)
class Span:
    """One thing done, from one instant to another (nanoseconds since 1970)."""

    name: str
    kind: Kind
    place: Place
    parent: Place | None
    began_ns: int
    ended_ns: int
    attributes: Mapping[str, Value] = field(default_factory=dict)
    links: Sequence[Place] = ()
    fault: str | None = None
    """Why it failed, in a word; None: it did not."""


class Member(NamedTuple):
    """What one of many did in a batch: a span in its own trace."""

    name: str
    place: Place
    parent: Place
    attributes: Mapping[str, Value]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Recorder:
    """Where spans go, and which new traces are kept. `service` says whose they are."""

    service: str
    record: Callable[[Span], None]
    keeps: Callable[[int], bool]


class Here:
    """The request under way: its place in a trace, and whom it is about."""

    __slots__ = ("place", "subject")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.subject: str | None = None


_recorder: Recorder | None = None
_here: ContextVar[Here | None] = ContextVar("here", default=None)


def begin(recorder: Recorder) -> None:
    """Keep traces from now on, in this process."""
    global _recorder
    _recorder = recorder


def end() -> None:
    """Keep none any more."""
    global _recorder
    _recorder = None


def is_on() -> bool:
    """Whether any trace is kept; asked once a batch."""
    return _recorder is not None


def read(traceparent: str | None) -> Place | None:
    """The place a `traceparent` names; None for none, and for what is none."""
    if traceparent is None or not _TRACEPARENT.fullmatch(traceparent):
        return None
    return Place(traceparent[3:35], traceparent[36:52], traceparent[-1] in _KEPT_FLAGS)


def named(traceparent: str | None) -> dict[str, str]:
    """The trace, as a line of the log tells it; nothing where there is none."""
    place = read(traceparent)
    return {} if place is None else {"trace_id": place.trace}


def kept(traceparent: str | None) -> Place | None:
    """The place a `traceparent` names, where its trace is kept, here and by who sent it."""
    if _recorder is None or traceparent is None or traceparent[-1:] not in _KEPT_FLAGS:
        return None
    return read(traceparent)


def enter(traceparent: str | None) -> tuple[Place | None, Place | None]:
    """Where a request stands, and its parent: in the caller's trace, or in a new one where that is kept.

    A trace that is not kept is carried on as the caller named it, and never invented.
    """
    given = read(traceparent)
    if given is None:
        new = f"{getrandbits(128) or 1:032x}"
        is_kept = _recorder is not None and _recorder.keeps(int(new, 16))
        return (Place(new, new_span_id()) if is_kept else None), None
    if not given.is_kept:
        return given, None
    return Place(given.trace, new_span_id()), given


def new_span_id() -> str:
    """One that nobody else has: of what happens once, and is told to nobody again."""
    return f"{getrandbits(64) or 1:016x}"


def span_id_of(verb: str, *names: object) -> str:
    """The span of doing `verb` to what the names name; the same however often it is done."""
    named = "\n".join((verb, *map(str, names)))
    return blake2b(named.encode(), digest_size=8).hexdigest()


def service() -> str:
    """Whose spans these are; "" while none are kept."""
    return "" if _recorder is None else _recorder.service


def record(span: Span) -> None:
    """Tell of a span that has ended."""
    if _recorder is not None:
        _recorder.record(span)


def record_batch(
    name: str,
    kind: Kind,
    members: Sequence[Member],
    attributes: Mapping[str, Value],
    began_ns: int,
) -> None:
    """Tell of a batch that has just ended: a span of its own, and one in each kept member's trace.

    They link to each other. A batch none of whose members is kept is not told of.
    """
    if not members:
        return
    ended_ns = wall_ns()
    batch = Place(f"{getrandbits(128) or 1:032x}", new_span_id())
    parents = [member.parent for member in members[:MOST_LINKS]]
    record(Span(name, kind, batch, None, began_ns, ended_ns, attributes, parents))
    for member in members:
        # fmt: off
        record(Span(member.name, kind, member.place, member.parent, began_ns, ended_ns,
                    member.attributes, [batch], member.fault))
        # fmt: on


def here() -> Here | None:
    """The request under way in this task; None in what runs beside requests."""
    return _here.get()


def kept_here() -> Place | None:
    """The place of the request under way, where its trace is kept."""
    now = _here.get()
    return now.place if now is not None and now.place.is_kept else None


@contextmanager
def standing(place: Place) -> Iterator[Here]:
    """Inside, a request stands at `place`."""
    now = Here(place)
    token = _here.set(now)
    try:
        yield now
    finally:
        _here.reset(token)


def leave() -> None:
    """This task works for many: it stands in nobody's trace."""
    _here.set(None)


def about(subject: str) -> None:
    """Say which dossier the request under way is about: for its span, and for the log."""
    now = _here.get()
    if now is not None:
        now.subject = subject


@contextmanager
def measured(name: str) -> Iterator[dict[str, Value]]:
    """A part of the request under way as a span of its own; yields its attributes, to be filled in."""
    attributes: dict[str, Value] = {}
    parent = kept_here()
    if parent is None:
        yield attributes
        return
    began_ns = wall_ns()
    try:
        yield attributes
    finally:
        place = Place(parent.trace, new_span_id())
        record(Span(name, "internal", place, parent, began_ns, wall_ns(), attributes))
