"""What can be known of docker-compose.yml and its parts without an engine."""

import os
import re
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from pydantic import ValidationError

from deploy.local.apache import kafka_version
from deploy.local.children import CHECKOUT
from deploy.local.postgres import ADMINISTRATOR, ROLES, ROLES_SQL, SERVICES, Postgres, create_empty
from deploy.local.reach import reachable_programs
from services.intake.settings import Settings

COMPOSE = CHECKOUT / "docker-compose.yml"
DOCKERFILE = CHECKOUT / "deploy" / "docker" / "Dockerfile"
COMPOSED: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
PARTS: dict[str, Any] = COMPOSED["services"]
JOBS = {name for name, part in PARTS.items() if part["restart"] == "on-failure"}
WITHOUT_A_SHELL = {"collector", "tempo"}
"""Their images hold one program, which does not ask after its own health."""
OF_OUR_IMAGE = {name: part for name, part in PARTS.items() if part["image"] == "thanthien"}


def test_every_variable_asked_for_has_an_example() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", COMPOSE.read_text()))
    assert asked
    given = set(re.findall(r"^(\w+)=.+$", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    assert asked <= given


TRACES = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER_ARG"}
"""OpenTelemetry's own names, for whatever part of a service sends traces."""


@pytest.mark.parametrize("service", SERVICES)
def test_services_are_given_settings_they_know(service: str) -> None:
    # Each service has settings of its own besides those of all.
    settings = import_module(f"services.{service}.settings").Settings
    known = {name.upper() for name in settings.model_fields}
    required = {
        name.upper() for name, field in settings.model_fields.items() if field.is_required()
    }
    given = set(PARTS[service]["environment"])
    assert given <= known | TRACES
    assert required <= given
    assert PARTS[service]["environment"]["ENVIRONMENT"] == "production"
    assert PARTS[f"{service}-migrate"]["environment"] == PARTS[service]["environment"]


DELIVERY = {
    name.upper()
    for name in Settings.model_fields
    if name.startswith(("delivery_", "notices_", "smtp_", "webhook_"))
}


def test_every_setting_of_delivery_is_passed_on_and_stands_in_the_example() -> None:
    given = PARTS["intake"]["environment"]
    assert len(DELIVERY) == 12
    assert given.keys() >= DELIVERY
    named = set(re.findall(r"^(\w+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    assert named >= DELIVERY - {"NOTICES_URL"}, "the one that is always the same here"


def with_values(value: str, said: dict[str, str]) -> str:
    """A value of the compose file as Docker Compose writes it, for the forms used there."""

    def fill(found: re.Match[str]) -> str:
        name, sign, other = found.groups()
        if sign == ":+":
            return other if said.get(name) else ""
        return said.get(name) or other

    return re.sub(r"\$\{(\w+)(?:(:[-+?])([^}]*))?\}", fill, value)


def intake_settings(**said: str) -> Settings:
    environment = {
        name.lower(): with_values(str(value), {"INTAKE_PASSWORD": "x", **said})
        for name, value in PARTS["intake"]["environment"].items()
        if name.startswith(("DATABASE", "KAFKA")) or name in DELIVERY
    }
    return Settings.model_validate(environment)


@pytest.mark.parametrize(
    ("channel", "more", "missing"),
    [
        ("", {}, set()),
        ("file", {}, set()),
        ("smtp", {"SMTP_HOST": "mail", "SMTP_FROM": "a@b.vn"}, set()),
        ("smtp", {}, {"smtp_host", "smtp_from"}),
        ("webhook", {"WEBHOOK_URL": "https://gateway.example"}, set()),
        ("webhook", {}, {"webhook_url"}),
    ],
)
def test_each_channel_starts_with_what_it_needs_and_says_what_it_lacks(
    channel: str, more: dict[str, str], missing: set[str]
) -> None:
    if missing:
        with pytest.raises(ValidationError) as refused:
            intake_settings(DELIVERY_CHANNEL=channel, **more)
        assert {fault["loc"][0] for fault in refused.value.errors()} == missing
    else:
        settings = intake_settings(DELIVERY_CHANNEL=channel, **more)
        assert settings.delivery_channel == channel
        assert settings.smtp_password_file is None, "nobody signs in unless a file is named"


def test_delivery_has_its_secrets_from_files_of_the_host_and_none_in_the_environment() -> None:
    part = PARTS["intake"]
    assert {f"/run/secrets/{name}" for name in part["secrets"]} == {
        with_values(str(part["environment"][name]), {name: "x"})
        for name in ("NOTICES_TOKEN_FILE", "SMTP_PASSWORD_FILE", "WEBHOOK_SECRET_FILE")
    }
    assert COMPOSED["secrets"].keys() == set(part["secrets"])
    (outbox,) = part["volumes"]
    assert outbox.endswith(f":{part['environment']['DELIVERY_DIRECTORY']}")


def test_a_towns_words_are_mounted_where_feedback_looks_for_them() -> None:
    part = PARTS["feedback"]
    (mount,) = part["volumes"]
    asked = part["environment"]["NOTICE_TEXTS"]
    assert with_values(asked, {}) == ""
    assert with_values(mount, {}).startswith("/dev/null:")
    said = {"FEEDBACK_NOTICE_TEXTS": "/srv/texts"}
    assert with_values(mount, said) == f"/srv/texts:{with_values(asked, said)}:ro"


@pytest.mark.parametrize("service", SERVICES)
def test_services_wait_for_their_topics_and_migrations(service: str) -> None:
    done = {"condition": "service_completed_successfully"}
    assert PARTS[service]["depends_on"] == {
        "kafka": {"condition": "service_healthy"},
        "topics": done,
        f"{service}-migrate": done,
    }
    assert PARTS[service]["command"] == [f"services.{service}", "serve"]


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_bounded_and_comes_back(name: str) -> None:
    part = PARTS[name]
    assert "mem_limit" in part
    assert part["restart"] in ("on-failure", "unless-stopped")
    assert name in JOBS | WITHOUT_A_SHELL or "healthcheck" in part


def test_jobs_are_what_ends_by_itself() -> None:
    migrations = {f"{service}-migrate" for service in SERVICES}
    assert {"topics", "tempo-volume", *migrations} == JOBS


@pytest.mark.parametrize("name", OF_OUR_IMAGE)
def test_our_containers_may_do_no_more_than_they_must(name: str) -> None:
    part = OF_OUR_IMAGE[name]
    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]


def test_what_holds_data_is_reached_from_inside_only() -> None:
    assert COMPOSED["networks"]["inside"] == {"internal": True}
    for name in ("kafka", "postgres"):
        assert PARTS[name]["networks"] == ["inside"]
        assert "ports" not in PARTS[name]


def test_compose_runs_the_kafka_that_we_test() -> None:
    assert PARTS["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


def test_the_image_copies_what_is_there_and_runs_as_nobody_in_particular() -> None:
    dockerfile = DOCKERFILE.read_text()
    ignored = (CHECKOUT / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (\S+) \S+$", dockerfile, re.MULTILINE)
    assert copied == ["requirements/run.txt", "shared", "services", "deploy"]
    for source in copied:
        assert (CHECKOUT / source).exists()
        assert f"!{source}" in ignored
    assert re.search(r"^USER 10001:10001$", dockerfile, re.MULTILINE)


def test_mounted_files_are_there() -> None:
    mounts = [mount.split(":")[0] for part in PARTS.values() for mount in part.get("volumes", ())]
    files = [CHECKOUT / mount for mount in mounts if mount.startswith("./")]
    assert len(files) == 10
    assert all(file.exists() for file in files)
    named = {mount for mount in mounts if not mount.startswith(("./", "${"))}
    assert named == set(COMPOSED["volumes"])


def run_the_scripts_as_the_image_does(server: Postgres, passwords: dict[str, str]) -> None:
    programs = reachable_programs()
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGPASSWORD": server.dsn("", ADMINISTRATOR).split(":")[2].split("@")[0],
        "POSTGRES_USER": ADMINISTRATOR,
        "POSTGRES_DB": "thanthien",
        **{f"{role.upper()}_PASSWORD": password for role, password in passwords.items()},
    }
    login = ["-v", "ON_ERROR_STOP=1", "-U", ADMINISTRATOR, "-d", "thanthien"]
    roles: list[str | Path] = [programs / "psql", *login, "-f", ROLES_SQL]
    subprocess.run(roles, env=environment, check=True, capture_output=True)
    script = ROLES_SQL.with_name("passwords.sh")
    subprocess.run([script], env=environment, check=True, capture_output=True)


async def test_the_database_scripts_give_each_role_its_password(open_directory: Path) -> None:
    passwords = {role: f"it's {role}" for role in ROLES}
    with Postgres(open_directory / "compose", is_durable=False) as server:
        await create_empty(server.admin_dsn, "thanthien")
        run_the_scripts_as_the_image_does(server, passwords)
        for role, password in passwords.items():
            connection = await asyncpg.connect(
                host="127.0.0.1",
                port=server.port,
                user=role,
                password=password,
                database="thanthien",
            )
            assert await connection.fetchval("SELECT current_user") == role
            await connection.close()
