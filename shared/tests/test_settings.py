"""A wrong setting stops the start with its name, the value given and an example."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module

import pytest
import typer

from deploy.local.postgres import SERVICES
from shared.commands import settings_or_exit

GOOD = {
    "DATABASE_URL": "postgresql://x:y@127.0.0.1:5432/thanthien",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
}
WRONG = {
    "HTTP_PORT": ("70000", "HTTP_PORT=8000"),
    "CLOCK": ("sundial", "CLOCK=system"),
    "LOG_LEVEL": ("LOUD", "LOG_LEVEL=INFO"),
    "KAFKA_BOOTSTRAP_SERVERS": ("kafka", "KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9092"),
    "PUBLIC_BASE_URL": ("town.example", "PUBLIC_BASE_URL=https://"),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("collector", "OTEL_EXPORTER_OTLP_ENDPOINT=http://"),
    "OTEL_TRACES_SAMPLER": ("always_on", "OTEL_TRACES_SAMPLER=parentbased_traceidratio"),
    "OTEL_TRACES_SAMPLER_ARG": ("1.5", "OTEL_TRACES_SAMPLER_ARG=0.01"),
    "POOL_SIZE": ("many", "POOL_SIZE=10"),
}


Told = Callable[[str, dict[str, str]], str]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """What a service with this environment says as it refuses to start."""

    def refuse(service: str, environment: dict[str, str]) -> str:
        for name in os.environ:
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings = import_module(f"services.{service}.settings").Settings
        with pytest.raises(typer.Exit) as ended:
            settings_or_exit(service, settings)
        assert ended.value.exit_code == 2
        return capsys.readouterr().err

    return refuse


@pytest.mark.parametrize("service", SERVICES)
def test_every_wrong_setting_is_named_with_its_value_and_an_example(
    told: Told, service: str
) -> None:
    said = told(service, {**GOOD, **{name: wrong for name, (wrong, _) in WRONG.items()}})
    lines = {line.split(":")[0]: line for line in said.splitlines()}
    for name, (wrong, example) in WRONG.items():
        assert wrong in lines[name]
        assert example in lines[name]


def test_what_is_missing_is_named_with_an_example(told: Told) -> None:
    said = told("intake", {})
    assert "DATABASE_URL: Field required; for example DATABASE_URL=postgresql://" in said
    assert "KAFKA_BOOTSTRAP_SERVERS: Field required" in said


def test_a_password_in_a_wrong_address_is_not_shown(told: Told) -> None:
    said = told("intake", {**GOOD, "DATABASE_URL": "mysql://intake:s3cret@db:5432/thanthien"})
    assert "mysql://intake:…@db:5432" in said
    assert "s3cret" not in said


def test_who_signs_in_to_kafka_needs_a_password(told: Told) -> None:
    assert "KAFKA_PASSWORD" in told("deadline", {**GOOD, "KAFKA_USERNAME": "deadline"})


def start(service: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", f"services.{service}", "serve"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_production_start_without_an_issuer_says_which_setting() -> None:
    ended = start("deadline", {**GOOD, "HTTP_PORT": "0"})
    assert ended.returncode != 0
    assert "OIDC_ISSUER" in ended.stderr + ended.stdout


def test_keys_that_are_no_keys_stop_the_start_with_their_setting_and_without_the_key() -> None:
    ended = start("feedback", {**GOOD, "IDENTITY_KEYS": "k1:abc"})
    assert ended.returncode != 0
    assert "IDENTITY_KEYS" in ended.stderr + ended.stdout
    assert "k1:abc" not in ended.stderr + ended.stdout
