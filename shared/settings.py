"""What every service is told by its environment; a wrong value stops the start with its name."""

from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Environment variables of the same names in upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: str = Field(examples=["postgresql://deadline:…@127.0.0.1:5432/thanthien"])
    kafka_bootstrap_servers: str = Field(examples=["127.0.0.1:9092"])
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
    public_base_url: str = "http://127.0.0.1:8000"
    """Where citizens reach the service: the beginning of every link it gives them."""
    public_requests_per_minute: int = Field(default=120, ge=0, le=1_000_000)
    """What one address may ask without a token, in each process; 0: as much as it likes."""
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    """How many proxies of ours append to X-Forwarded-For; 0: the header is not believed."""
    pool_size: int = Field(default=10, ge=2, le=200)


def settings_in_words(error: ValidationError) -> str:
    """The faults of the settings: each variable's name, the value given, and the rule."""
    return "\n".join(
        f"{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
        + (f" (given: {fault['input']!r})" if fault["type"] != "missing" else "")
        for fault in error.errors(include_url=False)
    )
