"""A collector for tests: it takes spans by OTLP over HTTP, as any other, and keeps them to be looked at."""

import asyncio
import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as RawSpan

PATIENCE_SECONDS = 20.0

Context = tuple[str, str]
"""A trace's id and a span's."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A span as it came."""

    service: str
    name: str
    context: Context
    parent: str
    """The parent's span id; "" for none."""
    links: tuple[Context, ...]
    attributes: dict[str, object]
    is_failed: bool
    began_ns: int
    ended_ns: int

    @property
    def trace(self) -> str:
        return self.context[0]

    @property
    def id(self) -> str:
        return self.context[1]


@dataclass
class Collector:
    """What came so far. `status` is what every sender is answered."""

    url: str
    spans: list[Taken] = field(default_factory=list)
    raw: bytes = b""
    paths: set[str] = field(default_factory=set)
    """What was asked for; spans come to `/v1/traces`."""
    status: int = 200

    def of(self, trace: str) -> list[Taken]:
        """A trace's spans, each once, in the order they began."""
        found = {span.context: span for span in self.spans if span.trace == trace}
        return sorted(found.values(), key=lambda span: span.began_ns)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until what came is enough. Raises `TimeoutError`, with the names of what came."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not holds():
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            names = sorted({f"{span.service}: {span.name}" for span in self.spans})
            raise TimeoutError(f"only {names} came") from error

    def take(self, body: bytes) -> None:
        self.raw += body
        request = ExportTraceServiceRequest.FromString(body)
        for of_resource in request.resource_spans:
            service = str(_values(of_resource.resource.attributes)["service.name"])
            for of_scope in of_resource.scope_spans:
                self.spans += [_taken(service, span) for span in of_scope.spans]


def _taken(service: str, span: RawSpan) -> Taken:
    return Taken(
        service,
        span.name,
        (span.trace_id.hex(), span.span_id.hex()),
        span.parent_span_id.hex(),
        tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        _values(span.attributes),
        span.status.code == 2,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
    )


def _values(attributes: Sequence[object]) -> dict[str, object]:
    return {one.key: _value(one.value) for one in attributes}  # type: ignore[attr-defined]


def _value(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    return None if kind is None else getattr(value, kind)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            collector.paths.add(self.path)
            is_taken = self.path == "/v1/traces" and collector.status == 200
            if is_taken:
                collector.take(body)
            self.send_response(collector.status if self.path == "/v1/traces" else 404)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass  # Tests look at what came, not at a log.

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
