"""Intake's environment."""

from pydantic import SecretStr

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service is told, and what only intake asks; its figures are in its rules."""

    slip_keys: SecretStr = SecretStr("")
    """Keys of the slips' look-up codes: `id:base64url of 32 bytes`, the newest first."""
