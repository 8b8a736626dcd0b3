"""Spans on their way to a collector (OTLP over HTTP): in the background, bounded, what is lost counted.

Imported only where there is a collector.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from threading import Thread

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Decision, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from shared import telemetry, tracing
from shared.tracing import Place, Recorder, Span

log = structlog.get_logger()

MOST_WAITING = 4_096
"""Spans that wait for the collector; more are lost. A few MB."""
SENT_AT_ONCE = 512
SEND_EVERY_MS = 1_000
STOP_SECONDS = 3.0

KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}


class GivenIds(RandomIdGenerator):
    """The ids of the span about to be made; the SDK asks for them as it makes it."""

    place = Place("0" * 32, "0" * 16)

    def generate_trace_id(self) -> int:
        return int(self.place.trace, 16)

    def generate_span_id(self) -> int:
        return int(self.place.span, 16)


class Counted(SpanExporter):
    """The exporter, its outcomes counted. It tells when the collector goes and when it comes back."""

    def __init__(self, exporter: SpanExporter, endpoint: str) -> None:
        self._exporter = exporter
        self._endpoint = endpoint
        self._lost = 0
        self.finished = 0
        """Spans sent or given up."""
        self.is_stopping = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        # Whoever stops does not wait for a collector that was away a moment ago.
        gives_up = self.is_stopping and self._lost > 0
        result = SpanExportResult.FAILURE if gives_up else self._exporter.export(spans)
        self.finished += len(spans)
        if result is SpanExportResult.SUCCESS:
            telemetry.SPANS.labels("sent").inc(len(spans))
            if self._lost:
                log.info("spans reach the collector again", lost=self._lost)
            self._lost = 0
        else:
            telemetry.SPANS.labels("lost").inc(len(spans))
            if not self._lost:
                log.warning("the collector takes no spans; they are lost", at=self._endpoint)
            self._lost += len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class Postbox:
    """Takes the spans of one service, and sends them from a thread of its own."""

    def __init__(self, service: str, instance: str, endpoint: str) -> None:
        self._ids = GivenIds()
        self._counted = Counted(OTLPSpanExporter(endpoint), endpoint)
        self._processor = BatchSpanProcessor(
            self._counted, MOST_WAITING, SEND_EVERY_MS, SENT_AT_ONCE
        )
        self._taken = 0
        provider = TracerProvider(
            ALWAYS_ON,  # what is not kept never comes here
            _resource(service, instance),
            shutdown_on_exit=False,
            id_generator=self._ids,
        )
        provider.add_span_processor(self._processor)
        self._tracer = provider.get_tracer("thanthien")

    def take(self, span: Span) -> None:
        """Take a span, to be sent soon; it is lost, and counted, where too many wait already."""
        if self._taken - self._counted.finished >= MOST_WAITING:
            telemetry.SPANS.labels("lost").inc()
            return
        self._taken += 1
        self._ids.place = span.place
        made = self._tracer.start_span(
            span.name,
            _within(span.parent),
            KINDS[span.kind],
            span.attributes,
            [Link(_context(place)) for place in span.links],
            span.began_ns,
        )
        if span.fault is not None:
            made.set_status(Status(StatusCode.ERROR, span.fault))
        made.end(span.ended_ns)

    async def close(self) -> None:
        """Send what waits, for a few seconds at most; the rest is lost, and counted."""
        self._counted.is_stopping = True
        sending = Thread(target=self._processor.shutdown, daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, STOP_SECONDS)
        if sending.is_alive():
            # Its next try would be the last; nobody waits for it.
            self._counted.shutdown()
            log.warning("spans were not sent", lost=self._taken - self._counted.finished)


def _resource(service: str, instance: str) -> Resource:
    return Resource.create(
        {
            "service.namespace": "thanthien",
            "service.name": service,
            "service.instance.id": instance or f"{socket.gethostname()}-{os.getpid()}",
        }
    )


def _context(place: Place) -> SpanContext:
    return SpanContext(
        int(place.trace, 16), int(place.span, 16), True, TraceFlags(TraceFlags.SAMPLED)
    )


def _within(parent: Place | None) -> Context:
    empty = Context()
    if parent is None:
        return empty
    return set_span_in_context(NonRecordingSpan(_context(parent)), empty)


@asynccontextmanager
async def sending(service: str, instance: str, endpoint: str, ratio: float) -> AsyncIterator[None]:
    """While inside, traces are kept and sent to `endpoint` (`http://collector:4318`).

    Of new traces the share `ratio`, chosen by their ids, so that all services choose the same.
    """
    # What goes wrong is counted and told once, not with every try.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    postbox = Postbox(service, instance, f"{endpoint.rstrip('/')}/v1/traces")
    sampler = TraceIdRatioBased(ratio)

    def keeps(trace_id: int) -> bool:
        return sampler.should_sample(None, trace_id, "").decision is Decision.RECORD_AND_SAMPLE

    tracing.begin(Recorder(service, postbox.take, keeps))
    try:
        yield
    finally:
        tracing.end()
        await postbox.close()
