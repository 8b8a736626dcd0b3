"""A real service as a process, and a look into its database."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import MappingProxyType

import asyncpg

from bench.parts import Parts
from deploy.local.issuer import AUDIENCE, LocalIssuer
from deploy.local.postgres import Database
from deploy.local.replicas import Replica
from shared.identity import LOCAL_ISSUER


def deadline_service(
    parts: Parts,
    database: Database,
    number: int = 0,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AbstractAsyncContextManager[Replica]:
    """The deadline service, its process of this number, as the stack starts it."""
    return service("deadline", parts, database, number, environment)


@asynccontextmanager
async def service(
    name: str,
    parts: Parts,
    database: Database,
    number: int = 0,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Replica]:
    """A service, its process of this number, as the stack starts it."""
    issuer = LocalIssuer(parts.directory / "issuer")
    replica = Replica(
        name,
        number,
        f"services.{name}",
        parts.directory / "logs",
        {
            "DATABASE_URL": database.dsn(name),
            "KAFKA_BOOTSTRAP_SERVERS": parts.kafka,
            "ENVIRONMENT": "local",
            "OIDC_ISSUER": LOCAL_ISSUER,
            "OIDC_AUDIENCE": AUDIENCE,
            "OIDC_JWKS": str(issuer.jwks),
            # Everything comes from one address here: the gate would count it as one citizen.
            "PUBLIC_REQUESTS_PER_MINUTE": "0",
            **parts.broker.service_environment,
            **environment,
        },
    )
    replica.begin()
    try:
        yield replica
    finally:
        await replica.stop()


@asynccontextmanager
async def connection_to(
    database: Database, role: str = "deadline"
) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.dsn(role))
    try:
        yield connection
    finally:
        await connection.close()
