"""Deadline, wired: the only module that knows its settings and all its parts."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path

import asyncpg
import typer
from fastapi import FastAPI

from services.deadline.adapters.annals import (
    SOURCE,
    PostgresAnnals,
    calendar_versions,
    leave_out,
)
from services.deadline.adapters.board import Heartbeats, LetterActions, board_on
from services.deadline.adapters.books import begin_on, books_on
from services.deadline.adapters.directories import Memory
from services.deadline.adapters.logs import open_log
from services.deadline.adapters.offices import read_office
from services.deadline.adapters.replayed_tables import CARRIED, CARRIED_FIRST, CHECKS, REBUILT
from services.deadline.adapters.retention import plan
from services.deadline.adapters.rule_book import read_rule_book
from services.deadline.adapters.units import PostgresUnits
from services.deadline.entrypoints.board_letters import Letters
from services.deadline.entrypoints.board_rendering import BoardPages
from services.deadline.entrypoints.board_routes import board_routes
from services.deadline.entrypoints.broadcast import Broadcast
from services.deadline.entrypoints.calendar_routes import calendar_routes
from services.deadline.entrypoints.counting_commands import add_counting_commands
from services.deadline.entrypoints.heartbeat import beat_for_ever, replica_name
from services.deadline.entrypoints.http import routes
from services.deadline.entrypoints.recompute_command import add_recompute_command
from services.deadline.entrypoints.subscribers import EVENTS, TOPICS, keeping, noting, rebuilding
from services.deadline.entrypoints.timer import CHANNEL, Timer
from services.deadline.entrypoints.unit_watch import UnitWatch
from services.deadline.settings import Settings
from services.deadline.usecases.directory import Directory
from services.deadline.usecases.ports import Begin
from services.deadline.usecases.rebuild_clocks import OldCalendars
from shared import process
from shared.clock import Clock
from shared.commands import settings_or_exit
from shared.events import deadlines
from shared.hearing import Hearing
from shared.inbox import Apply
from shared.leadership import STANDBY_SECONDS, lead_for_ever
from shared.process import Parts
from shared.prune_command import add_prune_command
from shared.replaying.command import add_replay_command
from shared.replaying.plan import Plan

NAME = "deadline"
MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: Settings) -> FastAPI:
    """The whole service."""
    parts = Parts(NAME, settings)
    parts.migrations = MIGRATIONS
    rule_book = read_rule_book()
    memory = Memory(rule_book)
    begin = begin_on(lambda: parts.pool, memory)
    pages = BoardPages()
    scopes = {"wall": pages.wall_frame, "overseer": pages.overseer_frame}
    broadcast = Broadcast(board_on(lambda: parts.pool), parts.clock, scopes)
    letters = Letters(LetterActions(lambda: parts.pool))
    watch = UnitWatch(
        PostgresUnits(lambda: parts.pool),
        broadcast.latest,
        lambda: _directory(begin),
        parts.clock,
        lambda: parts.relay is not None and parts.relay.is_leader,
    )
    apply = noting(keeping(books_on(memory), parts.clock, rule_book), watch.note)

    async def start(parts: Parts) -> None:
        await _remember(begin)
        timer = Timer(begin, parts.clock, rule_book)
        parts.listen(CHANNEL, timer.wake)
        hearing = await process.speak_and_hear(parts, TOPICS, EVENTS, apply)
        letters.hear_with(hearing, parts.pool)
        # One process rings at a time: two at once would take every core from the dossiers that flow on.
        standby = partial(_standby_seconds, parts)
        lead = partial(lead_for_ever, settings.database_url, "rings", NAME, timer.run, standby)
        parts.run_beside("timer", lead)
        parts.run_beside("board", broadcast.run)
        parts.run_beside("units", watch.run)
        beats, name = Heartbeats(lambda: parts.pool), replica_name(settings.instance_id)
        parts.run_beside("heartbeat", lambda: beat_for_ever(beats, name, parts.why_not_ready))

    app = process.new_app(parts, "Thân Thiện: deadline", start)
    app.include_router(routes(begin, parts.clock, rule_book))
    app.include_router(calendar_routes(begin, parts.clock))
    is_secure = settings.environment == "production"
    app.include_router(board_routes(broadcast, pages, letters, parts.clock, is_secure=is_secure))
    return app


def _standby_seconds(parts: Parts) -> float:
    """Whose relay says what rings had rather not ring it too, where another process is there."""
    is_relaying = parts.relay is not None and parts.relay.is_leader
    return 2 * STANDBY_SECONDS if is_relaying else STANDBY_SECONDS


async def _remember(begin: Begin) -> None:
    # Better now than at each event: a calendar or regime in use that the rule book lacks.
    async with begin() as books:
        await books.directories.current()


async def _directory(begin: Begin) -> Directory:
    """What is known of agencies and procedures; read only where it has changed."""
    async with begin() as books:
        return await books.directories.current()


def read_rules() -> dict[str, date]:
    """Read the rule book; the last day of each calendar."""
    return {name: one.last_on for name, one in read_rule_book().calendars.items()}


@asynccontextmanager
async def open_ear(settings: Settings) -> AsyncIterator[tuple[Parts, Hearing]]:
    """The ear without a broker, to hear again what was set aside."""
    parts = Parts(NAME, settings)
    rule_book = read_rule_book()
    memory = Memory(rule_book)
    async with parts.open():
        await _remember(begin_on(lambda: parts.pool, memory))
        apply = keeping(books_on(memory), parts.clock, rule_book)
        yield parts, process.ear(parts, EVENTS, apply)


@asynccontextmanager
async def open_books(settings: Settings) -> AsyncIterator[tuple[Begin, Clock]]:
    """The books without a broker: what a command says, the service's relay says on."""
    parts = Parts(NAME, settings)
    memory = Memory(read_rule_book())
    async with parts.open():
        yield begin_on(lambda: parts.pool, memory), parts.clock


def replay_plan(heard: Sequence[str] = TOPICS, said: str = deadlines.TOPIC) -> Plan:
    """How deadline's schema is rebuilt from the topics it hears and the one it speaks on."""
    rule_book = read_rule_book()

    async def prepare(connection: asyncpg.Connection, live: str) -> Apply:
        calendars = await calendar_versions(connection, rule_book)
        await leave_out(connection, rule_book, calendars)
        books, old = books_on(Memory(rule_book)), OldCalendars(calendars)
        return rebuilding(books, lambda one: PostgresAnnals(one, live), old)

    return Plan(
        service=NAME,
        migrations=MIGRATIONS,
        heard=tuple(heard),
        said=said,
        source=SOURCE,
        understood=EVENTS,
        prepare=prepare,
        tables=REBUILT,
        of_no_life=(deadlines.CalendarRevised.TYPE,),
        carried_first=CARRIED_FIRST,
        carried=CARRIED,
        checks=CHECKS,
    )


def add_commands(app: typer.Typer) -> None:
    """What deadline's command line has beyond every service's."""
    add_replay_command(app, replay_plan(), lambda: settings_or_exit(NAME, Settings, sys.stderr))
    add_counting_commands(app, read_rule_book, read_office, open_log)
    add_recompute_command(app, lambda: open_books(settings_or_exit(NAME, Settings)))
    add_prune_command(app, NAME, _quiet_settings, lambda _: plan())


def _quiet_settings() -> Settings:
    # What is printed is read by programs too: the log goes beside it.
    return settings_or_exit(NAME, Settings, log_to=sys.stderr)
