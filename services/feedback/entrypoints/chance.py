"""Chance: what nobody may guess is drawn here, never in a use case or a domain."""

import secrets

BYTES = 32


def draw_token() -> str:
    """43 characters fit for a link, 256 random bits."""
    return secrets.token_urlsafe(BYTES)
