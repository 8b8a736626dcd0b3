"""Queries that several dashboards ask.

Gauges of a schema (outbox, set aside) are told alike by all replicas: they are joined by `max`; counters of
processes by `sum`.
"""

from deploy.monitoring.grafana import Panel, Query

RATE = "$__rate_interval"


def rate_of(metric: str, by: str, where: str = "") -> str:
    """How often a counter counts, per second."""
    return f"sum by ({by}) (rate({metric}{{{where}}}[{RATE}]))"


def flow(title: str, metric: str, by: str, where: str = "", tells: str = "") -> Panel:
    """A panel of how often a counter counts, a line per value of `by`."""
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    return Panel(title, tells, (Query(rate_of(metric, by, where), legend),), unit="ops")


def quantile_of(metric: str, quantile: float, by: str = "", where: str = "") -> str:
    """A quantile of a histogram over the last moments."""
    labels = f"{by}, le" if by else "le"
    inner = f"sum by ({labels}) (rate({metric}_bucket{{{where}}}[{RATE}]))"
    return f"histogram_quantile({quantile}, {inner})"


def median_and_p99(metric: str, by: str = "", where: str = "") -> tuple[Query, Query]:
    """How long it takes, mostly and at worst."""
    named = f"{{{{{by}}}}} " if by else ""
    return (
        Query(quantile_of(metric, 0.5, by, where), f"{named}median"),
        Query(quantile_of(metric, 0.99, by, where), f"{named}99th percentile"),
    )


def of_all_units() -> tuple[Query, ...]:
    """How many clocks are open, at risk and breached. Only one replica tells, in turn with others."""
    return tuple(
        Query(
            f"sum(max by (agency) (thanthien_unit_clocks_{standing}))", standing.replace("_", " ")
        )
        for standing in ("open", "at_risk", "breached")
    )
