"""Every metric the services have, as Prometheus names them."""

from collections.abc import Iterator
from importlib import import_module

from prometheus_client import REGISTRY, Metric

from deploy.local.postgres import SERVICES

SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}


def metrics() -> Iterator[Metric]:
    """Of ours; what the client library tells of Python and the process is not."""
    for service in SERVICES:
        import_module(f"services.{service}.main")
    return (found for found in REGISTRY.collect() if found.name.startswith("thanthien_"))


def metric_names() -> set[str]:
    return {
        f"{metric.name}{suffix}"
        for metric in metrics()
        for suffix in SUFFIXES.get(metric.type, ("",))
    }
