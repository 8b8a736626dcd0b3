"""Every deployment can be watched, bounded, moved, reached only by whom it must, and scaled."""

import re
from importlib import import_module
from typing import Any

import pytest

from deploy.kubernetes.tests.rendered import OVERLAYS, of_kind, rendered
from deploy.local.postgres import SERVICES
from shared.process import STOP_SECONDS

ONLY_FOR_OTHERS = {"DATABASE_PASSWORD"}
"""Named in the manifests to be put into another variable's value."""

pytestmark = [
    pytest.mark.parametrize("overlay", OVERLAYS),
    pytest.mark.parametrize("service", SERVICES),
]


def pod(overlay: str, kind: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    spec = of_kind(overlay, kind)[name]["spec"]
    spec = spec.get("jobTemplate", {}).get("spec", spec)["template"]["spec"]
    (container,) = spec["containers"]
    return spec, container


def settings_of(overlay: str, container: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for source in container["envFrom"]:
        given |= of_kind(overlay, "ConfigMap")[source["configMapRef"]["name"]]["data"]
    return given | {each["name"]: each for each in container["env"]}


def test_it_is_watched_and_bounded(overlay: str, service: str) -> None:
    spec, container = pod(overlay, "Deployment", service)
    assert container["args"] == [f"services.{service}", "serve"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] == "/health/live"
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    assert spec["terminationGracePeriodSeconds"] > 2 * STOP_SECONDS


def test_its_image_has_a_version(overlay: str, service: str) -> None:
    images = {
        pod(overlay, "Deployment", service)[1]["image"],
        pod(overlay, "Job", f"{service}-migrate")[1]["image"],
        pod(overlay, "CronJob", f"{service}-prune")[1]["image"],
    }
    assert images == {"registry.example/thanthien:0.1.0"}


def test_it_may_be_moved_one_at_a_time_and_is_spread(overlay: str, service: str) -> None:
    label = {"matchLabels": {"thanthien/part": service}}
    budget = of_kind(overlay, "PodDisruptionBudget")[service]["spec"]
    assert budget == {"maxUnavailable": 1, "selector": label}
    spread = pod(overlay, "Deployment", service)[0]["topologySpreadConstraints"]
    assert {each["topologyKey"] for each in spread} == {
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    }
    assert all(each["labelSelector"] == label for each in spread)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Deployment", "{}"), ("Job", "{}-migrate"), ("CronJob", "{}-prune")],
)
def test_it_may_do_no_more_than_it_must(overlay: str, service: str, kind: str, name: str) -> None:
    spec, container = pod(overlay, kind, name.format(service))
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_it_is_reached_only_by_whom_it_must(overlay: str, service: str) -> None:
    policies = of_kind(overlay, "NetworkPolicy")
    everyone = policies["nothing-unless-said"]["spec"]
    assert everyone["podSelector"] == {
        "matchExpressions": [{"key": "thanthien/part", "operator": "Exists"}]
    }
    assert everyone["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & everyone.keys()
    own = policies[service]["spec"]
    assert own["podSelector"] == {"matchLabels": {"thanthien/part": service}}
    assert all(rule["from"] for rule in own["ingress"])
    ports = {port["port"] for rule in own["egress"] for port in rule["ports"]}
    delivering = {8000, 587} if service == "intake" else set()
    assert ports == {5432, 9093, 443} | delivering
    if service == "feedback":
        callers = [
            each["podSelector"]
            for rule in own["ingress"]
            for each in rule["from"]
            if "podSelector" in each
        ]
        assert callers == [{"matchLabels": {"thanthien/part": "intake"}}]


def test_it_is_given_settings_it_knows_and_all_it_needs(overlay: str, service: str) -> None:
    fields = import_module(f"services.{service}.settings").Settings.model_fields
    known = {name.upper() for name in fields}
    required = {name.upper() for name, field in fields.items() if field.is_required()}
    for kind, name in (
        ("Deployment", service),
        ("Job", f"{service}-migrate"),
        ("CronJob", f"{service}-prune"),
    ):
        given = settings_of(overlay, pod(overlay, kind, name)[1])
        assert given.keys() - ONLY_FOR_OTHERS <= known
        assert required <= given.keys()
        assert given["ENVIRONMENT"] == "production"
    assert {"OIDC_ISSUER", "OIDC_JWKS", "KAFKA_USERNAME", "KAFKA_PASSWORD"} <= settings_of(
        overlay, pod(overlay, "Deployment", service)[1]
    ).keys()


DELIVERY = ("DELIVERY_", "NOTICES_", "SMTP_", "WEBHOOK_")


def test_intake_is_told_how_notices_are_delivered(overlay: str, service: str) -> None:
    if service != "intake":
        return
    spec, container = pod(overlay, "Deployment", "intake")
    given = settings_of(overlay, container)
    fields = import_module("services.intake.settings").Settings.model_fields
    known = {name.upper() for name in fields if name.upper().startswith(DELIVERY)}
    # A pod's files go with it: an outbox of files is for one host.
    assert known - given.keys() == {"DELIVERY_DIRECTORY"}
    mounted = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    (secret,) = (each["secret"] for each in spec["volumes"] if each["name"] == "delivery")
    assert secret == {"secretName": "intake-delivery", "optional": True}
    for name in ("NOTICES_TOKEN_FILE", "WEBHOOK_SECRET_FILE"):
        assert given[name].startswith(f"{mounted['delivery']}/")
    assert given["SMTP_PASSWORD_FILE"] == "", "nobody signs in unless an overlay says so"
    ports = {port["port"] for rule in egress(overlay, "intake") for port in rule["ports"]}
    assert int(given["SMTP_PORT"]) in ports


def egress(overlay: str, service: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = of_kind(overlay, "NetworkPolicy")[service]["spec"]["egress"]
    return found


def test_feedback_looks_for_units_words_where_they_are_mounted(overlay: str, service: str) -> None:
    if service != "feedback":
        return
    _, container = pod(overlay, "Deployment", "feedback")
    mounted = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert settings_of(overlay, container)["NOTICE_TEXTS"] == mounted["notice-texts"]


def test_its_schema_is_brought_up_to_date_before_it_is_rolled_out(
    overlay: str, service: str
) -> None:
    job = of_kind(overlay, "Job")[f"{service}-migrate"]
    assert job["metadata"]["labels"]["thanthien/stage"] == "migrate"
    container = pod(overlay, "Job", f"{service}-migrate")[1]
    assert container["args"] == [f"services.{service}", "migrate"]
    deployment = of_kind(overlay, "Deployment")[service]
    assert deployment["metadata"]["labels"]["thanthien/stage"] == "rollout"


def test_it_is_pruned_every_night_by_one_job_at_a_time(overlay: str, service: str) -> None:
    spec = of_kind(overlay, "CronJob")[f"{service}-prune"]["spec"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", spec["schedule"])
    assert spec["concurrencyPolicy"] == "Forbid"
    container = pod(overlay, "CronJob", f"{service}-prune")[1]
    assert container["args"] == [f"services.{service}", "prune", "--json"]
    labels = spec["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    assert labels["thanthien/needs"] == "database"  # the policy that lets it reach the database


def test_it_is_scaled_by_lag_and_never_past_its_partitions(overlay: str, service: str) -> None:
    assert "replicas" not in of_kind(overlay, "Deployment")[service]["spec"]
    spec = of_kind(overlay, "ScaledObject")[service]["spec"]
    assert spec["scaleTargetRef"] == {"name": service}
    assert 1 <= spec["minReplicaCount"] <= spec["maxReplicaCount"] <= 12
    hears = import_module(f"services.{service}.entrypoints.subscribers").TOPICS
    lagging = [each["metadata"] for each in spec["triggers"] if each["type"] == "kafka"]
    assert {each["topic"] for each in lagging} == {
        topic for topic in hears if of_kind(overlay, "KafkaTopic")[topic]["spec"]["partitions"] > 1
    }
    assert all(each["consumerGroup"] == service for each in lagging)


def test_no_secret_is_in_the_files(overlay: str, service: str) -> None:
    assert "Secret" not in {each["kind"] for each in rendered(overlay)}
    for name, value in settings_of(overlay, pod(overlay, "Deployment", service)[1]).items():
        if name.endswith("_FILE"):
            assert value == "" or value.startswith("/etc/"), "where a Secret is mounted"
        elif "PASSWORD" in name or "KEYS" in name:
            assert "secretKeyRef" in value["valueFrom"]


def test_every_object_belongs_to_a_stage(overlay: str, service: str) -> None:
    stages = {each["metadata"]["labels"].get("thanthien/stage") for each in rendered(overlay)}
    assert stages == {"parts", "migrate", "rollout"}
