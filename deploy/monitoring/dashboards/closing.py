"""Closing time: the storm of alarms, and the units that need a call."""

from deploy.monitoring.dashboards.queries import RATE, median_and_p99, of_all_units, rate_of
from deploy.monitoring.grafana import Dashboard, Panel, Query, Row


def _worst(expr: str, count: int = 10) -> str:
    return f"topk({count}, {expr})"


NAMED = '{agency!="other"}'

CLOSING = Dashboard(
    uid="closing",
    title="Thân Thiện: closing time",
    tells="The storm when same-day dossiers fall due, and the units that need a call.",
    since="now-30m",
    rows=(
        Row(
            "The storm",
            (
                Panel(
                    "Storms in progress",
                    "More alarms are due at once than ring in one set. It ends in minutes.",
                    (Query("max(thanthien_alarm_storm)", "storm"),),
                    kind="stat", width=4, worry_from=1,
                ),
                Panel(
                    "Alarms ring",
                    "",
                    (Query(rate_of("thanthien_alarm_lateness_seconds_count", "job"), "per second"),),
                    unit="ops", width=10,
                ),
                Panel(
                    "How late they ring",
                    "Over 10 s for a minute: AlarmsLate.",
                    median_and_p99("thanthien_alarm_lateness_seconds"),
                    unit="s", width=10,
                ),
                Panel(
                    "Lateness of alarms",
                    "From the instant of a rung until it rang.",
                    (Query(f"sum by (le) (increase(thanthien_alarm_lateness_seconds_bucket[{RATE}]))"),),
                    kind="heatmap", unit="s", width=12,
                ),
                Panel(
                    "How overdue the overdue are met",
                    "Of clocks met after their legal due.",
                    (Query(f"sum by (le) (increase(thanthien_overdue_age_seconds_bucket[{RATE}]))"),),
                    kind="heatmap", unit="s", width=12,
                ),
                Panel(
                    "What deadline says",
                    "AlarmRung, and what becomes of clocks.",
                    (Query(rate_of("thanthien_sayings_total", "type", 'job="deadline"'), "{{type}}"),),
                    unit="ops",
                ),
                Panel(
                    "Dossiers beside the storm",
                    "A batch of deadline's, begin to commit: it must not stand still meanwhile.",
                    median_and_p99("thanthien_batch_seconds", "", 'job="deadline"'),
                    unit="s",
                ),
                Panel(
                    "Unsaid yet",
                    "Deadline's outbox: alarms that rang and wait for the relay.",
                    (Query('max(thanthien_outbox_rows{job="deadline"})', "rows"),),
                ),
            ),
        ),
        Row(
            "Units",
            (
                Panel(
                    "Open, at risk, breached",
                    "Of all units.",
                    of_all_units(),
                    width=12,
                ),
                Panel(
                    "Greatest share of breaches",
                    "Of 50 open clocks at least. Over a tenth: UnitBreaches.",
                    (
                        Query(
                            _worst(
                                f"max by (agency) (thanthien_unit_clocks_breached{NAMED})"
                                f" / clamp_min(max by (agency) (thanthien_unit_clocks_open{NAMED}), 50)"
                            )
                        ),
                    ),
                    kind="table", unit="percentunit", width=6,
                ),
                Panel(
                    "Most at risk",
                    "The warning has rung, and no result is known.",
                    (Query(_worst(f"max by (agency) (thanthien_unit_clocks_at_risk{NAMED})")),),
                    kind="table", width=6,
                ),
                Panel(
                    "Longest silent units",
                    "Working time since a dossier of theirs was heard of. Over four hours: UnitSilent.",
                    (Query(_worst("max by (agency) (thanthien_unit_silent_seconds)")),),
                    kind="table", unit="s", width=6,
                ),
                Panel(
                    "Units with open clocks",
                    "",
                    (Query("max(thanthien_units_with_open_clocks)", "units"),),
                    kind="stat", width=6,
                ),
                Panel(
                    "What a look at all units takes",
                    "The service rests fifty times as long before the next.",
                    (Query("max(thanthien_unit_look_seconds)", "seconds"),),
                    unit="s", width=12,
                ),
            ),
        ),
    ),
)  # fmt: skip
