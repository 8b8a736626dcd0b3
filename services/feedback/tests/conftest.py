"""Feedback's schema in a database of the test's own, its books, its application."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from deploy.local.postgres import Database
from services.feedback.adapters.books import begin_on, books_on
from services.feedback.adapters.notice_texts import NoticeTexts
from services.feedback.adapters.seals import Seals
from services.feedback.entrypoints.chance import draw_token
from services.feedback.entrypoints.http import routes
from services.feedback.entrypoints.rating_desk import RatingDesk
from services.feedback.entrypoints.rendering import Pages
from services.feedback.entrypoints.report_pages import ReportDesk
from services.feedback.entrypoints.subscribers import telling
from services.feedback.entrypoints.town_board import TownBoard
from services.feedback.tests.history import NOW, Tell, Teller
from shared.clock import VirtualClock
from shared.events.base import Event
from shared.gate import Gate
from shared.identity import Identity, Role
from shared.inbox import Apply
from shared.messages import Refusal
from shared.postgres import open_pool, transaction
from shared.problems import install_problem_handlers
from shared.slip_secrets import SlipSecrets

RATING_DAYS = 30
ISSUER, AUDIENCE = "https://issuer.example", "thanthien"
BASE_URL = "https://feedback.example"
INSPECTORATES = ["H10.90", "H10.91"]
"""Where they are registered: the town's inspectorate, and the province's for reports about it."""
SLIP_KEYS = f"2026a:{'s' * 42}A"
"""As intake has them."""
IDENTITY_KEYS = f"2026b:{'b' * 43},2026a:{'a' * 42}A"


@pytest.fixture
async def pool(
    database_of: Callable[[str], Awaitable[Database]],
) -> AsyncIterator[asyncpg.Pool]:
    database = await database_of("feedback")
    pool = await open_pool(database.dsn("feedback"))
    yield pool
    await pool.close()


@pytest.fixture
async def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def apply(clock: VirtualClock) -> Apply:
    return telling(books_on, NoticeTexts(), draw_token, RATING_DAYS, clock)


@pytest.fixture
def tell(pool: asyncpg.Pool, apply: Apply) -> Tell:
    """Tell feedback events, as one batch in one transaction."""
    teller = Teller()

    async def tell(*events: Event) -> list[Refusal]:
        async with transaction(pool) as connection:
            return list(await apply(connection, teller.tell(*events)))

    return tell


KEY = ECKey.generate_key("P-256")


@pytest.fixture
def token() -> Callable[..., str]:
    """Mints a token of a role, and of an agency for those who have one."""

    def mint(
        role: Role, agency: str | None = None, *, age: timedelta = timedelta(0), key: ECKey = KEY
    ) -> str:
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "subject-1",
            "role": role.value,
            "exp": int((NOW - age).timestamp()) + 600,
        }
        if agency is not None:
            claims["agency"] = agency
        return jwt.encode({"alg": "ES256"}, claims, key)

    return mint


@pytest.fixture
def seals() -> Seals:
    return Seals.read(IDENTITY_KEYS)


@pytest.fixture
def gate() -> Gate:
    """Open: a test of how often one may ask says its own."""
    return Gate(0)


@pytest.fixture
def board(pool: asyncpg.Pool, clock: VirtualClock) -> TownBoard:
    return TownBoard(begin_on(pool), clock, apart_seconds=0.05)


@pytest.fixture
def slips() -> SlipSecrets:
    return SlipSecrets.read(SLIP_KEYS)


@pytest.fixture
def ratings(pool: asyncpg.Pool, clock: VirtualClock, gate: Gate, slips: SlipSecrets) -> RatingDesk:
    return RatingDesk(
        begin_on(pool), clock, Pages(), gate, slips, draw_token, RATING_DAYS, BASE_URL
    )


@pytest.fixture
def application(
    pool: asyncpg.Pool,
    clock: VirtualClock,
    seals: Seals,
    gate: Gate,
    board: TownBoard,
    ratings: RatingDesk,
) -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)
    app.state.identity = Identity(ISSUER, AUDIENCE, KeySet([KEY]), clock)
    desk = ReportDesk(begin_on(pool), clock, draw_token, seals, INSPECTORATES, Pages(), gate)
    app.include_router(routes(desk, ratings, board))
    return app


@pytest.fixture
async def http(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client
