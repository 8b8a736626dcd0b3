"""What every service is told by its environment; a wrong value stops the start with its name."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.sign_in import SignIn

_SERVER = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}")
_DATABASE = re.compile(r"postgres(?:ql)?://[^@/\s]+@[^/\s]+/[^/\s]+")
_PASSWORD = re.compile(r"(?<=:)[^:@/]*(?=@)")


def _servers(text: str) -> str:
    if not all(_SERVER.fullmatch(one.strip()) for one in text.split(",")):
        raise ValueError("HOST:PORT is asked, several with commas between")
    return text


def _database(text: str) -> str:
    if not _DATABASE.fullmatch(text):
        raise ValueError("postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE is asked")
    return text


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^/\s]+(?:/\S*)?", text):
        raise ValueError("http://… or https://… is asked")
    return text


def _web_address_or_none(text: str) -> str:
    return _web_address(text) if text else text


class ServiceSettings(BaseSettings):
    """Environment variables of the same names in upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: Annotated[str, AfterValidator(_database)] = Field(
        examples=["postgresql://deadline:…@127.0.0.1:5432/thanthien"]
    )
    kafka_bootstrap_servers: Annotated[str, AfterValidator(_servers)] = Field(
        examples=["127.0.0.1:9092"]
    )
    kafka_username: str = ""
    """Signs in with SCRAM-SHA-512 over TLS; empty: plaintext, for a closed network."""
    kafka_password: SecretStr = SecretStr("")
    kafka_ca_file: str = ""
    """A file with the authorities that vouch for the brokers; empty: the system's."""
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=0, le=65_535)
    clock: Literal["system", "virtual"] = "system"
    environment: Literal["local", "production"] = "production"
    oidc_issuer: str = ""
    oidc_audience: str = "thanthien"
    oidc_jwks: str = ""
    """A URL or a file with the issuer's public keys."""
    instance_id: str = ""
    """Names this replica to Kafka, so that a restart does not rebalance; empty: unnamed."""
    kafka_session_timeout_ms: int = Field(default=10_000, ge=1_000, le=300_000)
    """How long a silent member keeps its partitions: the wait before another takes them over."""
    kafka_fetch_max_wait_ms: int = Field(default=500, ge=1, le=10_000)
    """How long Kafka may keep an empty fetch. A broker that wakes it at once can keep it long."""
    kafka_replicas: int = Field(default=1, ge=1, le=9)
    """How many replicas every topic must have; readiness and doctor say which has fewer."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    public_base_url: Annotated[str, AfterValidator(_web_address)] = Field(
        default="http://127.0.0.1:8000", examples=["https://friendly.town.example"]
    )
    """Where citizens reach the service: the beginning of every link it gives them."""
    public_requests_per_minute: int = Field(default=120, ge=0, le=1_000_000)
    """What one address may ask without a token, in each process; 0: as much as it likes."""
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    """How many proxies of ours append to X-Forwarded-For; 0: the header is not believed."""
    otel_exporter_otlp_endpoint: Annotated[str, AfterValidator(_web_address_or_none)] = Field(
        default="", examples=["http://collector:4318"]
    )
    """The collector that takes traces by OTLP over HTTP; empty: none are kept."""
    otel_sdk_disabled: bool = False
    """OpenTelemetry's own switch: no traces, collector or not."""
    otel_traces_sampler: Literal["parentbased_traceidratio"] = "parentbased_traceidratio"
    """The only one there is, so that all services keep the same traces: the caller's choice, else by id."""
    otel_traces_sampler_arg: float = Field(default=0.01, ge=0, le=1)
    """The share of new traces that is kept."""
    pool_size: int = Field(default=10, ge=2, le=200)

    @model_validator(mode="after")
    def _names_have_passwords(self) -> Self:
        if self.kafka_username and not self.kafka_password.get_secret_value():
            raise ValueError("KAFKA_USERNAME is given, so KAFKA_PASSWORD is asked as well")
        return self

    @property
    def keeps_traces(self) -> bool:
        """Whether there is a collector to send them to; a replay's would tell of no time that passed."""
        has_collector = bool(self.otel_exporter_otlp_endpoint) and not self.otel_sdk_disabled
        return has_collector and self.clock == "system"

    @property
    def kafka_sign_in(self) -> SignIn:
        """Who we are to Kafka."""
        password = self.kafka_password.get_secret_value()
        return SignIn(self.kafka_username, password, self.kafka_ca_file)


def settings_in_words(error: ValidationError, asked: type[BaseSettings]) -> str:
    """The faults of the settings, a line each: name, rule, the value given, and an example.

    A password within an address is left out.
    """
    return "\n".join(_in_words(dict(fault), asked) for fault in error.errors(include_url=False))


def _in_words(fault: dict[str, Any], asked: type[BaseSettings]) -> str:
    rule = str(fault["msg"]).removeprefix("Value error, ")
    if not fault["loc"]:
        return rule  # it names its settings itself
    name = str(fault["loc"][0])
    given = "" if fault["type"] == "missing" else f" (given: {_shown(fault['input'])!r})"
    return f"{name.upper()}: {rule}{given}; for example {name.upper()}={_example(name, asked)}"


def _shown(value: object) -> object:
    return _PASSWORD.sub("…", value) if isinstance(value, str) else value


def _example(name: str, asked: type[BaseSettings]) -> Any:
    field = asked.model_fields[name]
    return field.examples[0] if field.examples else field.default
