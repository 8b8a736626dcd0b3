"""The whole examination, in the order in which one thing stands on another."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import asyncpg
from aiokafka.errors import KafkaError

from shared.clock import Clock
from shared.doctor.broker import examine_lag, examine_topics
from shared.doctor.database import (
    examine_clock,
    examine_pruning,
    examine_relay,
    examine_role,
    examine_schema,
)
from shared.doctor.findings import Finding
from shared.postgres import PLUMBING
from shared.settings import ServiceSettings
from shared.topics import TopicError

CALENDAR_AHEAD = timedelta(days=92)
"""A year's holidays and swaps are decreed late in the year before; a quarter is time enough to ask."""

ReadRules = Callable[[], dict[str, date]]
"""Reads a service's rules as its start does, raising what is wrong; the calendars' last days by name."""

CANNOT_CONNECT = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def examine(
    settings: ServiceSettings,
    topics: Sequence[str],
    migrations: Path,
    read_rules: ReadRules,
    clock: Clock,
) -> AsyncIterator[Finding]:
    """Every finding, as it is made. What stands on something that is away is not looked at."""
    with_local = settings.clock == "virtual"
    servers = settings.kafka_bootstrap_servers
    has_topics = False
    try:
        found = await examine_topics(
            servers,
            settings.kafka_replicas,
            with_local=with_local,
            sign_in=settings.kafka_sign_in,
        )
        yield Finding("broker", f"{servers} answers")
        for finding in found:
            yield finding
        has_topics = not any(one.says.endswith("is missing") for one in found)
    except (KafkaError, TopicError, OSError, TimeoutError) as error:
        yield Finding("broker", f"{servers} does not answer: {error!r}"[:300], _MEND_BROKER)
    try:
        connection = await asyncpg.connect(settings.database_url, timeout=10)
    except CANNOT_CONNECT as error:
        yield Finding("database", f"no connection: {error!r}"[:300], _MEND_DATABASE)
    else:
        try:
            yield Finding("database", "it answers")
            async for finding in _examine_database(connection, migrations, clock):
                yield finding
            if has_topics and await _has_tables(connection):
                for finding in await examine_lag(
                    servers, connection, topics, settings.kafka_sign_in
                ):
                    yield finding
        finally:
            await connection.close()
    for finding in examine_rules(read_rules, clock):
        yield finding


_MEND_BROKER = "check KAFKA_BOOTSTRAP_SERVERS, then the broker and the network between"
_MEND_DATABASE = "check DATABASE_URL (host, port, role, password), then the server"


async def _examine_database(
    connection: asyncpg.Connection, migrations: Path, clock: Clock
) -> AsyncIterator[Finding]:
    for finding in await examine_schema(connection, [PLUMBING, migrations]):
        yield finding
    for finding in await examine_role(connection):
        yield finding
    yield await examine_clock(connection, clock)
    if await _has_tables(connection):
        for finding in await examine_relay(connection, clock):
            yield finding
        if await connection.fetchval("select to_regclass('endings')") is not None:
            yield await examine_pruning(connection)


async def _has_tables(connection: asyncpg.Connection) -> bool:
    """Without the plumbing's migration there is no outbox to look at."""
    return await connection.fetchval("select to_regclass('outbox')") is not None


def examine_rules(read_rules: ReadRules, clock: Clock) -> list[Finding]:
    """Whether the rules can be read, and the calendars reach far enough ahead."""
    try:
        last_days = read_rules()
    except (ValueError, OSError) as error:
        return [
            Finding("rules", f"they cannot be read: {error}", "mend the file and field it names")
        ]
    needed = clock.now().date() + CALENDAR_AHEAD
    ends = {name: on for name, on in last_days.items() if on < needed}
    found = [
        Finding(
            "rules",
            f"calendar {name} ends on {on}",
            "raise years.last in its file, and list the year's swaps",
        )
        for name, on in ends.items()
    ]
    return found or [
        Finding(
            "rules", "they can be read" + (", and calendars reach far enough" if last_days else "")
        )
    ]
