"""Feedback, wired: the only module that knows its settings and all its parts."""

import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from pathlib import Path

import typer
from fastapi import FastAPI

from services.feedback.adapters.books import begin_on, books_on
from services.feedback.adapters.notice_texts import NoticeTexts
from services.feedback.adapters.rebuilding import (
    Anew,
    History,
    HistoryError,
    counting_anew,
    open_history,
)
from services.feedback.adapters.retention import plan
from services.feedback.adapters.score_rules import read_score_rules
from services.feedback.adapters.scores import CHANNEL
from services.feedback.adapters.seals import Seals, must_open_all
from services.feedback.entrypoints.chance import draw_token
from services.feedback.entrypoints.http import routes
from services.feedback.entrypoints.notice_commands import add_notice_commands
from services.feedback.entrypoints.rating_desk import RatingDesk
from services.feedback.entrypoints.rebuild_command import add_rebuild_command
from services.feedback.entrypoints.rendering import Pages
from services.feedback.entrypoints.report_pages import ReportDesk
from services.feedback.entrypoints.subscribers import EVENTS, TOPICS, telling
from services.feedback.entrypoints.town_board import TownBoard
from services.feedback.settings import Settings
from services.feedback.usecases.news_heard import NEWS
from services.feedback.usecases.ports import Books
from services.feedback.usecases.preview_notices import NoticeTextError
from shared import process
from shared.commands import settings_or_exit
from shared.gate import Gate
from shared.hearing import Hearing
from shared.inbox import Apply
from shared.process import Parts
from shared.prune_command import add_prune_command
from shared.slip_secrets import SlipSecrets

NAME = "feedback"
MIGRATIONS = Path(__file__).parent / "migrations"


def build(settings: Settings) -> FastAPI:
    """The whole service."""
    parts = Parts(NAME, settings)
    parts.migrations = MIGRATIONS
    read_score_rules()  # a mistake in them stops the start, not the first rating
    apply = _apply(parts, settings)

    def begin() -> AbstractAsyncContextManager[Books]:
        return begin_on(parts.pool)()

    board = TownBoard(begin, parts.clock)
    seals = Seals.read(settings.identity_keys.get_secret_value())

    async def start(parts: Parts) -> None:
        async with begin() as books:
            must_open_all(seals.key_ids, await books.identities.key_ids(), settings.environment)
        parts.listen(CHANNEL, board.changed)
        parts.run_beside("the town's board", board.watch)
        await process.speak_and_hear(parts, TOPICS, EVENTS, apply)

    app = process.new_app(parts, "Thân Thiện: feedback", start)
    inspectorates = [one.strip() for one in settings.inspectorates.split(",") if one.strip()]
    gate = Gate(settings.public_requests_per_minute, settings.trusted_proxies)
    pages = Pages()
    desk = ReportDesk(begin, parts.clock, draw_token, seals, inspectorates, pages, gate)
    ratings = RatingDesk(
        begin,
        parts.clock,
        pages,
        gate,
        SlipSecrets.read(settings.slip_keys.get_secret_value()),
        draw_token,
        settings.rating_days,
        settings.public_base_url.rstrip("/"),
    )
    app.include_router(routes(desk, ratings, board))
    return app


def _apply(parts: Parts, settings: Settings) -> Apply:
    try:
        texts = NoticeTexts(settings.notice_texts)
    except NoticeTextError as error:
        raise SystemExit(f"NOTICE_TEXTS: words of notices are refused:\n{error}") from error
    return telling(books_on, texts, draw_token, settings.rating_days, parts.clock)


def read_rules() -> dict[str, date]:
    """Read the rules as the start does; no calendar is among them."""
    read_score_rules()
    return {}


def add_commands(app: typer.Typer) -> None:
    """What feedback's command line has beyond every service's."""
    add_notice_commands(app, NoticeTexts)
    add_rebuild_command(app, lambda: open_scene(settings_or_exit(NAME, Settings)), HistoryError)
    add_prune_command(app, NAME, _quiet_settings, lambda found: plan(found.rating_days))


def _quiet_settings() -> Settings:
    # What is printed is read by programs too: the log goes beside it.
    return settings_or_exit(NAME, Settings, log_to=sys.stderr)


@asynccontextmanager
async def open_scene(settings: Settings) -> AsyncIterator[tuple[History, Anew]]:
    """The topics that scores are counted from, and tables to count them in anew."""
    parts = Parts(NAME, settings)
    topics = {event.TOPIC for event in NEWS}
    async with (
        parts.open(),
        open_history(
            settings.kafka_bootstrap_servers, topics, NEWS, settings.kafka_sign_in
        ) as history,
        counting_anew(parts.pool, NEWS) as scene,
    ):
        yield history, scene


@asynccontextmanager
async def open_ear(settings: Settings) -> AsyncIterator[tuple[Parts, Hearing]]:
    """The ear without a broker, to hear again what was set aside."""
    parts = Parts(NAME, settings)
    async with parts.open():
        yield parts, process.ear(parts, EVENTS, _apply(parts, settings))
