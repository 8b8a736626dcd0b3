"""No metric of any service grows with what it counts; of units, fifty are named (decision 33)."""

from prometheus_client import REGISTRY

from deploy.local.tests.metrics import metrics
from services.deadline.entrypoints.unit_watch import GAUGES

BOUNDED = {
    "topic", "partition", "outcome", "cause", "stage", "type", "kind", "state", "step", "channel",
    "method", "route", "status",
}  # fmt: skip


def test_no_metric_but_those_of_the_worst_units_is_labelled_by_more_than_a_bounded_set() -> None:
    assert len(list(metrics())) > 30
    unbounded = {
        collector
        for collector, names in REGISTRY._collector_to_names.items()
        if any(name.startswith("thanthien_") for name in names)
        and not set(getattr(collector, "_labelnames", ())) <= BOUNDED
    }
    assert unbounded == set(GAUGES)
