"""What operators see: structured logs and metrics. Neither carries personal data."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

import structlog
from prometheus_client import Counter, Gauge, Histogram

from shared.log_lines import tell_where, without_values

if TYPE_CHECKING:
    from shared.inbox import Tally
    from shared.letters import Letter
    from shared.stages import Stage

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def configure_logging(service: str, level: str = "INFO", to: TextIO | None = None) -> None:
    """JSON lines on standard output, or `to`, each with the service's name.

    Those of libraries go to standard error: what a command prints is read by programs.
    """
    beginning: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        tell_where,
    ]
    end: list[structlog.typing.Processor] = [
        structlog.processors.ExceptionRenderer(without_values),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    handler = logging.StreamHandler(to)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*beginning, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *end],
        )
    )
    logging.basicConfig(level=level, handlers=[handler])
    for noisy in ("aiokafka", "faststream", "asyncio", "uvicorn.access", "urllib3"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    structlog.configure(
        processors=[*beginning, *end],
        logger_factory=structlog.PrintLoggerFactory(to),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


HEARD = Counter(
    "thanthien_events_heard_total",
    "Events that came from Kafka, by topic and what became of them",
    ["topic", "outcome"],
)
BATCH_SECONDS = Histogram(
    "thanthien_batch_seconds", "One batch through the inbox, begin to commit", buckets=SECONDS
)
BATCH_EVENTS = Histogram(
    "thanthien_batch_events",
    "Events in one batch",
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
)
HEARD_ELSEWHERE = Counter(
    "thanthien_heard_elsewhere_total",
    "Batches redone because another member had moved a subject on",
)
TRANSIENT = Counter(
    "thanthien_transient_faults_total", "Batches redone because the database was away"
)
POLLS_FAILED = Counter(
    "thanthien_polls_failed_total", "Polls that could not be handled, and were tried again"
)
SAID = Counter("thanthien_events_said_total", "Events acknowledged by Kafka", ["topic"])
RELAY_FAULTS = Counter(
    "thanthien_relay_faults_total", "Rounds of the relay that failed, and were redone"
)
IS_RELAY_LEADER = Gauge(
    "thanthien_relay_is_leader", "1 while this replica relays its schema's outbox"
)
OUTBOX_ROWS = Gauge("thanthien_outbox_rows", "Rows that wait to be said; counted to 10,000")
OUTBOX_OLDEST = Gauge(
    "thanthien_outbox_oldest_age_seconds", "How long the oldest row has been seen waiting, at least"
)
WAITING = Gauge(
    "thanthien_set_aside_events",
    "Events set aside now, by cause; of the oldest 10,000",
    ["cause"],
)
WAITING_SINCE = Gauge(
    "thanthien_set_aside_oldest_age_seconds", "Since the oldest was set aside, by cause", ["cause"]
)
ENDED_KEPT = Gauge(
    "thanthien_ended_oldest_age_seconds",
    "Since the oldest dossier ended of which everything is still kept; 0 when there is none",
)
PRUNED_AT = Gauge(
    "thanthien_pruned_timestamp_seconds", "When a run of prune last came to its end; 0: never"
)
LAST_POLL = Gauge(
    "thanthien_last_poll_age_seconds", "Since the consumer last asked Kafka for records"
)
LAG = Gauge(
    "thanthien_consumer_lag_events",
    "Events behind the end of the partition",
    ["topic", "partition"],
)
SET_ASIDE = Counter("thanthien_events_set_aside_total", "Events set aside, by cause", ["cause"])
CONSUMED = Counter(
    "thanthien_consumed_total", "Records handled, by partition", ["topic", "partition"]
)
STAGE_SECONDS = Histogram(
    "thanthien_stage_seconds", "One batch in one stage", ["stage"], buckets=SECONDS
)
SAYINGS = Counter(
    "thanthien_sayings_total",
    "Events put into the outbox, by type; a batch begun anew counts again",
    ["type"],
)
SPANS = Counter("thanthien_spans_total", "Spans of kept traces, sent or lost", ["outcome"])
NOTICES = Counter("thanthien_notices_total", "Notices written, by kind", ["kind"])
POOL = Gauge("thanthien_pool_connections", "Connections of the pool", ["state"])
REQUESTS = Counter("thanthien_http_requests_total", "Requests", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "thanthien_http_request_seconds",
    "Requests, until the answer has been sent",
    ["method", "route"],
    buckets=SECONDS[3:],
)
ALARM_LATENESS = Histogram(
    "thanthien_alarm_lateness_seconds",
    "From the instant of a rung until it rang",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600),
)
HOUR = 3600
OVERDUE_AGE = Histogram(
    "thanthien_overdue_age_seconds",
    "How long past its due a clock was met",
    buckets=(600, HOUR, 4 * HOUR, *(days * 24 * HOUR for days in (1, 2, 3, 5, 10, 30, 90))),
)
STORM = Gauge("thanthien_alarm_storm", "1 while more alarms are due at once than ring in one set")


class HearingMetrics:
    """What the ear counts."""

    heard_elsewhere = HEARD_ELSEWHERE
    transient = TRANSIENT

    def count(
        self, letters: Sequence["Letter"], tally: "Tally", laps: Mapping["Stage", float]
    ) -> None:
        """Count one committed batch."""
        for stage, taken in laps.items():
            STAGE_SECONDS.labels(stage).observe(taken)
        seconds = sum(laps.values())
        BATCH_SECONDS.observe(seconds)
        if letters:
            BATCH_EVENTS.observe(len(letters))
        topic = letters[0].topic if letters else "set_aside"
        HEARD.labels(topic, "applied").inc(tally.applied)
        HEARD.labels(topic, "duplicate").inc(tally.duplicates)
        HEARD.labels(topic, "held").inc(len(tally.holds))
        for hold in tally.holds:
            SET_ASIDE.labels(hold.cause).inc()
