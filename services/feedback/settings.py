"""Feedback's environment."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service is told, and what only feedback asks."""

    rating_days: int = Field(default=30, ge=1, le=365)
    """How long a rating link is good for."""
    inspectorates: str = ""
    """Codes of the agencies that handle reports, with commas between, the first choice first."""
    identity_keys: SecretStr = SecretStr("")
    """Keys to seal authors' identities with: `id:base64url of 32 bytes`, the newest first."""
