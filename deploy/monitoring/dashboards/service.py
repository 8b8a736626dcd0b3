"""One service, its replicas side by side."""

from deploy.monitoring.dashboards.queries import (
    RATE,
    flow,
    median_and_p99,
    quantile_of,
    rate_of,
)
from deploy.monitoring.grafana import Dashboard, Panel, Query, Row, Variable

ONE = 'job="$service"'

SERVICE = Dashboard(
    uid="service",
    title="Thân Thiện: one service",
    tells="One service, its replicas side by side.",
    variables=(Variable("service", "Service", label="job", of="thanthien_relay_is_leader", default="intake"),),
    rows=(
        Row(
            "Replicas",
            (
                Panel(
                    "Since the last poll",
                    "Over a minute: NotConsuming.",
                    (Query(f"thanthien_last_poll_age_seconds{{{ONE}}}", "{{instance}}"),),
                    unit="s", width=6,
                ),
                Panel(
                    "Who leads the relay",
                    "One of them.",
                    (Query(f"thanthien_relay_is_leader{{{ONE}}}", "{{instance}}"),),
                    width=6,
                ),
                Panel(
                    "Connections to the database",
                    "All busy: requests and batches wait for one.",
                    (
                        Query(
                            f"sum by (instance, state) (thanthien_pool_connections{{{ONE}}})",
                            "{{instance}} {{state}}",
                        ),
                    ),
                    width=6,
                ),
                Panel(
                    "Processor",
                    "A process uses one core at most.",
                    (Query(f"rate(process_cpu_seconds_total{{{ONE}}}[{RATE}])", "{{instance}}"),),
                    unit="percentunit", width=6,
                ),
                Panel(
                    "Memory",
                    "Resident.",
                    (Query(f"process_resident_memory_bytes{{{ONE}}}", "{{instance}}"),),
                    unit="bytes", width=6,
                ),
                Panel(
                    "Open files",
                    "",
                    (Query(f"process_open_fds{{{ONE}}}", "{{instance}}"),),
                    width=6,
                ),
                Panel(
                    "Faults that were tried again",
                    "The database was away; a poll could not be handled; the relay failed; another replica was first.",
                    (
                        Query(rate_of("thanthien_transient_faults_total", "job", ONE), "database away"),
                        Query(rate_of("thanthien_polls_failed_total", "job", ONE), "polls"),
                        Query(rate_of("thanthien_relay_faults_total", "job", ONE), "relay"),
                        Query(rate_of("thanthien_heard_elsewhere_total", "job", ONE), "heard elsewhere"),
                    ),
                    unit="ops", width=12,
                ),
            ),
        ),
        Row(
            "Hearing",
            (
                flow("Events heard", "thanthien_events_heard_total", "topic, outcome", ONE),
                flow("Handled, by partition", "thanthien_consumed_total", "topic, partition", ONE, "One partition much busier than others: one dossier, or one set of them."),
                Panel(
                    "Behind, by partition",
                    "Growing while others shrink: the replica that has it stands still.",
                    (
                        Query(
                            f"sum by (topic, partition) (thanthien_consumer_lag_events{{{ONE}}})",
                            "{{topic}} {{partition}}",
                        ),
                    ),
                ),
                Panel(
                    "Where a batch spends its time",
                    "Seconds of each stage per second. Store or commit high: the database; decode or decide: the processor.",
                    (Query(rate_of("thanthien_stage_seconds_sum", "stage", ONE), "{{stage}}"),),
                    unit="percentunit",
                ),
                Panel(
                    "A stage, at worst",
                    "99th percentile of a batch in one stage.",
                    (Query(quantile_of("thanthien_stage_seconds", 0.99, "stage", ONE), "{{stage}}"),),
                    unit="s",
                ),
                Panel(
                    "Events in a batch",
                    "Few in calm, up to a thousand behind.",
                    median_and_p99("thanthien_batch_events", "", ONE),
                ),
                Panel(
                    "Set aside now",
                    "",
                    (Query(f"max by (cause) (thanthien_set_aside_events{{{ONE}}})", "{{cause}}"),),
                ),
                Panel(
                    "Since the oldest was set aside",
                    "A gap over five minutes: GapNotClosing.",
                    (Query(f"max by (cause) (thanthien_set_aside_oldest_age_seconds{{{ONE}}})", "{{cause}}"),),
                    unit="s",
                ),
                flow("Set aside, per second", "thanthien_events_set_aside_total", "cause", ONE),
            ),
        ),
        Row(
            "Saying",
            (
                flow("Put into the outbox", "thanthien_sayings_total", "type", ONE),
                flow("Acknowledged by Kafka", "thanthien_events_said_total", "topic", ONE),
                Panel(
                    "The outbox",
                    "Rows that wait, counted to 10,000, and how long the oldest has.",
                    (
                        Query(f"max(thanthien_outbox_rows{{{ONE}}})", "rows"),
                        Query(f"max(thanthien_outbox_oldest_age_seconds{{{ONE}}})", "seconds"),
                    ),
                ),
            ),
        ),
        Row(
            "Requests",
            (
                Panel(
                    "By route and status",
                    "",
                    (
                        Query(
                            rate_of("thanthien_http_requests_total", "method, route, status", ONE),
                            "{{method}} {{route}} {{status}}",
                        ),
                    ),
                    unit="ops", width=12,
                ),
                Panel(
                    "At worst, by route",
                    "99th percentile, until the answer has been sent.",
                    (
                        Query(
                            quantile_of("thanthien_http_request_seconds", 0.99, "method, route", ONE),
                            "{{method}} {{route}}",
                        ),
                    ),
                    unit="s", width=12,
                ),
            ),
        ),
    ),
)  # fmt: skip
