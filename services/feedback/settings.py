"""Feedback's environment."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service is told, and what only feedback asks."""

    rating_days: int = Field(default=30, ge=1, le=365)
    """How long a rating link is good for."""
