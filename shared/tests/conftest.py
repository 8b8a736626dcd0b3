"""A small service to try the plumbing with: it writes down what it heard, in order."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from deploy.local.brokers import Broker, choose_broker
from deploy.local.postgres import Database
from deploy.local.topics import create_topics
from shared.clock import VirtualClock
from shared.events.dossiers import DossierReturned, DossierWithdrawn
from shared.events.envelope import Envelope
from shared.hearing import Hearing
from shared.letters import Letter, Opener
from shared.messages import Heard, Refusal
from shared.postgres import PLUMBING, migrate, open_pool
from shared.settings import ServiceSettings
from shared.telemetry import HearingMetrics

NOW = datetime(2026, 8, 21, 8, 0, tzinfo=UTC)
SOURCE = "thanthien/intake/dossiers"


@dataclass
class Listener:
    """A service whose only effect is a line per event. `refuse` and `fail` name sequences to balk at."""

    pool: asyncpg.Pool
    refuse: set[tuple[str, int]] = field(default_factory=set)
    wait_for: dict[tuple[str, int], str] = field(default_factory=dict)
    fail: set[tuple[str, int]] = field(default_factory=set)
    faults: list[Exception] = field(default_factory=list)

    async def apply(self, connection: asyncpg.Connection, heard: Sequence[Heard]) -> list[Refusal]:
        if self.faults:
            raise self.faults.pop(0)
        refusals: dict[str, Refusal] = {}
        for one in heard:
            place = (one.envelope.subject, one.envelope.sequence or 0)
            if place in self.fail:
                raise ArithmeticError(f"a bug met {place}")
            if one.envelope.subject in refusals:
                continue
            if place in self.refuse or place in self.wait_for:
                refusals[one.envelope.subject] = Refusal(one, "it balks", self.wait_for.get(place))
                continue
            await connection.execute(
                "insert into effects (subject, sequence, id) values ($1, $2, $3)",
                one.envelope.subject,
                one.envelope.sequence,
                one.envelope.id,
            )
        return list(refusals.values())

    async def effects(self, subject: str) -> list[int | None]:
        rows = await self.pool.fetch(
            "select sequence from effects where subject = $1 order by place", subject
        )
        return [row["sequence"] for row in rows]

    async def held(self, subject: str) -> list[tuple[int | None, str]]:
        rows = await self.pool.fetch(
            """select sequence, cause from set_aside where subject = $1
               order by sequence, id""",
            subject,
        )
        return [(row["sequence"], row["cause"]) for row in rows]


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    await migrate(database.dsn("deadline"), [PLUMBING])
    opened = await open_pool(database.dsn("deadline"), size=6)
    await opened.execute(
        """create table effects (
               place bigint generated always as identity, subject text, sequence bigint, id text)"""
    )
    yield opened
    await opened.close()


@pytest.fixture
def listener(pool: asyncpg.Pool) -> Listener:
    return Listener(pool)


@pytest.fixture
def hearing(pool: asyncpg.Pool, listener: Listener) -> Hearing:
    return Hearing(
        pool, Opener([DossierReturned]), listener.apply, VirtualClock(NOW), HearingMetrics()
    )


@pytest.fixture
def letter(hearing: Hearing) -> Callable[..., Letter]:
    """`letter("H10", 3)`: the third event of a dossier, as it would come from Kafka."""
    offsets: dict[str, int] = {}

    def make(
        subject: str,
        sequence: int | None,
        *,
        type_: str = DossierReturned.TYPE,
        value: bytes | None = None,
        source: str = SOURCE,
        topic: str = DossierReturned.TOPIC,
        event_id: str | None = None,
    ) -> Letter:
        offsets[topic] = offsets.get(topic, -1) + 1
        model = DossierWithdrawn if type_ == DossierWithdrawn.TYPE else DossierReturned
        instant = "withdrawn_at" if model is DossierWithdrawn else "returned_at"
        body = model(dossier=subject, agency="H10.01", status=10, **{instant: NOW})
        envelope = Envelope(
            event_id or f"{subject}/{sequence}", source, type_, subject, NOW, sequence
        )
        raw = body.model_dump_json().encode() if value is None else value
        return hearing.opener.open(
            topic, 0, offsets[topic], subject.encode(), envelope.to_headers(), raw
        )

    return make


@pytest.fixture
def empty_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of the test's own, without topics."""
    broker: Broker = choose_broker(tmp_path)
    broker.begin()
    broker.wait_until_ready()
    yield broker
    broker.stop()


@pytest.fixture
async def settings(
    database_of: Callable[..., Awaitable[Database]], empty_broker: Broker
) -> ServiceSettings:
    """A deadline service's, everything as it should be."""
    await create_topics(empty_broker.bootstrap_servers, with_local=False)
    database = await database_of("deadline")
    return ServiceSettings(
        database_url=database.dsn("deadline"),
        kafka_bootstrap_servers=empty_broker.bootstrap_servers,
    )
