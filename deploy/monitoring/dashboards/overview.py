"""Whether all is well, what flows, what citizens see, and the clocks."""

from deploy.monitoring.dashboards.queries import median_and_p99, of_all_units, rate_of
from deploy.monitoring.grafana import Dashboard, Panel, Query, Row

JOBS = 'job=~"intake|deadline|feedback"'

WELL = Row(
    "Is all well?",
    (
        Panel(
            "Replicas up",
            "Fewer than were started: look at the one that is missing.",
            (Query(f"sum by (job) (up{{{JOBS}}})", "{{job}}"),),
            kind="stat", width=4, height=5, worry_below=1,
        ),
        Panel(
            "Alerts",
            "Each links its runbook: docs/runbooks/alerts.md.",
            (Query('count(ALERTS{alertstate="firing"}) or vector(0)', "firing"),),
            kind="stat", width=4, height=5, worry_from=1,
        ),
        Panel(
            "Leaders of the relay",
            "One per service, always. None: NoRelayLeader.",
            (Query("sum by (job) (thanthien_relay_is_leader)", "{{job}}"),),
            kind="stat", width=4, height=5, worry_below=1, worry_from=2,
        ),
        Panel(
            "Oldest unsaid event",
            "Over 30 s somebody is called: OutboxOld.",
            (Query("max by (job) (thanthien_outbox_oldest_age_seconds)", "{{job}}"),),
            kind="stat", unit="s", width=4, height=5, worry_from=30,
        ),
        Panel(
            "Behind",
            "Events that came and were not heard yet.",
            (Query("sum by (job) (thanthien_consumer_lag_events)", "{{job}}"),),
            kind="stat", width=4, height=5, worry_from=1000,
        ),
        Panel(
            "Dead letters",
            "Events that cannot be read or applied, and hold their dossier back: DeadLetters.",
            (
                Query(
                    "sum by (job) (max by (job, cause) "
                    '(thanthien_set_aside_events{cause=~"undecodable|unknown_type|refused"}))',
                    "{{job}}",
                ),
            ),
            kind="stat", width=4, height=5, worry_from=1,
        ),
    ),
)  # fmt: skip

FLOW = Row(
    "Flow",
    (
        Panel(
            "Events heard",
            "Duplicates are normal after a restart; held ones are set aside.",
            (Query(rate_of("thanthien_events_heard_total", "job, outcome"), "{{job}} {{outcome}}"),),
            unit="ops",
        ),
        Panel(
            "Events said",
            "Acknowledged by Kafka.",
            (Query(rate_of("thanthien_events_said_total", "job, topic"), "{{job}} {{topic}}"),),
            unit="ops",
        ),
        Panel(
            "Requests",
            "By status: 5xx is ours, 4xx theirs.",
            (Query(rate_of("thanthien_http_requests_total", "job, status"), "{{job}} {{status}}"),),
            unit="ops",
        ),
        Panel(
            "A batch, begin to commit",
            "",
            median_and_p99("thanthien_batch_seconds", "job"),
            unit="s",
        ),
        Panel(
            "Taking a dossier",
            "POST /dossiers, with its appointment where it was waited for.",
            median_and_p99(
                "thanthien_http_request_seconds", "", 'job="intake", method="POST", route="/dossiers"'
            ),
            unit="s",
        ),
        Panel(
            "Set aside, by cause",
            "A gap closes by itself; what waits is released by what it waits for.",
            (
                Query("max by (job, cause) (thanthien_set_aside_events)", "{{job}} {{cause}}"),
            ),
        ),
    ),
)  # fmt: skip

CITIZENS = Row(
    "What citizens see",
    (
        Panel(
            "Dossiers",
            "What intake says of them, by kind of event.",
            (
                Query(
                    rate_of("thanthien_sayings_total", "type", 'job="intake"'),
                    "{{type}}",
                ),
            ),
            unit="ops",
        ),
        Panel(
            "Notices, and tries to deliver them",
            "The 4 xin. A try that is pending is made again.",
            (
                Query(rate_of("thanthien_notices_total", "kind"), "written: {{kind}}"),
                Query(
                    rate_of("thanthien_notice_deliveries_total", "channel, outcome"),
                    "{{channel}}: {{outcome}}",
                ),
            ),
            unit="ops",
        ),
        Panel(
            "Ratings and reports",
            "By what became of them; many of an unknown link is somebody who guesses.",
            (
                Query(rate_of("thanthien_ratings_total", "outcome"), "rating {{outcome}}"),
                Query(
                    rate_of("thanthien_reports_total", "kind, outcome"), "{{kind}} {{outcome}}"
                ),
                Query(rate_of("thanthien_report_steps_total", "step"), "step {{step}}"),
            ),
            unit="ops",
        ),
    ),
)  # fmt: skip


CLOCKS = Row(
    "Clocks",
    (
        Panel(
            "Open, at risk, breached",
            "Of all units.",
            of_all_units(),
        ),
        Panel(
            "Lateness of alarms",
            "From the instant of a rung until it rang. Over 10 s: AlarmsLate.",
            median_and_p99("thanthien_alarm_lateness_seconds"),
            unit="s",
        ),
        Panel(
            "How overdue the overdue are met",
            "Of clocks met after their legal due.",
            median_and_p99("thanthien_overdue_age_seconds"),
            unit="s",
        ),
    ),
)  # fmt: skip

OVERVIEW = Dashboard(
    uid="overview",
    title="Thân Thiện: overview",
    tells="Whether all is well, what flows, what citizens see, and the clocks.",
    rows=(WELL, FLOW, CITIZENS, CLOCKS),
)
