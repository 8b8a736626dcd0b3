"""Deadline, wired: the only module that knows its settings and all its parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.deadline.adapters.directories import Memory, PostgresDirectories
from services.deadline.adapters.rule_book import read_rule_book
from services.deadline.entrypoints.http import routes
from services.deadline.entrypoints.subscribers import EVENTS, TOPICS, apply_with
from services.deadline.entrypoints.timer import CHANNEL, Timer
from services.deadline.settings import Settings
from shared import process
from shared.hearing import Hearing
from shared.postgres import transaction
from shared.process import Parts

NAME = "deadline"
MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: Settings) -> FastAPI:
    """The whole service."""
    parts = Parts(NAME, settings)
    memory = Memory(read_rule_book())

    async def start(parts: Parts) -> None:
        await _remember(parts, memory)
        timer = Timer(parts.pool, parts.clock, memory)
        parts.run_beside("timer", timer.run)
        parts.listen(CHANNEL, timer.wake)
        await process.speak_and_hear(parts, TOPICS, EVENTS, apply_with(parts.clock, memory))

    app = process.new_app(parts, "Thân Thiện: deadline", start)
    app.include_router(routes(lambda: parts.pool, parts.clock, memory))
    return app


async def _remember(parts: Parts, memory: Memory) -> None:
    # Better now than at each event: a calendar or regime in use that the rule book lacks.
    async with transaction(parts.pool) as connection:
        await PostgresDirectories(connection, memory).current()


@asynccontextmanager
async def open_ear(settings: Settings) -> AsyncIterator[tuple[Parts, Hearing]]:
    """The ear without a broker, to hear again what was set aside."""
    parts = Parts(NAME, settings)
    memory = Memory(read_rule_book())
    async with parts.open():
        await _remember(parts, memory)
        yield parts, process.ear(parts, EVENTS, apply_with(parts.clock, memory))
