"""One dossier: its traces, and every hop that all dossiers take."""

from deploy.monitoring.dashboards.queries import (
    median_and_p99,
    quantile_of,
    rate_of,
)
from deploy.monitoring.grafana import Dashboard, Panel, Query, Row, Variable

HOW_TO_FOLLOW = """\
**One dossier, from the counter to its thanks.** Type its code above.

| to see | ask |
|---|---|
| its whole life across the services, with gaps and dead letters | `python -m services.intake explain CODE` |
| its due dates, and why | `GET /deadlines/CODE` of deadline |
| what was set aside of it, to retry or discard | `/board/letters/CODE` of deadline; `dead-letters show CODE` of the others |
| what its citizen was told | `GET /notices?dossier=CODE` of feedback |

Traces are a sample: an old dossier, or one that was not drawn, has none; `explain` reads the topics and has them all.
Below: each hop that every dossier takes. The one that is slow or full is where this one stands.
"""


def _hop(name: str, job: str, topic: str, tells: str) -> Panel:
    of_topic = f'job="{job}", topic="{topic}"'
    return Panel(
        name,
        tells,
        (
            Query(rate_of("thanthien_consumed_total", "job", of_topic), "heard per second"),
            Query(f"sum(thanthien_consumer_lag_events{{{of_topic}}})", "behind"),
        ),
    )


DOSSIER = Dashboard(
    uid="dossier",
    title="Thân Thiện: one dossier's path",
    tells="Where a dossier is, what it went through, and how each hop of its path does.",
    variables=(Variable("code", "Dossier's code"),),
    rows=(
        Row(
            "This dossier",
            (
                Panel("How to follow it", kind="text", width=10, height=9, words=HOW_TO_FOLLOW),
                Panel(
                    "Its traces",
                    "From the request through outbox, Kafka and deadline back to the receipt. Empty: not sampled.",
                    (Query('{ span.thanthien.subject = "$code" }'),),
                    kind="traces", width=14, height=9,
                ),
            ),
        ),
        Row(
            "The path of every dossier",
            (
                Panel(
                    "1 · Taken by intake",
                    "POST /dossiers; where the appointment is waited for, hops 2 to 4 are in it.",
                    median_and_p99(
                        "thanthien_http_request_seconds", "", 'job="intake", method="POST", route="/dossiers"'
                    ),
                    unit="s",
                ),
                Panel(
                    "2 · Said by intake's relay",
                    "How long the oldest event has waited; and what was acknowledged.",
                    (
                        Query('max(thanthien_outbox_oldest_age_seconds{job="intake"})', "oldest, seconds"),
                        Query(
                            rate_of("thanthien_events_said_total", "job", 'job="intake", topic="thanthien.dossiers.v1"'),
                            "said per second",
                        ),
                    ),
                ),
                _hop("3 · Heard by deadline", "deadline", "thanthien.dossiers.v1", "Its clock is set, its appointment reckoned."),
                Panel(
                    "4 · Reckoned and kept by deadline",
                    "A batch, by stage: 99th percentile.",
                    (Query(quantile_of("thanthien_stage_seconds", 0.99, "stage", 'job="deadline"'), "{{stage}}"),),
                    unit="s",
                ),
                _hop("5 · The appointment heard by intake", "intake", "thanthien.deadlines.v1", "Mẫu 01 can be printed."),
                _hop("6 · Heard by feedback", "feedback", "thanthien.dossiers.v1", "Its citizen is told."),
                Panel(
                    "7 · Notices written",
                    "Xin chào, xin phép, xin lỗi, xin cảm ơn.",
                    (Query(rate_of("thanthien_notices_total", "kind"), "{{kind}}"),),
                    unit="ops",
                ),
                _hop("8 · The notice heard by intake", "intake", "thanthien.feedback.v1", "It is queued for delivery."),
                Panel(
                    "9 · Delivered",
                    "By channel and what became of the try.",
                    (
                        Query(
                            rate_of("thanthien_notice_deliveries_total", "channel, outcome"),
                            "{{channel}} {{outcome}}",
                        ),
                    ),
                    unit="ops",
                ),
            ),
        ),
        Row(
            "Where one may stand still",
            (
                Panel(
                    "Set aside now",
                    "Whole dossiers wait behind these. `dead-letters list` names them.",
                    (Query("max by (job, cause) (thanthien_set_aside_events)", "{{job}} {{cause}}"),),
                    width=12,
                ),
                Panel(
                    "Since the oldest was set aside",
                    "",
                    (Query("max by (job, cause) (thanthien_set_aside_oldest_age_seconds)", "{{job}} {{cause}}"),),
                    unit="s", width=12,
                ),
            ),
        ),
    ),
)  # fmt: skip
