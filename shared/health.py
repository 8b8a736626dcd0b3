"""`/health/live`, `/health/ready` and `/metrics`: what an orchestrator and Prometheus ask."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

WhyNotReady = Callable[[], Awaitable[dict[str, str]]]
"""What is missing, by part; empty when ready."""


class Readiness(BaseModel):
    """What a replica lacks, by part; nothing when it is ready. And the time it keeps."""

    status: Literal["ready", "not ready"]
    missing: dict[str, str]
    now: datetime


def health_routes(
    why_not_ready: WhyNotReady,
    observe: Callable[[], Awaitable[object]],
    now: Callable[[], datetime],
) -> APIRouter:
    """The three routes. `observe` refreshes gauges that are read rather than counted.

    Readiness tells `now()` too: a clock that is wrong shows, and who drives a virtual one sees
    that it has been followed.
    """
    router = APIRouter(tags=["health"])

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/health/ready", responses={200: {"model": Readiness}, 503: {"model": Readiness}})
    async def ready() -> JSONResponse:
        missing = await why_not_ready()
        return JSONResponse(
            {
                "status": "not ready" if missing else "ready",
                "missing": missing,
                "now": now().isoformat(),
            },
            503 if missing else 200,
        )

    @router.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        await observe()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
