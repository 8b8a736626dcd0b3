"""The compose file's two profiles, and that what operators look at is set up to find one another."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.children import CHECKOUT
from deploy.local.postgres import SERVICES
from deploy.local.tests.test_compose import COMPOSE, PARTS
from deploy.monitoring.__main__ import FOLDER
from deploy.monitoring.dashboards.overview import OVERVIEW

MONITORING = CHECKOUT / "deploy" / "monitoring"
PROFILES = {
    profile: {name for name, part in PARTS.items() if part["profiles"] == [profile]}
    for profile in ("core", "monitoring")
}
UP = ["docker", "compose"]


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((MONITORING / name).read_text())
    return found


def test_every_part_is_in_one_of_two_profiles() -> None:
    assert PROFILES["core"] | PROFILES["monitoring"] == set(PARTS)
    assert {"postgres", "kafka", *SERVICES} <= PROFILES["core"]
    looking_on = {"prometheus", "alertmanager", "grafana", "collector", "tempo", "tempo-volume"}
    assert PROFILES["monitoring"] == looking_on
    assert "COMPOSE_PROFILES=core,monitoring" in (CHECKOUT / ".env.example").read_text()


def test_neither_profile_waits_for_the_other() -> None:
    for profile, names in PROFILES.items():
        for name in names:
            assert set(PARTS[name].get("depends_on", ())) <= names, (profile, name)


def test_images_of_others_are_pinned() -> None:
    for part in PARTS.values():
        assert part["image"] == "thanthien" or re.search(r":v?\d+(\.\d+)*$", part["image"])


@pytest.mark.parametrize("name", sorted(PROFILES["monitoring"]))
def test_who_looks_on_may_do_no_more_than_it_must(name: str) -> None:
    part = PARTS[name]
    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]
    assert all(port.startswith("${BIND:-127.0.0.1}:") for port in part.get("ports", ()))


def test_prometheus_scrapes_every_replica_of_every_service() -> None:
    looked_up = {
        job["job_name"]: job["dns_sd_configs"][0]
        for job in read("prometheus.yml")["scrape_configs"]
        if "dns_sd_configs" in job
    }
    assert set(looked_up) == set(SERVICES)
    for service, found in looked_up.items():
        assert found["names"] == [service]
        assert PARTS[service]["ports"][0].endswith(f":{found['port']}")


def test_addresses_lead_to_parts_that_listen_there() -> None:
    """By the files of whoever speaks and of whoever listens."""
    prometheus = read("prometheus.yml")
    collector, tempo = read("collector.yaml"), read("tempo.yaml")
    [alertmanager] = prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    sources = {one["uid"]: one["url"] for one in read("grafana/datasources.yaml")["datasources"]}
    takes_traces = tempo["distributor"]["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"]
    example = (CHECKOUT / ".env.example").read_text()
    [traces] = re.findall(r"^OTEL_EXPORTER_OTLP_ENDPOINT=http://(.+)$", example, re.MULTILINE)
    listening = collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"]

    assert alertmanager == "alertmanager:9093"
    assert PARTS["alertmanager"]["ports"][0].endswith(":9093")
    assert sources["prometheus"] == "http://prometheus:9090"
    assert PARTS["prometheus"]["ports"][0].endswith(":9090")
    assert sources["tempo"] == f"http://tempo:{tempo['server']['http_listen_port']}"
    assert traces == listening.replace("0.0.0.0", "collector")
    assert collector["exporters"]["otlp_grpc"]["endpoint"] == takes_traces.replace(
        "0.0.0.0", "tempo"
    )
    for name in ("prometheus", "alertmanager", "grafana", "collector", "tempo", *SERVICES):
        assert "inside" in PARTS[name]["networks"]


def test_the_collector_uses_what_it_sets_up() -> None:
    collector = read("collector.yaml")
    pipeline = collector["service"]["pipelines"]["traces"]
    for kind in ("receivers", "processors", "exporters"):
        assert pipeline[kind] == list(collector[kind])


def test_data_and_settings_lie_where_they_are_mounted() -> None:
    def mounted(name: str) -> set[str]:
        return {mount.split(":")[1] for mount in PARTS[name]["volumes"]}

    [provider] = read("grafana/dashboards.yaml")["providers"]
    home = PARTS["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert provider["options"]["path"] in mounted("grafana")
    assert home == f"{provider['options']['path']}/{OVERVIEW.uid}.json"
    assert (FOLDER / Path(home).name).exists()
    trace = read("tempo.yaml")["storage"]["trace"]
    for place in (trace["wal"]["path"], trace["local"]["path"]):
        assert place.startswith("/var/tempo/")
    assert "/var/tempo" in mounted("tempo") & mounted("tempo-volume")
    [rules] = read("prometheus.yml")["rule_files"]
    assert f"/etc/prometheus/{rules}" in mounted("prometheus")
    assert "--storage.tsdb.path=/prometheus" in PARTS["prometheus"]["command"]


def test_alertmanager_tells_everybody_and_each_severity_has_its_way() -> None:
    alertmanager = read("alertmanager.yml")
    receivers = {one["name"] for one in alertmanager["receivers"]}
    routes = [alertmanager["route"], *alertmanager["route"]["routes"]]
    assert {route["receiver"] for route in routes} == receivers
    alerts = {rule["alert"]: rule for rule in read("rules.yaml")["groups"][0]["rules"]}
    assert {rule["labels"]["severity"] for rule in alerts.values()} == {"page", "ticket"}
    text = (MONITORING / "alertmanager.yml").read_text()
    assert set(re.findall(r'alertname="(\w+)"', text)) <= set(alerts)
    for receiver in alertmanager["receivers"]:
        [webhook] = receiver["webhook_configs"]
        assert webhook["url_file"] in PARTS["alertmanager"]["command"][0]


def _compose() -> list[str] | None:
    """The real thing, where there is one; it needs no engine to read a file."""
    if (
        shutil.which("docker")
        and not subprocess.run([*UP, "version"], capture_output=True).returncode
    ):
        return UP
    found = shutil.which("docker-compose")
    return [found] if found else None


@pytest.mark.skipif(_compose() is None, reason="docker compose is missing")
@pytest.mark.parametrize("profile", PROFILES)
def test_compose_itself_reads_it(profile: str) -> None:
    command = _compose()
    assert command is not None
    example = ["--env-file", str(CHECKOUT / ".env.example"), "-f", str(COMPOSE)]
    done = subprocess.run(
        [*command, *example, "--profile", profile, "config", "--services"],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "COMPOSE_PROFILES": ""},
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == PROFILES[profile]
