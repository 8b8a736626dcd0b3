"""Feedback's environment."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service is told, and what only feedback asks."""

    rating_days: int = Field(default=30, ge=1, le=365)
    """How long a rating link is good for."""
    inspectorates: str = ""
    """Codes of the agencies that handle reports, with commas between, the first choice first."""
    notice_texts: Path | None = None
    """A directory with a folder per agency, of its own words for notices; empty: nobody has any."""
    identity_keys: SecretStr = SecretStr("")
    """Keys to seal authors' identities with: `id:base64url of 32 bytes`, the newest first."""
    slip_keys: SecretStr = SecretStr("")
    """Intake's keys of the look-up codes on slips, the same: who has a slip rates at the counter. Empty: nobody does."""

    @field_validator("notice_texts", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value
