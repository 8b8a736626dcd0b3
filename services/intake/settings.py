"""Intake's environment."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from shared.settings import ServiceSettings

NEEDED_BY = {
    "notices_url": ("file", "smtp", "webhook"),
    "notices_token_file": ("file", "smtp", "webhook"),
    "delivery_directory": ("file",),
    "smtp_host": ("smtp",),
    "smtp_from": ("smtp",),
    "webhook_url": ("webhook",),
    "webhook_secret_file": ("webhook",),
}


def _web_address_or_none(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^/\s]+(?:/\S*)?", text):
        raise ValueError("http://… or https://… is asked")
    return text


class Settings(ServiceSettings):
    """What every service is told, and what only intake asks; its figures are in its rules."""

    slip_keys: SecretStr = SecretStr("")
    """Keys of the slips' look-up codes: `id:base64url of 32 bytes`, the newest first."""
    rating_base_url: Annotated[str, AfterValidator(_web_address_or_none)] = Field(
        default="", examples=["https://friendly.town.example"]
    )
    """Where citizens reach feedback: a look-up leads to rating once the result is ready. Empty: it does not."""
    delivery_channel: Literal["", "file", "smtp", "webhook"] = ""
    """How notices reach citizens; empty: they are not delivered from here."""
    notices_url: str = Field(
        default="", validate_default=True, examples=["http://feedback:8000/notices"]
    )
    """Feedback's notices, for their words."""
    notices_token_file: Path | None = Field(
        default=None, validate_default=True, examples=["/run/secrets/notices-token"]
    )
    """A bearer token of role operator, read at each call: renew the file before the token expires."""
    delivery_directory: Path | None = Field(
        default=None, validate_default=True, examples=["/var/lib/thanthien/outbox"]
    )
    smtp_host: str = Field(default="", validate_default=True, examples=["mail.example.gov.vn"])
    smtp_port: int = Field(default=25, ge=1, le=65_535)
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_from: str = Field(default="", validate_default=True, examples=["motcua@example.gov.vn"])
    smtp_username: str = ""
    smtp_password_file: Path | None = None
    webhook_url: str = Field(
        default="", validate_default=True, examples=["https://gateway.example.vn/notices"]
    )
    webhook_secret_file: Path | None = Field(
        default=None, validate_default=True, examples=["/run/secrets/webhook"]
    )
    """Holds `whsec_…`."""

    @field_validator(
        "notices_token_file",
        "delivery_directory",
        "smtp_password_file",
        "webhook_secret_file",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        """A compose file passes on what is not set as an empty text, which as a path would be here."""
        return None if value == "" else value

    @field_validator(*NEEDED_BY)
    @classmethod
    def _is_there_where_needed(
        cls, value: str | Path | None, info: ValidationInfo
    ) -> str | Path | None:
        channel = info.data.get("delivery_channel", "")
        if channel in NEEDED_BY[info.field_name or ""] and not value:
            raise ValueError(f"DELIVERY_CHANNEL={channel} needs it")
        return value
